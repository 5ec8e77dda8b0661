"""Where notebooks are run: here, in processes of this machine (or see ``cluster``)."""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from enum import Enum, auto
from multiprocessing.connection import wait as wait_for_end
from types import TracebackType
from typing import Any, Protocol

from autograder import kernels
from autograder.client import NoKernel
from autograder.execute import Execution, Job, execute
from autograder.kernels import forkserver
from autograder.kernels.view import preloads

PRELOADED = ["autograder.cli", "autograder.execute", "autograder.places", "nbclient", "zmq.asyncio"]
FORKING = sys.platform.startswith("linux")  # elsewhere each worker has to import everything itself
FRAMEWORKS = {"tensorflow", "keras", "torch"}


@contextmanager
def nothing_from_here() -> Iterator[None]:
    """Let a Python that is started import nothing of the folder in which this one was: submissions may lie there."""
    safe, before = "PYTHONSAFEPATH", os.environ.get("PYTHONSAFEPATH")
    os.environ[safe] = "1"
    try:
        yield
    finally:
        os.environ.pop(safe) if before is None else os.environ.update({safe: before})


class Loss(Enum):
    """What a job was lost with, through no fault of its own."""

    WORKER = auto()  # the process that ran it: perhaps the job has killed it
    KERNEL = auto()  # none could be had
    ELSE = auto()


class Place(Protocol):
    """Somewhere to run jobs. A context manager, which ends what was started."""

    def __enter__(self) -> Place: ...
    def __exit__(self, *error: Any) -> None: ...
    @property
    def slots(self) -> int:
        """How many jobs run at once."""

    @property
    def warm(self) -> bool:
        """Whether its kernels come from a fork server of this process."""

    def start(self) -> None:
        """Begin to get ready, if that has not begun."""

    def submit(self, job: Job) -> Future[Execution]:
        """Run a job, once all is ready."""

    def loss(self, error: Exception) -> Loss | None:
        """What an error that came of a job says was lost; None if the job itself failed."""

    @property
    def broken(self) -> bool:
        """Whether something has died without which no job can run, so that all that still run will end."""

    def mend(self) -> None:
        """End what is left of a broken place; it is then started again."""

    def idle(self) -> bool:
        """Whether nothing is being run, as whoever runs it says, so that what is not done yet has been lost."""


def usual_workers(unit: str) -> int:
    """One for each processor; one more for NumPy's units, whose workers often wait, while TensorFlow's kernels
    and the grader's own import of it leave no processor idle."""
    processors = os.cpu_count() or 1
    with suppress(AttributeError):
        processors = len(os.sched_getaffinity(0))
    return processors if FRAMEWORKS.intersection(preloads(unit)) else processors + 1


class Here:
    """Worker processes of this machine, which share one fork server. They end with this process, however it ends."""

    run = staticmethod(execute)

    def __init__(self, unit: str, isolation: str, workers: int | None = None):
        self.unit, self.isolation = unit, isolation
        self.slots = workers or usual_workers(unit)
        self.pool: ProcessPoolExecutor | None = None
        self.server: forkserver.ForkServer | None = None
        self.folder: tempfile.TemporaryDirectory | None = None
        self.layers: list[str] = []  # of the sandbox, once it has been tried
        self._pool_broke = False

    def __enter__(self) -> Here:
        return self

    @property
    def warm(self) -> bool:
        return kernels.can_be_warm()

    def start(self) -> None:
        """Start the fork server, which imports what the unit needs, and the process from which workers are forked."""
        if self.server is None and kernels.can_be_warm():
            self.server = forkserver.start(self.unit, self.isolation)
        if FORKING:
            multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
            with nothing_from_here():
                multiprocessing.resource_tracker.ensure_running()  # which blocks Ctrl-C itself, and leaves it unblocked
                before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is for this process alone
                try:
                    multiprocessing.forkserver.ensure_running()
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def submit(self, job: Job) -> Future[Execution]:
        self.start()
        if self.pool is None:
            self.folder = tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True)
            address = str(self.server.address) if self.server else ""
            self.pool = ProcessPoolExecutor(
                self.slots,
                mp_context=multiprocessing.get_context("forkserver" if FORKING else "spawn"),
                initializer=_begin,
                initargs=({self.unit: address} if address else {}, self.folder.name),
            )
        if self.server:
            self.server.wait_until_ready()
            self.layers = self.server.layers
        future = self.pool.submit(self.run, job)
        future.add_done_callback(self._notice)
        return future

    def _notice(self, future: Future[Execution]) -> None:
        if not future.cancelled() and isinstance(future.exception(), BrokenExecutor):
            self._pool_broke = True

    def loss(self, error: Exception) -> Loss | None:
        if isinstance(error, NoKernel):
            return Loss.KERNEL
        if isinstance(error, BrokenExecutor):
            return Loss.WORKER
        return Loss.ELSE if isinstance(error, CancelledError | OSError) else None

    @property
    def broken(self) -> bool:
        return self._pool_broke or (self.server is not None and not self.server.answers())

    def mend(self) -> None:
        self._end(at_once=True)

    def idle(self) -> bool:
        return False  # a pool tells of what it loses

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end(at_once=kind is not None)

    def _end(self, at_once: bool) -> None:
        """End all that was started; ``at_once``: also what still works on a notebook."""
        if self.pool:
            workers = list((getattr(self.pool, "_processes", None) or {}).values())
            self.pool.shutdown(wait=not at_once, cancel_futures=True)
            for worker in workers if at_once else ():
                worker.kill()
                worker.join()
        if self.server:
            self.server.close()  # and with it all kernels
        if self.folder:
            self.folder.cleanup()
        self.server, self.pool, self.folder, self._pool_broke = None, None, None, False


def _begin(servers: dict[str, str], folder: str) -> None:
    """In a new worker: use the grader's fork server, leave Ctrl-C and talking to the grader, and end when it does."""
    os.environ[forkserver.SHARED] = json.dumps(servers)
    tempfile.tempdir = folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()


def _end_with_parent(folder: str) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
