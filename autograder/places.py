"""Where notebooks are run, and keeping that place busy: here, in processes of this machine (or see ``cluster``)."""

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
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from multiprocessing.connection import wait as wait_for_end
from types import TracebackType
from typing import Any, Protocol, TypeVar

from autograder import kernels
from autograder.execute import Execution, Job, execute
from autograder.kernels import forkserver
from autograder.kernels.view import preloads

ATTEMPTS = 3
LOOK_SECONDS = 15.0  # after which it is looked whether what has not ended still runs
PRELOADED = ["autograder.cli", "autograder.execute", "autograder.places", "nbclient", "zmq.asyncio"]
FORKING = sys.platform.startswith("linux")  # elsewhere each worker has to import everything itself
KILLED = "(SIGKILL)"
FRAMEWORKS = {"tensorflow", "keras", "torch"}
Key = TypeVar("Key")


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

    def mend(self) -> None:
        """Start again what has died."""

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
        self._broken = False

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
            multiprocessing.resource_tracker.ensure_running()
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
            self._broken = True

    def mend(self) -> None:
        dead = self.server is not None and not self.server.answers()
        if dead or self._broken:
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
        self.server, self.pool, self.folder, self._broken = None, None, None, False


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


def run_all(
    place: Place, jobs: Iterator[tuple[Key, Callable[[], Job] | None]]
) -> Iterator[tuple[Key, Execution | Exception | None]]:
    """Run jobs, a few at a time; yields each one's key with what came of it, in the order in which they end.

    A key without a job comes back with None. When the process that runs a job dies, or its kernel is killed, or
    none can be had, or the job was lost, whatever ran at that time is tried again, alone, up to ``ATTEMPTS`` times in
    all: so a notebook that brings its worker down harms nobody else.
    """
    running: dict[Future[Execution], tuple[Key, Callable[[], Job], int]] = {}
    again: list[tuple[Key, Callable[[], Job], int]] = []

    def begin(key: Key, job: Callable[[], Job], attempt: int) -> None:
        place.start()
        try:
            future = place.submit(job())
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        running[future] = key, job, attempt

    while True:
        while not again and len(running) < 2 * place.slots and (following := next(jobs, None)):
            if following[1] is None:
                yield following[0], None
            else:
                begin(following[0], following[1], 1)
        if not running and again:
            place.mend()
            begin(*again.pop())
        if not running:
            return
        done, _ = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
        if not done and place.idle():
            done = {future for future in running if future.cancel()}
        for future in done:
            key, job, attempt = running.pop(future)
            came = _what_came_of(future)
            if attempt < ATTEMPTS and _may_be_better_alone(came):
                again.append((key, job, attempt + 1))
            else:
                yield key, came


def _what_came_of(future: Future[Execution]) -> Execution | Exception:
    try:
        return future.result()
    except Exception as error:
        return error


def _may_be_better_alone(came: Execution | Exception) -> bool:
    """Whether what ran beside a job may have ended it: its worker or kernel was killed, or no kernel could be had."""
    if isinstance(came, Execution):
        return KILLED in came.stopped
    hopeful = BrokenExecutor | CancelledError | RuntimeError | OSError
    return isinstance(came, hopeful) or type(came).__name__ == "KilledWorker"
