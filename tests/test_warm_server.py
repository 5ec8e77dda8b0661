"""The fork server of students' kernels: when it forks, cannot fork, is late, or ends and takes its kernels along."""

import json
import os
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from own_kernels import forked, in_kernel
from talking import said_by
from waiting import PATIENCE, wait_until

from autograder.course import PROJECT
from autograder.interactive import provisioner
from autograder.interactive.server import NotForkable, holds_no_gpu


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "starts a thread"),
        ("raise RuntimeError('not today')", "RuntimeError: not today"),
        ("import os; os._exit(3)", "its process ended"),
    ],
)
def test_where_a_fork_would_not_be_safe_kernels_start_cold(started, tmp_path, monkeypatch, caplog, module, why):
    (tmp_path / "unfit.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    server = started("unfit")

    async def work(km, client):
        assert not forked(km)
        return (await said_by(client, "print(6 * 7)"))[0]

    assert in_kernel(work) == "42\n" and in_kernel(work) == "42\n"
    assert not server._ready and [why in record.message for record in caplog.records] == [True]


def test_an_open_gpu_is_not_forked(monkeypatch, tmp_path):
    monkeypatch.setattr("autograder.interactive.server.GPU_DEVICES", str(tmp_path / "nvidia"))
    holds_no_gpu()
    with (tmp_path / "nvidia0").open("w"), pytest.raises(NotForkable, match="opened a GPU"):
        holds_no_gpu()


def test_kernels_are_cold_until_the_imports_are_done_and_without_a_server(started, tmp_path, monkeypatch):
    async def work(km, client):
        return forked(km), (await said_by(client, "print(6 * 7)"))[0]

    assert in_kernel(work) == (False, "42\n")
    (tmp_path / "slow.py").write_text(f"import time, pathlib\nwhile not pathlib.Path('{tmp_path}/go').exists():\n"
                                      "    time.sleep(0.05)")  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    provisioner.start_fork_server("slow")
    assert in_kernel(work) == (False, "42\n")
    (tmp_path / "go").touch()
    started()
    assert in_kernel(work) == (True, "42\n")


def test_a_kernel_that_dies_or_a_server_that_does_is_noticed(started):
    server = started("numpy")

    async def dies(km, client):
        os.kill(km.provisioner.pid, signal.SIGKILL)
        assert await km.provisioner.wait() == 1
        assert not await km.is_alive()

    in_kernel(dies)
    server._process.kill()
    server._process.wait()

    async def works(km, client):
        return forked(km), (await said_by(client, "print(6 * 7)"))[0]

    assert in_kernel(works) == (False, "42\n")


def stopped(started, monkeypatch, forks, answers):
    """A fork server whose process is stopped, and that process. It has this many seconds to fork and to answer."""
    server = started("numpy")
    monkeypatch.setattr(provisioner, "FORK_SECONDS", forks)
    monkeypatch.setattr(provisioner, "ANSWER_SECONDS", answers)
    process = psutil.Process(server._process.pid)
    process.suspend()
    return server, process


def test_a_server_that_was_late_forks_nothing_beside_the_cold_kernel(started, monkeypatch):
    server, process = stopped(started, monkeypatch, forks=0.2, answers=0.2)

    async def work(km, client):
        process.resume()
        assert select.select([server._connection], [], [], PATIENCE)[0], "it goes on"
        assert json.loads(server._answers.readline()) == {"late": True} and not process.children()
        return forked(km), (await said_by(client, "print(6 * 7)"))[0]

    assert in_kernel(work) == (False, "42\n")


def test_who_asks_while_another_waits_in_vain_does_not_take_the_other_s_kernel(started, monkeypatch):
    server, process = stopped(started, monkeypatch, forks=0.5, answers=0.0)
    request = {"arguments": [], "environment": dict(os.environ), "folder": "/"}
    with ThreadPoolExecutor() as askers:
        asked = [askers.submit(server.fork, **request) for _ in range(2)]
        assert wait_until(lambda: not server._ready)
        process.resume()
        assert [one.result() for one in asked] == [None, None]
    assert json.loads(server._answers.readline()) == {"late": True}, "to the first"
    assert not select.select([server._connection], [], [], 1)[0], "the second was never sent"


OWNER = f"""
import asyncio, sys, time
sys.path.insert(0, {str(PROJECT / "tests")!r})
import own_kernels
from autograder.interactive import provisioner
async def work(km, client):
    print(provisioner._server._process.pid, km.provisioner.pid, flush=True)
    time.sleep(10_000)
provisioner.start_fork_server("numpy")
while not provisioner._server.ready():
    time.sleep(0.05)
own_kernels.in_kernel(work)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_its_owner(number):
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        children = [psutil.Process(int(pid)) for pid in owner.stdout.readline().split()]
        assert len(children) == 2 and all(one.is_running() for one in children)
        owner.send_signal(number)
        _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert not alive
