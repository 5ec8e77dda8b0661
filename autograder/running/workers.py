"""Where notebooks are run: here, in processes of this machine (or see ``on_dask``)."""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from enum import Enum
from functools import partial
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from autograder.running.execute import Execution, execute
from autograder.running.job import Job
from autograder.sandbox import forkserver, provisioner
from autograder.sandbox.channels import NoKernel
from autograder.sandbox.view import preloads

PRELOADED = ["autograder.cli", "autograder.running.execute", "autograder.running.workers", "nbclient", "zmq.asyncio"]
FORKING = sys.platform.startswith("linux")  # elsewhere each worker has to import everything itself
HEAVY_IMPORTS = {"tensorflow", "keras", "torch"}


@contextmanager
def nothing_from_here() -> Iterator[None]:
    """Within the block, a Python that is started imports nothing from the working folder: submissions may lie there."""
    safe, before = "PYTHONSAFEPATH", os.environ.get("PYTHONSAFEPATH")
    os.environ[safe] = "1"
    try:
        yield
    finally:
        os.environ.pop(safe) if before is None else os.environ.update({safe: before})


class Loss(Enum):
    """With what a job was lost, through no fault of its own. The values are words for several jobs."""

    WORKER = "lost their worker"  # the process that ran the job; perhaps the job killed it
    KERNEL = "had no kernel"
    ELSE = "were lost"


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
        """What was lost, by the error that came of a job; None if the job itself failed."""

    @property
    def broken(self) -> bool:
        """Whether something has died that every job needs, so that all jobs that still run will end."""

    def mend(self) -> None:
        """End what is left of a broken place. ``start`` then starts it again."""

    def idle(self) -> bool:
        """Whether the workers say that they run nothing. Then jobs that have not ended have been lost."""


def usual_workers(unit: str) -> int:
    """One worker for each processor. NumPy's units get one more, since their workers often wait; frameworks leave no
    processor idle."""
    processors = os.cpu_count() or 1
    with suppress(AttributeError):
        processors = len(os.sched_getaffinity(0))
    return processors if HEAVY_IMPORTS.intersection(preloads(unit)) else processors + 1


class Here:
    """Worker processes of this machine, which share one fork server. They end when this process ends, in any way."""

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
        return provisioner.can_be_warm()

    def start(self) -> None:
        """Start the fork server, which imports what the unit needs, and the process from which workers are forked."""
        if self.server is None and provisioner.can_be_warm():
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
        result: Future[Execution] = Future()
        self.pool.submit(_run_into_file, self.run, job).add_done_callback(partial(self._pass_on, result))
        return result

    def _pass_on(self, result: Future[Execution], written: Future[str]) -> None:
        """Give a result what a worker wrote into a file, or the error that came instead."""
        try:
            path = Path(written.result())
            came: Execution = pickle.loads(path.read_bytes())
            path.unlink()
        except Exception as error:
            self._pool_broke = self._pool_broke or isinstance(error, BrokenExecutor)
            result.set_exception(error)
        else:
            result.set_result(came)

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
        return False  # a pool says itself what it has lost

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end(at_once=kind is not None)

    def _end(self, at_once: bool) -> None:
        """End all that was started; ``at_once``: workers too that are still running a notebook."""
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


def _run_into_file(run: Callable[[Job], Execution], job: Job) -> str:
    """In a worker: run a job, write what came of it into a file, and return the file's name.

    The name goes through the pool's pipe at once. A worker that is killed within a longer message would leave the pool
    waiting for the rest, for ever: neither would the run go on, nor would this process end.
    """
    data = pickle.dumps(run(job))
    descriptor, name = tempfile.mkstemp(prefix="result-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return name


def _begin(servers: dict[str, str], folder: str) -> None:
    """In a new worker: use the grader's fork server, ignore Ctrl-C, print nothing, and end when the grader ends."""
    os.environ[forkserver.SHARED_VARIABLE] = json.dumps(servers)
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
