"""What cannot be started leaves nothing behind: no descriptor, no folder, no thread and no process."""

import asyncio
import json
import operator
import tempfile
import threading
from pathlib import Path

import psutil
import pytest
import zmq.asyncio
from escaping import TASK, UNIT, run
from programs import SANDBOX, need
from waiting import wait_until

from autograder.running.reference import Observer
from autograder.sandbox import bubblewrap, forkserver, provisioner, relay
from autograder.sandbox.asking import ask_for_kernel
from autograder.sandbox.channels import NoKernel
from autograder.sandbox.forkserver import ForkServer

TIMES = 4


@pytest.fixture
def temporary(monkeypatch):
    """A folder of this test's own for temporary files, with a name that is short enough for sockets."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.fixture
def leaves_nothing(temporary):
    """Tries a start several times, which must fail each time: after it there is nothing more than before.

    There may be less: what an earlier test left to end in the background may end meanwhile. It cannot hide
    a leak, which would be there as often as the start was tried.
    """

    def held():
        process = psutil.Process()
        return process.num_fds(), len(list(temporary.iterdir())), threading.active_count(), len(process.children())

    def require(start, error):
        def fail():
            with pytest.raises(error):
                start()

        fail()  # the first time something may be started that stays, such as a loop of events
        before = held()
        for _ in range(TIMES):
            fail()
        assert wait_until(lambda: all(map(operator.le, held(), before)), 20), (before, held())

    return require


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.fixture
def nobody_answers(monkeypatch, temporary):
    """A fork server of another process that is gone."""
    monkeypatch.setenv(forkserver.SHARED_VARIABLE, json.dumps({UNIT.name: str(temporary / "gone")}))


SERVERS = {
    "nothing to see": ("write_view", raising(ValueError("on purpose"))),
    "no bubblewrap": ("bubblewrap.command", raising(bubblewrap.NoSandbox("on purpose"))),
    "no such program": ("bubblewrap.command", lambda *_: ["/no/such/program"]),
    "no socket": ("socket.socket.bind", raising(OSError("on purpose"))),
}


@pytest.mark.parametrize(("what", "instead"), SERVERS.values(), ids=SERVERS)
def test_a_fork_server(what, instead, monkeypatch, leaves_nothing):
    monkeypatch.setattr(f"autograder.sandbox.forkserver.{what}", instead)
    leaves_nothing(lambda: ForkServer("", bubblewrap.STRICT), (ValueError, bubblewrap.NoSandbox, OSError))


def test_a_fork_server_that_could_not_be_tried(monkeypatch, leaves_nothing):
    need(*SANDBOX)
    monkeypatch.setattr("autograder.sandbox.selftest.verify", raising(TimeoutError("on purpose")))
    leaves_nothing(lambda: ForkServer("", bubblewrap.STRICT).wait_until_ready(), TimeoutError)


def test_asking_one_that_is_gone(leaves_nothing, temporary):
    leaves_nothing(lambda: ask_for_kernel(temporary / "gone", {}, b"", []), OSError)


def test_a_kernel_of_a_server_that_is_gone(leaves_nothing, nobody_answers):
    leaves_nothing(run, NoKernel)


def test_a_kernel_without_a_relay(leaves_nothing, nobody_answers, monkeypatch):
    monkeypatch.setattr(relay.Relay, "listen_for", raising(OSError("on purpose")))
    leaves_nothing(run, NoKernel)


def test_a_kernel_whose_files_cannot_be_read(leaves_nothing, nobody_answers, monkeypatch):
    monkeypatch.setattr(provisioner, "archive", raising(OSError("on purpose")))
    leaves_nothing(run, NoKernel)


def test_a_kernel_of_a_plain_manager(leaves_nothing, nobody_answers, temporary):
    """The kernel is started as by nbgrader, or by anyone who names the kernelspec."""

    async def start():
        manager = provisioner.warm_kernel_manager(temporary)
        manager.context = zmq.asyncio.Context.instance()  # its own would be there until it is collected
        await manager.start_kernel(env={provisioner.UNIT_VARIABLE: UNIT.name})

    leaves_nothing(lambda: asyncio.run(start()), OSError)


def test_the_observer_of_a_reference(leaves_nothing, nobody_answers):
    leaves_nothing(lambda: Observer(UNIT, bubblewrap.STRICT).ask("reference", TASK, 1), forkserver.NoWarmKernels)
