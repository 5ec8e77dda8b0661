"""Running the notebooks of a class in a place, and trying again those that were lost there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from autograder.errors import UserError
from autograder.running.execute import Execution
from autograder.running.job import Job
from autograder.running.workers import Loss, Place
from autograder.sandbox.inside.ending import Ending
from autograder.texts import reason

LOSSES = 2  # a job that is lost more often than this is given up
VAIN = 5  # a run ends when so many jobs in a row were lost, each while nothing else ran
LOOK_SECONDS = 15.0  # how often to ask whether jobs that have not ended still run
Key = TypeVar("Key")


class NothingRuns(UserError):
    """No notebook can be run in this place."""


@dataclass(eq=False)
class Trial(Generic[Key]):
    """A job, and what has become of it so far."""

    key: Key
    job: Callable[[], Job]
    lost: int = 0
    killed: bool = False
    alone: bool = False
    by_itself: bool = False  # whether it began while nothing else ran, because others had been lost

    def again(self, came: Execution | Exception, loss: Loss | None) -> bool:
        """Whether to try it again: it was lost, or its kernel was killed for the first time."""
        if isinstance(came, Execution) and came.ending is Ending.KILLED:
            self.killed, before = True, self.killed
            return not before
        if loss:
            self.lost += 1
            self.alone = loss is Loss.WORKER
        return loss is not None and self.lost <= LOSSES


class Runner(Generic[Key]):
    """Runs jobs, a few at a time. Jobs that are tried again come last, so nobody waits for them. A job that may have
    killed its worker runs alone, after all others."""

    def __init__(self, place: Place, jobs: Iterator[tuple[Key, Callable[[], Job] | None]]):
        self.place, self.jobs = place, jobs
        self.running: dict[Future[Execution], Trial[Key]] = {}
        self.waiting: deque[Trial[Key]] = deque()
        self.alone: deque[Trial[Key]] = deque()
        self.in_vain: set[Trial[Key]] = set()  # jobs lost while nothing else ran, since one last was not lost
        self.in_doubt = False  # whether the last job to end was lost: then only one runs at a time
        self.losing = False  # whether a job was lost since we last looked whether the place is broken

    def results(self) -> Iterator[tuple[Key, Execution | Exception | None]]:
        """Each job's key with what came of it, in the order in which jobs end. A key without a job comes with None.

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
                self.count(trial, came, loss)
                if trial.again(came, loss):
                    (self.alone if trial.alone else self.waiting).append(trial)
                else:
                    yield trial.key, came

    def begin_more(self) -> Iterator[tuple[Key, None]]:
        """Begin as many jobs as there is room for; yields the keys that have none."""
        if self.losing and self.place.broken:
            if self.running:  # they end very soon
                return
            self.place.mend()
        self.losing = False
        while len(self.running) < (1 if self.in_doubt else 2 * self.place.slots):
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
        trial.by_itself = self.in_doubt and not self.running
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

    def count(self, trial: Trial[Key], came: Execution | Exception, loss: Loss | None) -> None:
        """Notice when nothing can be run at all. Raises NothingRuns.

        Only jobs that ran alone are counted: of jobs that ran together, one can lose all others.
        """
        self.losing, self.in_doubt = self.losing or loss is not None, loss is not None
        if loss is None:
            self.in_vain.clear()
        elif trial.by_itself:
            self.in_vain.add(trial)
        if loss and len(self.in_vain) == VAIN:
            said = came.stopped if isinstance(came, Execution) else reason(came)
            raise NothingRuns(
                f"no notebook can be run here, the last {VAIN} {loss.value}: {said}; "
                "mend that, then go on: what is graded is kept"
            )


def what_came_of(future: Future[Execution]) -> Execution | Exception:
    try:
        return future.result()
    except Exception as error:
        return error
