"""What is expected of an answer, observed in a kernel of the unit's own fork server.

So the grader imports neither TensorFlow nor PyTorch, which the fork server has imported already, and an answer and
what it is compared with come from the same libraries in the same state. The kernel holds the reference; no
submission runs in it, and it is confined from the others as they are from each other.
"""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache, cached_property
from typing import Any

from autograder.execute import limits_for
from autograder.kernels import forkserver
from autograder.kernels.asking import archive, ask
from autograder.kernels.view import COURSE
from course.check import Expected, Mistake, Task, Unit
from course.check.observing import Observations

SECONDS = 5.0  # that a kernel may take to end
LONGEST = 300.0  # seconds that an answer may take
WANTS = {"TimeoutError", "MemoryError", "ImportError", "ModuleNotFoundError", "OSError", "PermissionError"}
"""Errors by which a reference that is right fails only where it lacks time, memory or a library."""
ATTEMPTS = 2  # the second one where the fork server has been replaced since


class Observer:
    """The kernel in which a unit's reference and mistakes are observed. It starts when it is first asked."""

    def __init__(self, unit: Unit, isolation: str):
        self.unit, self.isolation = unit, isolation
        self._life: socket.socket | None = None

    def ask(self, what: str, task: Task, seed: int, **more: Any) -> Any:
        """The answer to a question (see ``autograder.inside.observer``). Raises NoWarmKernels."""
        question = json.dumps({"what": what, "task": task.name, "seed": seed, **more})
        said: dict[str, Any] = {}
        for _ in range(ATTEMPTS):
            try:
                said = self._exchange(question)
                break
            except OSError as error:
                said = {"error": self._last_words() or str(error)}
                self.close()
        if "answer" in said:
            return said["answer"]
        where = f"{self.unit.name}, {task.name}"
        raise forkserver.NoWarmKernels(f"{where}: the reference could not be observed: {said['error']}")

    def _exchange(self, question: str) -> dict[str, Any]:
        if self._life is None:
            self._start()
        self._questions.sendall(question.encode() + b"\n")
        line = self._answers.readline()
        if not line:
            raise ConnectionError("its kernel has ended")
        return json.loads(line)

    def _start(self) -> None:
        server = forkserver.running(self.unit.name, self.isolation)
        self._questions, theirs = socket.socketpair()
        self._questions.settimeout(LONGEST)
        self._answers = self._questions.makefile("r")
        self._folder = tempfile.TemporaryDirectory(dir=server.parent, ignore_cleanup_errors=True)
        request = {
            "observe": self.unit.name,
            "folder": self._folder.name,  # used where nothing is confined
            "environment": forkserver.ENVIRONMENT,
            "limits": asdict(limits_for(self.unit)),
        }
        with theirs:
            self._life = ask(server, request, archive(COURSE / self.unit.name, "*.py"), [theirs.fileno()])

    def _last_words(self) -> str:
        """Why the kernel has ended, as far as its keeper said so."""
        said: dict[str, Any] = {}
        if self._life is not None:
            self._questions.shutdown(socket.SHUT_RDWR)  # else it may not end
            self._life.settimeout(SECONDS)
            with suppress(OSError), self._life.makefile() as lines:
                for line in lines:
                    said |= json.loads(line)
        return str(said.get("failed") or said.get("why") or "")

    def close(self) -> None:
        if self._life is not None:
            self._life.close()
            self._answers.close()
            self._questions.close()
            self._folder.cleanup()
            self._life = None

    def expected(self, task: Task, seed: int) -> Expected:
        return ObservedElsewhere(self, task, seed)


@cache
def observer(unit: Unit, isolation: str) -> Observer:
    """The observer of a unit in this process; another one would start another kernel."""
    return Observer(unit, isolation)


class ObservedElsewhere(Expected):
    """What the reference and each known mistake of a task look like, as an observer sees it."""

    def __init__(self, observer: Observer, task: Task, seed: int):
        super().__init__(observer.unit, task, seed)
        self.observer = observer

    def observe_reference(self) -> Observations:
        """What the reference did. Raises NoWarmKernels where it failed for want of something."""
        seen = dict(self.observer.ask("reference", self.task, self.seed))
        for part, value in seen.items():
            if isinstance(value, dict) and value.get("raised") in WANTS:
                failed = f"{self.unit.name}, {self.task.name}, {part}: the reference itself failed here"
                raise forkserver.NoWarmKernels(f"{failed} ({value['raised']}: {value['message']})")
        return seen

    @cached_property
    def mistakes(self) -> list[tuple[Mistake, Mapping[str, Any]]]:
        known = self.observer.ask("mistakes", self.task, self.seed)
        return [(Mistake(**mistake), PartByPart(self, number)) for number, mistake in enumerate(known)]


class PartByPart(Mapping[str, Any]):
    """What was observed of one mistake: each part is asked for once, when it is first needed."""

    def __init__(self, expected: ObservedElsewhere, number: int):
        self._expected, self._number = expected, number
        self._seen: Observations = {}

    def __getitem__(self, part: str) -> Any:
        if part not in self._expected.reference:
            raise KeyError(part)
        if part not in self._seen:
            expected = self._expected
            self._seen[part] = expected.observer.ask(
                "mistake", expected.task, expected.seed, number=self._number, part=part
            )
        return self._seen[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._expected.reference)

    def __len__(self) -> int:
        return len(self._expected.reference)
