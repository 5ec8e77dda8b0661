"""A student's server that nobody uses: the configuration of ``lab/students`` in a real server, with shorter times."""

import json
import os
import subprocess
import sys
from contextlib import closing, suppress
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from ports import free_port
from waiting import PATIENCE, wait_until
from websocket import create_connection

from autograder.interactive.hub import LAB

TOKEN = "a-token-for-this-test-alone"
CONFIGURATION = f"""
from autograder.interactive import provisioner
provisioner.start = lambda: None
load_subconfig({str(LAB / "students" / "jupyter_server_config.py")!r})
assert c.MappingKernelManager.cull_idle_timeout == c.ServerApp.shutdown_no_activity_timeout == 7200
assert c.ServerApp.jpserver_extensions["autograder.interactive.extension"]
c.MappingKernelManager.cull_idle_timeout, c.MappingKernelManager.cull_interval = 10, 1
"""


@pytest.fixture
def server(tmp_path):
    """A student's server: ``ask(method, place)``, and its port."""
    port = free_port()
    (tmp_path / "jupyter_server_config.py").write_text(CONFIGURATION)
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    options = [
        f"--port={port}",
        "--port-retries=0",
        f"--IdentityProvider.token={TOKEN}",
        "--allow-root",
        "--no-browser",
    ]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options], stdout=log, stderr=log, cwd=tmp_path,
            env=os.environ | own | {"JUPYTER_CONFIG_PATH": str(tmp_path), "JUPYTER_PATH": str(LAB / "students")},
        )  # fmt: skip

    def ask(method, place):
        request = Request(f"http://127.0.0.1:{port}{place}", method=method, headers={"Authorization": f"token {TOKEN}"})
        with urlopen(request, data=b"{}" if method == "POST" else None, timeout=PATIENCE) as answer:
            return json.loads(answer.read() or b"{}")

    def answers():
        try:
            return ask("GET", "/api/status")
        except OSError:
            return None

    try:
        assert wait_until(answers), (tmp_path / "log").read_text()
        yield ask, port
    finally:
        process.kill()
        process.wait()


def run(connection, code):
    """Run code in a kernel as an open notebook does."""
    header = {"msg_id": code, "msg_type": "execute_request", "session": "", "username": "", "version": "5.3"}
    content = {"code": code, "silent": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    connection.send(json.dumps(message))


@pytest.mark.exhaustive
def test_a_kernel_that_runs_nothing_ends_though_its_notebook_is_open_and_one_that_computes_does_not(server):
    """JupyterLab's status bar may ask all the time how much memory a kernel takes: that does not keep it alive."""
    ask, port = server

    def opened():
        """A new kernel, and the connection of a notebook to it."""
        kernel = ask("POST", "/api/kernels")["id"]
        return kernel, create_connection(f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?token={TOKEN}")

    computing, busy = opened()
    run(busy, "import time; time.sleep(10_000)")
    idle, quiet = opened()

    def left():
        with suppress(HTTPError):  # it has ended
            ask("GET", f"/api/metrics/v1/kernel_usage/get_usage/{idle}")
        return [kernel["id"] for kernel in ask("GET", "/api/kernels")]

    with closing(busy), closing(quiet):
        assert wait_until(lambda: len(left()) == 1)
        assert left() == [computing]
