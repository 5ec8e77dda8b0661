"""Running notebooks on several machines: the workers of a Dask scheduler, or Slurm jobs started for the run."""

from __future__ import annotations

import logging
import shutil
import signal
import time
from concurrent.futures import CancelledError, Future
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.course import current
from autograder.errors import UserError
from autograder.records import differing_versions, fingerprint, library_versions
from autograder.running.execute import Execution, execute
from autograder.running.job import Job
from autograder.running.workers import Loss
from autograder.sandbox.bubblewrap import NoSandbox
from autograder.sandbox.channels import NoKernel
from autograder.sandbox.forkserver import NoWarmKernels

SLURM = "slurm"
CONNECT_SECONDS = 30
GONE_SECONDS = 300.0  # after which workers that were there and have all gone are not waited for any longer
INSTALL_DASK = "install it with: pip install -e '.[cluster]'"
UnitState = dict[str, str]


class NoCluster(UserError):
    """The machines that were named cannot be used."""


class OtherVersion(RuntimeError):
    """A worker has another version of the course or of a library than the grader."""


def state_of(unit: str) -> UnitState:
    """What the marks of a unit depend on, as it is in this process: the unit itself, and versions."""
    return {f"course.{unit}": fingerprint(current().unit(unit))[:12], **library_versions()}


def execute_checked(job: Job, state: UnitState) -> Execution:
    """Run a job where everything is as it is at the grader's. Raises OtherVersion."""
    if faults := differing_versions(state, state_of(job.unit)):
        raise OtherVersion("; ".join(faults))
    return execute(job)


class Cluster:
    """The workers of a Dask scheduler, which is reached by TLS, or Slurm jobs.

    ``tls`` names the files ``ca_file``, ``client_cert`` and ``client_key``, where Dask's configuration does not.
    Each worker needs this course in the same version, and starts a fork server of its own. Raises NoCluster.
    """

    run = staticmethod(execute_checked)
    security: Any = None

    def __init__(self, unit: str, scheduler: str, tls: dict[str, Path] | None = None, workers: int | None = None):
        self.unit, self.scheduler, self.tls, self.workers = unit, scheduler, tls or {}, workers
        self.client: Any = None
        self.pool: Any = None
        self.jobs: Any = None
        self.last_seen = 0.0  # when there was a worker
        if scheduler != SLURM and not scheduler.startswith("tls://"):
            raise NoCluster(
                f"{scheduler}: anybody who reaches a scheduler without TLS can run code as you; "
                "start it with certificates and name it as tls://HOST:PORT"
            )
        for path in self.tls.values():
            if not path.is_file():
                raise NoCluster(f"there is no file {path} for TLS with the scheduler")

    def __enter__(self) -> Cluster:
        return self

    warm = False

    @property
    def slots(self) -> int:
        """The threads of the workers that are there now."""
        threads = sum(self.client.nthreads().values()) if self.client else 0
        if threads:
            self.last_seen = time.monotonic()
        return threads or self.workers or 1

    def start(self) -> None:
        """Connect, and make sure that the workers have the same course."""
        if self.client is not None:
            return
        try:
            from distributed import Client, Security
        except ImportError as error:
            raise NoCluster(f"several machines need Dask; {INSTALL_DASK}") from error
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self.jobs = slurm_jobs(self.workers or 1) if self.scheduler == SLURM else None
        files = {f"tls_{name}": str(path) for name, path in self.tls.items()}
        try:
            if self.jobs is None:
                security = self.security or Security(**files, require_encryption=True)
                self.client = Client(self.scheduler, security=security, timeout=CONNECT_SECONDS)
            else:
                self.client = Client(self.jobs, timeout=CONNECT_SECONDS)
            if self.jobs is None:  # Slurm's may wait in its queue for long
                self._wait_for_worker()
        except (OSError, ValueError, TypeError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise NoCluster(f"the scheduler {self.scheduler} cannot be used: {said}") from error
        self.state = state_of(self.unit)
        self.pool = self.client.get_executor(pure=False)
        self._compare()

    def _wait_for_worker(self) -> None:
        """Raises NoCluster, with what to do, where the scheduler has none."""
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise NoCluster(
                f"no worker is connected to {self.scheduler}: start one with this course installed, "
                f"dask worker {self.scheduler} with its TLS files, then try again"
            ) from error
        self.last_seen = time.monotonic()

    def _compare(self) -> None:
        """Refuse workers that would grade differently. Raises NoCluster with the name of each."""
        faults = []
        for worker, state in self.client.run(state_of, self.unit, on_error="return").items():
            if isinstance(state, Exception):
                faults.append(f"{worker} cannot use the course ({type(state).__name__}: {state})")
            elif differing := differing_versions(self.state, state):
                faults.append(f"{worker} is not as this machine: {'; '.join(differing)}")
        if faults:
            raise NoCluster(". ".join(faults))

    def submit(self, job: Job) -> Future[Execution]:
        try:
            return self.pool.submit(self.run, job, self.state)
        except (RuntimeError, CancelledError) as error:
            raise NoCluster(f"the scheduler {self.scheduler} is gone: {error}") from error

    def loss(self, error: Exception) -> Loss | None:
        from distributed.scheduler import KilledWorker

        if isinstance(error, KilledWorker):
            return Loss.WORKER
        if isinstance(error, NoKernel | NoWarmKernels | NoSandbox):
            return Loss.KERNEL
        return Loss.ELSE if isinstance(error, CancelledError | OSError) else None

    broken = False  # Dask starts its workers again by itself

    def mend(self) -> None:
        """Nothing is left to do."""

    def idle(self) -> bool:
        """Whether all workers say that they have nothing to do.

        The scheduler is not asked: it can lose a task whose worker died just when it got the task. Raises NoCluster
        once all workers have been gone for a while.
        """
        try:
            at_work = self.client.run(unfinished)
        except (OSError, TimeoutError):  # it is gone, which the futures tell
            return False
        if at_work:
            self.last_seen = time.monotonic()
        elif self.last_seen and time.monotonic() - self.last_seen > GONE_SECONDS:
            raise NoCluster(
                f"all workers of {self.scheduler} have been gone for {GONE_SECONDS:g} s; start some, then go on: "
                "what is graded is kept"
            )
        return bool(at_work) and not any(at_work.values())

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.pool is not None:
            self.pool.shutdown(wait=False)
        if self.client is not None:
            self.client.close()
        if self.jobs is not None:
            self.jobs.close()


def unfinished(dask_worker: Any) -> int:
    """How many tasks a worker has yet to finish."""
    return sum(task.state not in ("memory", "error", "released") for task in dask_worker.state.tasks.values())


def slurm_cluster() -> Any:
    """dask-jobqueue's class for Slurm. Its import takes Ctrl-C over, which is given back."""
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        from dask_jobqueue import SLURMCluster
    finally:
        signal.signal(signal.SIGINT, interrupt)
    return SLURMCluster


def slurm_jobs(number: int) -> Any:
    """A Dask cluster of so many Slurm jobs. Their queue, cores and memory are those of dask's ``jobqueue.yaml``.

    Raises NoCluster."""

    if shutil.which("sbatch") is None:
        raise NoCluster("there is no sbatch here: start this on a machine that submits to Slurm")
    try:
        import dask

        SLURMCluster = slurm_cluster()
        certificates = dask.config.get("jobqueue.slurm.shared-temp-directory", None) or str(Path.home())
        web_page = {"dashboard_address": "localhost:0"}  # which asks nobody for a password
        # A worker that is started again may take its time: by default Dask ends its job after 15 s.
        dask.config.set({"distributed.deploy.lost-worker-timeout": f"{GONE_SECONDS:g}s"})
        jobs = SLURMCluster(security=True, shared_temp_directory=certificates, scheduler_options=web_page)
        jobs.scale(jobs=number)
    except ImportError as error:
        raise NoCluster(f"Slurm needs dask-jobqueue and cryptography; {INSTALL_DASK}") from error
    except (ValueError, OSError, RuntimeError) as error:
        raise NoCluster(f"no Slurm jobs could be started: {error}") from error
    return jobs
