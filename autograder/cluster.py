"""Where notebooks are run: in processes of this machine, or by Dask on several.

Both are a ``concurrent.futures`` executor behind the same few methods. ``run_all`` keeps it busy with few jobs at
a time, so that memory does not grow with the class, and gives a job a second chance, alone, when what ran it died.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from autograder import forkserver, kernels
from autograder.execute import Execution, Job, execute

ATTEMPTS = 2
Key = TypeVar("Key")


class NoCluster(RuntimeError):
    """The machines that were named cannot be used."""


class Place(Protocol):
    """Somewhere to run jobs; a context manager."""

    slots: int

    def __enter__(self) -> Place: ...
    def __exit__(self, *error: Any) -> None: ...
    def submit(self, job: Job) -> Future[Execution]: ...
    def mend(self) -> None:
        """Start again what has died."""


def usual_workers() -> int:
    """One for each processor, and one more, since a worker often waits for its kernel."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0)) + 1
    return (os.cpu_count() or 1) + 1


class Here:
    """Worker processes of this machine, which share one fork server. They end with this process, however it ends."""

    def __init__(self, unit: str, isolation: str, workers: int | None = None):
        self.unit, self.isolation = unit, isolation
        self.slots = workers or usual_workers()
        self.pool: Executor | None = None
        self.server: forkserver.ForkServer | None = None

    def __enter__(self) -> Here:
        self.mend()
        return self

    def mend(self) -> None:
        if kernels.can_be_warm():
            self.server = forkserver.start(self.unit, self.isolation)
        if self.pool:
            self.pool.shutdown(wait=False, cancel_futures=True)
        address = str(self.server.address) if self.server else ""
        self.pool = ProcessPoolExecutor(
            self.slots,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=({self.unit: address} if address else {},),
        )
        for _ in range(self.slots):  # start them now, while the fork server still imports
            self.pool.submit(int)

    def submit(self, job: Job) -> Future[Execution]:
        if self.server:
            self.server.wait_until_ready()
        assert self.pool is not None
        return self.pool.submit(execute, job)

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.server:
            self.server.close()  # and with it all kernels, so that no worker waits for one
        if self.pool:
            self.pool.shutdown(wait=True, cancel_futures=True)


def _begin(servers: dict[str, str]) -> None:
    """In a new worker: use the grader's fork server, leave Ctrl-C to the grader, and end when it does."""
    os.environ[forkserver.SHARED] = json.dumps(servers)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait_for_end([parent.sentinel]), os._exit(1)), daemon=True).start()


class Cluster:
    """The workers of a Dask scheduler, which is reached by TLS; or Slurm jobs that are started for the run.

    ``tls`` names the files ``ca_file``, ``client_cert`` and ``client_key``, where Dask's configuration does not.
    Each worker needs this course in the same version, and starts a fork server of its own. Raises NoCluster.
    """

    def __init__(self, scheduler: str, tls: dict[str, Path], workers: int | None = None):
        self.scheduler, self.tls, self.workers = scheduler, tls, workers
        if scheduler != "slurm" and not scheduler.startswith("tls://"):
            raise NoCluster(
                f"{scheduler}: anybody who reaches a scheduler without TLS can run code as you; "
                "start it with certificates and name it as tls://HOST:PORT"
            )

    def __enter__(self) -> Cluster:
        try:
            from distributed import Client, Security
        except ImportError as error:
            raise NoCluster("several machines need Dask; install it with: pip install -e '.[cluster]'") from error
        files = {f"tls_{name}": str(path) for name, path in self.tls.items()}
        security = Security(**files, require_encryption=True)
        self.jobs = self._slurm_jobs() if self.scheduler == "slurm" else None
        try:
            self.client = Client(self.jobs or self.scheduler, security=None if self.jobs else security, timeout=30)
        except (OSError, ValueError, TypeError) as error:
            raise NoCluster(f"the scheduler {self.scheduler} does not answer: {error}") from error
        self.pool = self.client.get_executor(pure=False)
        self.slots = sum(self.client.nthreads().values()) or self.workers or 1
        return self

    def _slurm_jobs(self) -> Any:
        try:
            from dask_jobqueue import SLURMCluster
        except ImportError as error:
            raise NoCluster("Slurm needs dask-jobqueue; install it with: pip install -e '.[cluster]'") from error
        try:
            jobs = SLURMCluster(security=True)  # queue, cores and memory: dask's jobqueue.yaml
            jobs.scale(jobs=self.workers or 1)
        except (ValueError, OSError, RuntimeError) as error:
            raise NoCluster(f"no Slurm jobs could be started: {error}") from error
        return jobs

    def mend(self) -> None:
        """Dask starts its workers again by itself."""

    def submit(self, job: Job) -> Future[Execution]:
        return self.pool.submit(execute, job)

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.pool.shutdown(wait=False)
        self.client.close()
        if self.jobs is not None:
            self.jobs.close()


def run_all(place: Place, jobs: Iterator[tuple[Key, Callable[[], Job]]]) -> Iterator[tuple[Key, Execution | Exception]]:
    """Run jobs, a few at a time; yields each one's key with what came of it, in the order in which they end.

    When the process that runs a job dies, or no kernel can be had, whatever ran at that time is tried once
    more, alone: so a notebook that brings its worker down harms nobody else.
    """
    running: dict[Future[Execution], tuple[Key, Callable[[], Job], int]] = {}
    again: list[tuple[Key, Callable[[], Job]]] = []

    def start(key: Key, job: Callable[[], Job], attempt: int) -> None:
        running[place.submit(job())] = key, job, attempt

    while True:
        while not again and len(running) < 2 * place.slots and (following := next(jobs, None)):
            start(*following, 1)
        if not running and again:
            place.mend()
            start(*again.pop(), ATTEMPTS)
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            key, job, attempt = running.pop(future)
            error = future.exception()
            if error is None:
                yield key, future.result()
            elif attempt < ATTEMPTS and isinstance(error, BrokenExecutor | RuntimeError | OSError):
                again.append((key, job))
            else:
                yield key, error if isinstance(error, Exception) else RuntimeError(str(error))
