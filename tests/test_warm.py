"""Students' warm kernels: ordinary in everything but the time that their imports take."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from test_kernels import said_by

from autograder import warm
from autograder.build import PROJECT
from autograder.warm.server import NotForkable, holds_no_gpu

KERNELS = PROJECT / "lab" / "students" / "kernels"
READY_SECONDS = 60.0


@pytest.fixture
def started():
    """Start the fork server of this process with some modules, and wait until it has said whether it can fork."""

    def start(*modules):
        warm.start(*modules)
        deadline = time.monotonic() + READY_SECONDS
        server = warm._server
        assert server is not None
        while server._ready is None and time.monotonic() < deadline:
            server.ready()
            time.sleep(0.05)
        return server

    yield start
    if warm._server:
        warm._server.close()
        warm._server = None


def in_kernel(work, **kwargs):
    """Run a coroutine function with the manager and client of a kernel that a student would get."""

    async def go():
        specs = KernelSpecManager(kernel_dirs=[str(KERNELS)])
        km = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
        await km.start_kernel(**kwargs)
        client = km.client()
        client.start_channels()
        await client.wait_for_ready(timeout=30)
        try:
            return await work(km, client)
        finally:
            client.stop_channels()
            await km.shutdown_kernel()
            assert not await km.is_alive()

    return asyncio.run(go())


def forked(km):
    return isinstance(km.provisioner.process, warm.Forked)


def test_a_kernel_is_forked_and_ordinary(started, tmp_path, monkeypatch):
    """Its folder, variables, child processes, interrupts, restarts, history and cores are as in any other."""
    started("numpy", "xml.dom.minidom")
    monkeypatch.setenv("A_WORD", "said")
    cores = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))

    async def work(km, client):
        assert forked(km)
        for code, printed in (
            ("import os, sys; print('xml.dom.minidom' in sys.modules, os.getcwd(), os.environ['A_WORD'])",
             f"True {tmp_path} said"),
            ("import subprocess; print(subprocess.run('exit 3', shell=True).returncode)", "3"),
            ("!echo from a shell", "from a shell"),
            ("import threadpoolctl; print([pool['num_threads'] for pool in threadpoolctl.threadpool_info()"
             " if pool['user_api'] == 'blas'][0])", str(cores)),
            ("print(get_ipython().history_manager.enabled, 'OPENBLAS_NUM_THREADS' in os.environ)",
             f"True {'OPENBLAS_NUM_THREADS' in os.environ}"),
            ("print(os.getpgid(0) == os.getpid() == os.getsid(0))", "True"),
        ):  # fmt: skip
            assert (await said_by(client, code))[0].strip() == printed
        waiting = asyncio.ensure_future(said_by(client, "import time; time.sleep(60)", 20.0))
        await asyncio.sleep(1)
        await km.interrupt_kernel()
        assert (await waiting)[1] == "error"
        assert (await said_by(client, "print(6 * 7)"))[0] == "42\n"
        first = km.provisioner.pid
        await km.restart_kernel(now=True)
        await client.wait_for_ready(timeout=30)
        assert forked(km) and km.provisioner.pid != first and not psutil.pid_exists(first)
        assert (await said_by(client, "print('first' in globals())"))[0] == "False\n"

    in_kernel(work, cwd=str(tmp_path))


def test_a_kernel_can_ask_its_user(started):
    started("numpy")

    async def work(km, client):
        message = client.execute("print(input('How many? ') + '!')")
        asked = await client.get_stdin_msg(timeout=20)
        assert asked["content"]["prompt"] == "How many? "
        client.input("three")
        await client._async_recv_reply(message, timeout=20)
        while (said := await client.get_iopub_msg(timeout=20))["msg_type"] != "stream":
            pass
        assert said["content"]["text"] == "three!\n"

    in_kernel(work)


def test_random_numbers_differ_between_kernels(started):
    started("numpy")

    async def work(km, client):
        return (await said_by(client, "import random, numpy; print(random.random(), numpy.random.rand())"))[0].split()

    first, second = in_kernel(work), in_kernel(work)
    assert first[0] != second[0] and first[1] != second[1]


def test_both_frameworks_compute_in_forked_kernels(started):
    """TensorFlow, Keras and PyTorch: imported before, with threads of their own, forward and backward."""
    server = started()
    assert server._ready
    cell = """
import sys; print({"tensorflow", "torch", "sklearn"} <= set(sys.modules))
import os, tensorflow as tf, torch, keras
x = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape() as tape:
    y = tf.reduce_sum(x ** 2)
print(tape.gradient(y, x).numpy().tolist())
t = torch.ones(400, 400, requires_grad=True); (t @ t).sum().backward(); print(float(t.grad[0, 0]))
print(torch.get_num_threads() == int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))))
model = keras.Sequential([keras.layers.Dense(1)]); model.compile("sgd", "mse")
print(len(model.fit(tf.ones((8, 3)), tf.ones((8, 1)), epochs=2, verbose=0).history["loss"]))
from keras.wrappers import SKLearnClassifier; SKLearnClassifier(model)
"""

    async def work(km, client):
        assert forked(km)
        said, status = await said_by(client, cell, 60.0)
        assert said.split("\n")[:5] == ["True", "[2.0, 4.0, 6.0]", "800.0", "True", "2"], said
        assert status == "ok"

    in_kernel(work)


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
    monkeypatch.setattr("autograder.warm.server.GPU_DEVICES", str(tmp_path / "nvidia"))
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
    warm.start("slow")
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


OWNER = f"""
import asyncio, sys, time
sys.path.insert(0, {str(PROJECT / "tests")!r})
import test_warm
from autograder import warm
async def work(km, client):
    print(warm._server._process.pid, km.provisioner.pid, flush=True)
    time.sleep(60)
warm.start("numpy")
while not warm._server.ready():
    time.sleep(0.05)
test_warm.in_kernel(work)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_its_owner(number):
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        children = [psutil.Process(int(pid)) for pid in owner.stdout.readline().split()]
        assert len(children) == 2 and all(one.is_running() for one in children)
        owner.send_signal(number)
        _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
