"""What is expected of an answer, observed in a kernel of the unit's own fork server.

The fork server has imported TensorFlow or PyTorch already, so the grader need not. An answer and its reference come
from the same libraries in the same state. The kernel holds the reference, and no submission runs in it. It is confined
from the other kernels as they are from each other.
"""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict
from functools import cache, cached_property
from typing import Any

from autograder.running.job import limits_for
from autograder.sandbox import forkserver
from autograder.sandbox.asking import archive, ask_for_kernel
from course.check import Expected, Mistake, Task, Unit
from course.check.observing import Observations

KERNEL_END_SECONDS = 5.0  # that a kernel may take to end
LONGEST_ANSWER = 300.0  # seconds that an answer may take
WANTS = {"TimeoutError", "MemoryError", "ImportError", "ModuleNotFoundError", "OSError", "PermissionError"}
"""Errors that a right reference raises only for want of time, memory or a library."""
OBSERVE_ATTEMPTS = 2  # the second is for when the fork server has been replaced


class Observer:
    """The kernel in which a unit's reference and mistakes are observed. It starts with the first question."""

    def __init__(self, unit: Unit, isolation: str):
        self.unit, self.isolation = unit, isolation
        self._life: socket.socket | None = None

    def ask(self, what: str, task: Task, seed: int, **more: Any) -> Any:
        """The answer to a question (see ``autograder.sandbox.inside.observer``). Raises NoWarmKernels."""
        question = json.dumps({"what": what, "task": task.name, "seed": seed, **more})
        said: dict[str, Any] = {}
        for _ in range(OBSERVE_ATTEMPTS):
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
        with ExitStack() as held:
            self._questions, theirs = socket.socketpair()
            held.enter_context(self._questions).settimeout(LONGEST_ANSWER)
            self._answers = held.enter_context(self._questions.makefile("r"))
            folder = tempfile.TemporaryDirectory(dir=server.parent, ignore_cleanup_errors=True)
            request = {
                "observe": self.unit.name,
                "folder": held.enter_context(folder),  # used where nothing is confined
                "environment": forkserver.ENVIRONMENT,
                "limits": asdict(limits_for(self.unit)),
            }
            with theirs:
                self._life = ask_for_kernel(server, request, archive(self.unit.folder, "*.py"), [theirs.fileno()])
            held.enter_context(self._life)
            self._held = held.pop_all()

    def _last_words(self) -> str:
        """Why the kernel has ended, as far as its keeper said so."""
        said: dict[str, Any] = {}
        if self._life is not None:
            self._questions.shutdown(socket.SHUT_RDWR)  # else the kernel may not end
            self._life.settimeout(KERNEL_END_SECONDS)
            with suppress(OSError), self._life.makefile() as lines:
                for line in lines:
                    said |= json.loads(line)
        return str(said.get("failed") or said.get("why") or "")

    def close(self) -> None:
        if self._life is not None:
            self._held.close()
            self._life = None

    def expected(self, task: Task, seed: int) -> Expected:
        return ObservedElsewhere(self, task, seed)


@cache
def observer(unit: Unit, isolation: str) -> Observer:
    """The one observer of a unit in this process, since each observer starts a kernel."""
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
    def sources(self) -> dict[str, str]:
        return self.observer.ask("sources", self.task, self.seed)

    @cached_property
    def mistakes(self) -> list[tuple[Mistake, Mapping[str, Any]]]:
        known = self.observer.ask("mistakes", self.task, self.seed)
        return [(Mistake(**mistake), PartByPart(self, [number])) for number, mistake in enumerate(known)]

    def observe_both(self, one: int, other: int) -> Mapping[str, Any] | None:
        possible = self.observer.ask("both", self.task, self.seed, numbers=[one, other])
        return PartByPart(self, [one, other]) if possible else None


class PartByPart(Mapping[str, Any]):
    """What was observed of one mistake, or of two made together. Each part is asked for once, when it is needed."""

    def __init__(self, expected: ObservedElsewhere, numbers: list[int]):
        self._expected, self._numbers = expected, numbers
        self._seen: Observations = {}

    def __getitem__(self, part: str) -> Any:
        if part not in self._expected.reference:
            raise KeyError(part)
        if part not in self._seen:
            expected = self._expected
            self._seen[part] = expected.observer.ask(
                "mistake", expected.task, expected.seed, numbers=self._numbers, part=part
            )
        return self._seen[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._expected.reference)

    def __len__(self) -> int:
        return len(self._expected.reference)
