"""Grading by Dask: a scheduler with TLS and worker processes on this machine, one of which is killed; and Slurm."""

import signal
import time
from concurrent.futures import Future
from contextlib import contextmanager

import psutil
import pytest
from commands import run_command
from programs import SANDBOX, need
from running import KILLER, UNIT, class_of, execute_or_die, points_in, points_of, records, with_line
from waiting import wait_until

from autograder.grading.grade import Grading, grade
from autograder.running import on_dask, runner
from autograder.running.job import Job
from autograder.running.on_dask import Cluster, NoCluster, slurm_cluster

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


# A worker that dies is started again, which on a busy machine takes longer than the 15 s after which Dask's local
# cluster gives it up; and a job that has killed two is not given to a third.
PATIENT = {"distributed.deploy.lost-worker-timeout": "1h", "distributed.scheduler.allowed-failures": 1}


@contextmanager
def local_cluster(workers=2):
    """A scheduler and worker processes, reached with temporary certificates only."""
    need(*SANDBOX)
    security = distributed.Security.temporary()
    settings = {"n_workers": workers, "threads_per_worker": 1, "processes": True, "security": security}
    address = {"dashboard_address": "localhost:0", "protocol": "tls"}
    with dask.config.set(PATIENT), distributed.LocalCluster(**settings, **address) as local:
        yield local


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """The address of a scheduler, and the files with which a client gets in."""
    folder = tmp_path_factory.mktemp("tls")
    with local_cluster() as local:
        text = local.security.tls_ca_file, local.security.tls_client_cert, local.security.tls_client_key
        files = {}
        for name, content in zip(("ca_file", "client_cert", "client_key"), text, strict=True):
            files[name] = folder / f"{name}.pem"
            files[name].write_text(content)
        yield local, files


def families(local):
    """The worker processes, and all that they started."""
    workers = [psutil.Process(worker.pid) for worker in local.workers.values() if worker.pid]
    return workers, [child for worker in workers for child in worker.children(recursive=True)]


def test_one_worker_is_killed_and_every_submission_is_graded_once(scheduler, tmp_path):
    local, files = scheduler
    truth = class_of(16, tmp_path)
    place = Cluster(UNIT.name, local.scheduler_address, files)
    killed: list[psutil.Process] = []
    seen = []
    for _, result in grade(Grading(UNIT, tmp_path / "submitted", tmp_path, place=place)):
        assert result.verdicts, result.findings
        seen.append(result.student)
        if len(seen) == 3:
            worker = families(local)[0][0]
            killed = worker.children(recursive=True)
            worker.kill()
            assert killed, "the worker has a fork server"
    assert sorted(seen) == sorted(truth) and len(records(tmp_path)) == 16
    assert points_of(tmp_path / "gradebook.db") == points_in(truth)
    assert wait_until(lambda: not any(process.is_running() for process in killed)), "a fork server outlived its worker"


def test_the_command(scheduler, tmp_path):
    local, files = scheduler
    truth = class_of(3, tmp_path)
    words = ["--scheduler", local.scheduler_address, "--tls-ca", files["ca_file"], "--tls-cert", files["client_cert"],
             "--tls-key", files["client_key"]]  # fmt: skip
    words = [UNIT.name, "--submissions", tmp_path / "submitted", "--course-dir", tmp_path, *words]
    code, output = run_command("grade", *words)
    assert code == 0, output
    assert points_of(tmp_path / "gradebook.db") == points_in(truth)
    before = records(tmp_path)
    code, output = run_command("regrade", *words, "--all", "--yes")
    assert code == 0 and "3 graded again; no mark changes" in output, output
    assert all(before[name] != when for name, when in records(tmp_path).items())


def test_a_worker_with_another_course_is_refused_by_name(scheduler, tmp_path, monkeypatch):
    local, files = scheduler
    class_of(1, tmp_path)
    monkeypatch.setattr(on_dask, "library_versions", lambda: {"numpy": "1.0"})  # here, not at the workers
    with pytest.raises(NoCluster, match=r"tls://\S+ is not as this machine: .*numpy was 1.0, is "):
        list(
            grade(
                Grading(
                    UNIT, tmp_path / "submitted", tmp_path, place=Cluster(UNIT.name, local.scheduler_address, files)
                )
            )
        )


def test_what_the_scheduler_has_lost_is_run_again(scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "LOOK_SECONDS", 1.0)
    local, files = scheduler
    truth = class_of(3, tmp_path)
    lost: list[Future] = []

    class Losing(Cluster):
        """The first job that it is given never ends, and no worker knows of it."""

        def submit(self, job):
            if lost:
                return super().submit(job)
            lost.append(Future())
            return lost[0]

    place = Losing(UNIT.name, local.scheduler_address, files)
    results = [result for _, result in grade(Grading(UNIT, tmp_path / "submitted", tmp_path, place=place))]
    assert lost[0].cancelled() and all(result.verdicts for result in results)
    assert points_of(tmp_path / "gradebook.db") == points_in(truth)


def test_a_job_is_refused_where_something_differs():
    with pytest.raises(on_dask.OtherVersion, match="numpy was"):
        on_dask.execute_checked(Job(UNIT.name, "{}", {}, {}), {"numpy": "1.0"})


def execute_or_die_checked(job, state):
    time.sleep(1)  # a worker that dies as soon as it is there, its nanny does not start again
    return execute_or_die(job)


def wait_for_long(job, state):
    time.sleep(600)


def test_workers_that_are_gone_for_good_are_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(on_dask, "GONE_SECONDS", 2.0)
    class_of(1, tmp_path)
    with local_cluster(workers=1) as local:
        (nanny,) = local.workers.values()

        class Leaving(Cluster):
            """A cluster whose only worker ends when it is first asked whether it works."""

            def idle(self):
                local.sync(nanny.close, timeout=1)
                return super().idle()

        place = Leaving(UNIT.name, local.scheduler_address)
        place.security = local.security
        place.run = wait_for_long
        with pytest.raises(NoCluster, match="have been gone for 2 s; start some, then go on"):
            list(grade(Grading(UNIT, tmp_path / "submitted", tmp_path, place=place)))


@pytest.mark.exhaustive
def test_what_always_kills_its_worker_is_not_graded_and_the_others_are(tmp_path, monkeypatch):
    truth = class_of(4, tmp_path)
    with_line(tmp_path, "killer", KILLER)
    with local_cluster() as local:
        place = Cluster(UNIT.name, local.scheduler_address)
        place.security = local.security
        place.run = execute_or_die_checked
        results = {
            result.student: result for _, result in grade(Grading(UNIT, tmp_path / "submitted", tmp_path, place=place))
        }
    assert {student for student, result in results.items() if not result.verdicts} == {"killer"}
    assert "not graded: KilledWorker" in str(results["killer"].findings[-1])
    assert points_of(tmp_path / "gradebook.db") == points_in(truth)


def test_without_tls_or_a_scheduler(tmp_path, monkeypatch):
    class_of(1, tmp_path)
    place = ["grade", UNIT.name, "--submissions", tmp_path / "submitted", "--course-dir", tmp_path]
    code, output = run_command(*place, "--scheduler", "tcp://127.0.0.1:8786")
    assert (
        code == 2 and "tcp://127.0.0.1:8786: anybody who reaches a scheduler without TLS can run code as you" in output
    )
    code, output = run_command(*place, "--scheduler", "tls://127.0.0.1:9", "--tls-ca", tmp_path / "none.pem")
    assert code == 2 and "there is no file" in output
    code, output = run_command(*place, "--tls-ca", tmp_path / "none.pem")
    assert code == 2 and "--scheduler" in output
    monkeypatch.setattr(on_dask, "CONNECT_SECONDS", 1)
    code, output = run_command(*place, "--scheduler", "tls://127.0.0.1:9")
    assert code == 2 and "the scheduler tls://127.0.0.1:9 cannot be used" in output and not records(tmp_path)


def test_a_scheduler_without_workers_is_named_with_what_to_do(tmp_path, monkeypatch):
    class_of(1, tmp_path)
    monkeypatch.setattr(on_dask, "CONNECT_SECONDS", 2)
    with local_cluster(workers=0) as local:
        place = Cluster(UNIT.name, local.scheduler_address)
        place.security = local.security
        with pytest.raises(NoCluster, match=r"no worker is connected to tls://\S+: start one .* dask worker tls://"):
            list(grade(Grading(UNIT, tmp_path / "submitted", tmp_path, place=place)))
    assert not records(tmp_path)


def test_slurm(tmp_path, monkeypatch):
    interrupt = signal.getsignal(signal.SIGINT)
    slurm_cluster()
    assert signal.getsignal(signal.SIGINT) is interrupt, "Ctrl-C stays ours"
    import dask_jobqueue as jobqueue

    class_of(1, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    place = ["grade", UNIT.name, "--submissions", tmp_path / "submitted", "--course-dir", tmp_path]
    code, output = run_command(*place, "--scheduler", "slurm", "--isolation", "none")
    assert code == 2 and "there is no sbatch here" in output
    sbatch = tmp_path / "sbatch"
    sbatch.write_text("#!/bin/sh\nexit 1\n")
    sbatch.chmod(0o755)
    with pytest.raises(NoCluster, match="no Slurm jobs could be started"):
        on_dask.slurm_jobs(1)  # since nothing says how many cores and how much memory a job gets
    monkeypatch.setattr(jobqueue.SLURMCluster, "scale", lambda self, jobs: None)
    settings = {"jobqueue.slurm.cores": 2, "jobqueue.slurm.memory": "4 GB", "jobqueue.slurm.interface": "lo"}
    with dask.config.set(settings), on_dask.slurm_jobs(1) as jobs:
        script = jobs.job_script()
    assert "#SBATCH --cpus-per-task=2" in script and "#SBATCH --mem=4G" in script and "tls://" in script
