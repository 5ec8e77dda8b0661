"""Running the notebooks of a class in some place, and what is done about those that were lost there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from autograder.execute import Execution, Job
from autograder.inside.ending import Ending
from autograder.places import Loss, Place
from autograder.texts import reason

LOSSES = 2  # after which a job that is lost once more is given up
VAIN = 10  # jobs in a row for which there was no kernel: from then on only one is tried at a time
LAST = 3  # how many more, each alone
LOOK_SECONDS = 15.0  # after which it is looked whether what has not ended still runs
Key = TypeVar("Key")


class NothingRuns(RuntimeError):
    """No notebook can be run in this place."""


@dataclass
class Trial(Generic[Key]):
    """A job, and what has become of it so far."""

    key: Key
    job: Callable[[], Job]
    lost: int = 0
    killed: bool = False
    alone: bool = False

    def again(self, came: Execution | Exception, loss: Loss | None) -> bool:
        """Whether it is to be tried again: its kernel was killed, which it may be once, or it was lost."""
        if isinstance(came, Execution) and came.ending is Ending.KILLED:
            self.killed, before = True, self.killed
            return not before
        if loss:
            self.lost += 1
            self.alone = loss is Loss.WORKER
        return loss is not None and self.lost <= LOSSES


class Runner(Generic[Key]):
    """Runs jobs, a few at a time. Those that are tried again come last, so nobody waits for them; one that may have
    killed its worker runs alone, after all others."""

    def __init__(self, place: Place, jobs: Iterator[tuple[Key, Callable[[], Job] | None]]):
        self.place, self.jobs = place, jobs
        self.running: dict[Future[Execution], Trial[Key]] = {}
        self.waiting: deque[Trial[Key]] = deque()
        self.alone: deque[Trial[Key]] = deque()
        self.in_vain = 0  # jobs in a row for which there was no kernel
        self.losing = False  # whether something was lost since it was last looked why

    def results(self) -> Iterator[tuple[Key, Execution | Exception | None]]:
        """Each job's key with what came of it, in the order in which they end; a key without a job with None.

        Raises NothingRuns.
        """
        while True:
            yield from self.begin_more()
            if not self.running:
                return
            done, _ = wait(self.running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if not done and self.place.idle():
                done = {future for future in self.running if future.cancel()}
            for future in done:
                trial, came = self.running.pop(future), what_came_of(future)
                loss = self.loss_in(came)
                self.count(came, loss)
                if trial.again(came, loss):
                    (self.alone if trial.alone else self.waiting).append(trial)
                else:
                    yield trial.key, came

    def begin_more(self) -> Iterator[tuple[Key, None]]:
        """Begin as many jobs as there is room for; yields the keys that have none."""
        if self.losing and self.place.broken:
            if self.running:  # which end very soon
                return
            self.place.mend()
        self.losing = False
        while len(self.running) < (2 * self.place.slots if self.in_vain < VAIN else 1):
            if following := next(self.jobs, None):
                key, job = following
                if job is None:
                    yield key, None
                else:
                    self.begin(Trial(key, job))
            elif self.waiting:
                self.begin(self.waiting.popleft())
            else:
                break
        if not self.running and self.alone:
            self.begin(self.alone.popleft())

    def begin(self, trial: Trial[Key]) -> None:
        self.place.start()
        try:
            future = self.place.submit(trial.job())
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self.running[future] = trial

    def loss_in(self, came: Execution | Exception) -> Loss | None:
        if isinstance(came, Execution):
            return Loss.KERNEL if came.ending is Ending.LOST else None
        return self.place.loss(came)

    def count(self, came: Execution | Exception, loss: Loss | None) -> None:
        """Notice when nothing can be run at all. Raises NothingRuns."""
        self.losing = self.losing or loss is not None
        self.in_vain = self.in_vain + 1 if loss is Loss.KERNEL else 0
        if self.in_vain >= VAIN + LAST and not self.running:
            said = came.stopped if isinstance(came, Execution) else reason(came)
            raise NothingRuns(
                f"no notebook can be run here, the last {self.in_vain} had no kernel: {said}; "
                "mend that, then go on: what is graded is kept"
            )


def what_came_of(future: Future[Execution]) -> Execution | Exception:
    try:
        return future.result()
    except Exception as error:
        return error
