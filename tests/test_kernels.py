"""Warm kernels through Jupyter's own managers and clients; cold kernels where nothing can be forked; fork servers that
cannot start."""

import asyncio
import json
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from escaping import UNIT, run
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from talking import interrupted, said_by
from waiting import PATIENCE, wait_until

from autograder.sandbox import bubblewrap, forkserver, provisioner, view


def manager(monkeypatch, unit=UNIT.name):
    monkeypatch.setenv(provisioner.UNIT_VARIABLE, unit)
    specs = KernelSpecManager(kernel_dirs=[str(provisioner.KERNELSPECS)], ensure_native_kernel=False)
    return AsyncKernelManager(kernel_name=provisioner.KERNEL_NAME, kernel_spec_manager=specs)


def in_kernel(monkeypatch, work):
    """Run a coroutine function with the manager and client of a warm kernel."""

    async def go():
        km = manager(monkeypatch)
        await km.start_kernel()
        client = km.client()
        client.start_channels()
        await client.wait_for_ready(timeout=PATIENCE)
        try:
            await work(km, client)
        finally:
            client.stop_channels()
            await km.shutdown_kernel(now=True)
        assert not await km.is_alive()

    asyncio.run(go())


def test_plain_nbclient_runs_a_notebook_in_a_warm_kernel(monkeypatch, tmp_path):
    (tmp_path / "helper.py").write_text("word = 'helped'")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import helper; print(helper.word)")])
    NotebookClient(notebook, km=manager(monkeypatch), resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert notebook.cells[0].outputs[0].text == "helped\n"


def test_a_kernel_can_be_interrupted_and_restarted(monkeypatch):
    async def work(km, client):
        assert await said_by(client, "x = 1; print(x)") == ("1\n", "ok")
        assert await interrupted(km, client) == "error"
        await km.restart_kernel(now=True)
        await client.wait_for_ready(timeout=PATIENCE)
        assert await said_by(client, "print('x' in globals())") == ("False\n", "ok")

    in_kernel(monkeypatch, work)


@pytest.mark.parametrize("now", [True, False])
def test_a_kernel_shuts_down_and_leaves_no_process(now, monkeypatch):
    async def work(km, client):
        server = psutil.Process(forkserver.start(UNIT.name, bubblewrap.STRICT).process.pid)
        before = len(server.children(recursive=True))
        await km.shutdown_kernel(now=now)
        assert wait_until(lambda: len(server.children(recursive=True)) == before - 2)  # keeper and kernel

    in_kernel(monkeypatch, work)


def test_descriptors_and_folders_do_not_pile_up(monkeypatch, tmp_path):
    run()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = psutil.Process().num_fds()
    for _ in range(4):
        assert run().full
    assert psutil.Process().num_fds() <= before + 3
    assert not list(tmp_path.glob("kernel-*"))


def test_kernels_differ_in_their_random_numbers_and_do_not_see_each_other():
    cell = "import numpy as np, random\nprint('n', np.random.rand(), random.random())\nopen('/tmp/mine', 'x')"
    one, other = run(cell), run(cell)
    lines = {next(line for line in text.splitlines() if line.startswith("n ")) for text in (one.text, other.text)}
    assert len(lines) == 2 and one.full and other.full and '"error"' not in other.execution.notebook


def test_where_nothing_can_be_forked_a_cold_kernel_gives_the_same(monkeypatch):
    monkeypatch.setattr(provisioner, "can_be_warm", lambda: False)
    cold = run("print('cold')", files={"helper.py": b"x = 1"}, cell_seconds=300.0)
    assert cold.full and "cold" in cold.text and not cold.findings


@pytest.fixture
def preloading(monkeypatch, tmp_path):
    """Starts a fork server that belongs to no unit, and imports a module with this source."""

    def start(source):
        (tmp_path / "unfit_module.py").write_text(source)
        monkeypatch.setattr(forkserver, "preloads", lambda unit: ["unfit_module"])
        monkeypatch.setitem(forkserver.ENVIRONMENT, "PYTHONSTARTUP", "")
        write = view.write_view

        def with_module(unit, folder):
            write(unit, folder)
            (folder / "unfit_module.py").write_text(source)

        monkeypatch.setattr(forkserver, "write_view", with_module)
        return forkserver.ForkServer("", bubblewrap.STRICT)

    return start


UNFIT = {
    "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()": "unfit_module starts",
    "1 / 0": "ZeroDivisionError",
    "import nothing_of_that_name": "nothing_of_that_name",
    "import os; os._exit(3)": "without a word|did not start",
    "import ctypes; ctypes.string_at(0)": "did not start",
    "raise SystemExit('no')": "no",
}


@pytest.mark.parametrize("source", UNFIT)
def test_an_import_that_fails_is_named_and_leaves_no_server(source, preloading):
    server = preloading(source)
    with pytest.raises(forkserver.NoWarmKernels, match=UNFIT[source]):
        server.wait_until_ready()
    assert server.process.poll() is not None and not server.folder.exists()


def test_an_import_that_never_ends_is_not_waited_for(preloading, monkeypatch):
    monkeypatch.setattr(forkserver, "IMPORT_SECONDS", 1.0)
    server = preloading("import time; time.sleep(3600)")
    with pytest.raises(forkserver.NoWarmKernels, match="its imports took too long"):
        server.wait_until_ready()
    assert server.process.poll() is not None and not server.folder.exists()


def test_a_server_ends_with_its_owner_also_while_it_imports(preloading):
    server = preloading("import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException: pass")
    processes = psutil.Process(server.process.pid)
    assert wait_until(lambda: any("python" in one.name() for one in processes.children(recursive=True)))
    time.sleep(0.5)  # now it imports
    imports = processes.children(recursive=True)
    server._let_go()
    _, alive = psutil.wait_procs([processes, *imports], timeout=PATIENCE)
    server.close()
    assert not alive


def test_a_dead_server_is_replaced():
    server = forkserver.start(UNIT.name, bubblewrap.STRICT)
    server.wait_until_ready()
    for process in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended with one of the others
            process.kill()
    server.process.wait(PATIENCE)
    assert run().full and forkserver.start(UNIT.name, bubblewrap.STRICT) is not server


@pytest.mark.parametrize("name", ["numeric_gradient", "training"])
def test_a_unit_can_be_forked_after_its_imports(name):
    server = forkserver.ForkServer(name, bubblewrap.STRICT)
    try:
        server.wait_until_ready()
        assert "seccomp" in server.layers
    finally:
        server.close()


def test_a_shared_server_is_used(monkeypatch):
    server = forkserver.start(UNIT.name, bubblewrap.STRICT)
    server.wait_until_ready()
    monkeypatch.setenv(forkserver.SHARED_VARIABLE, json.dumps({UNIT.name: str(server.address)}))
    monkeypatch.setattr(forkserver, "start", None)
    assert run().full


def test_a_long_name_of_the_temporary_folder_does_no_harm(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("long" * 20)))
    Path(tempfile.gettempdir()).mkdir()
    assert run().full


def test_a_folder_whose_rights_were_taken_away_is_deleted_and_links_are_not_followed(tmp_path):
    (tmp_path / "kept").mkdir(mode=0o500)
    folder = tmp_path / "work"
    (folder / "closed" / "inner").mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "kept")
    (folder / "closed").chmod(0)
    provisioner.remove(folder)
    assert not folder.exists() and (tmp_path / "kept").stat().st_mode & 0o777 == 0o500
