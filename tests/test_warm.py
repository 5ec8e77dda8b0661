"""Students' warm kernels: ordinary in everything but the time that their imports take."""

import os

import psutil
from own_kernels import forked, in_kernel
from talking import interrupted, said_by
from waiting import PATIENCE


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
        assert await interrupted(km, client) == "error"
        assert (await said_by(client, "print(6 * 7)"))[0] == "42\n"
        first = km.provisioner.pid
        await km.restart_kernel(now=True)
        await client.wait_for_ready(timeout=PATIENCE)
        assert forked(km) and km.provisioner.pid != first and not psutil.pid_exists(first)
        assert (await said_by(client, "print('first' in globals())"))[0] == "False\n"

    in_kernel(work, cwd=str(tmp_path))


def test_a_kernel_can_ask_its_user(started):
    started("numpy")

    async def work(km, client):
        message = client.execute("print(input('How many? ') + '!')")
        asked = await client.get_stdin_msg(timeout=PATIENCE)
        assert asked["content"]["prompt"] == "How many? "
        client.input("three")
        await client._async_recv_reply(message, timeout=PATIENCE)
        while (said := await client.get_iopub_msg(timeout=PATIENCE))["msg_type"] != "stream":
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
        said, status = await said_by(client, cell)
        assert said.split("\n")[:5] == ["True", "[2.0, 4.0, 6.0]", "800.0", "True", "2"], said
        assert status == "ok"

    in_kernel(work)
