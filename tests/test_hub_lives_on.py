"""A hub that is killed, started again, started twice, and stopped while kernels compute."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing

import pytest
from hubs import TrialHub, running
from programs import need
from waiting import PATIENCE, wait_until
from websocket import create_connection

from autograder.course import PROJECT
from autograder.interactive.hub import LAB

TOKEN = "a-token-for-this-test-alone"
SCOPES = ["admin:servers", "access:servers", "list:users", "tokens"]
CONFIGURATION = f"""
load_subconfig({str(LAB / "trial.py")!r})
c.JupyterHub.services.append({{"name": "test", "api_token": "{TOKEN}"}})
c.JupyterHub.load_roles.append({{"name": "test", "services": ["test"], "scopes": {SCOPES}}})
"""
GRADING = "/services/gradients/formgrader/api/assignments"
DOES_NOT_LISTEN = """
import time
while True:
    try:
        time.sleep(1)
    except KeyboardInterrupt:
        pass
"""
UNTIL_KILLED = "import sys, time; print('begun', flush=True); time.sleep(10_000)"
STARTS = """
import subprocess, sys, time
from autograder.interactive import ends_with_hub
subprocess.Popen(ends_with_hub.command([sys.executable, "-c", sys.argv[1]]))
time.sleep(10_000)
"""


class Asked(TrialHub):
    def __init__(self, folder):
        (folder / "config.py").write_text(CONFIGURATION)
        super().__init__(folder, folder / "config.py")

    def ask(self, method, place, token=TOKEN):
        """What it answers; None if it does not, or refuses."""
        allowed = {"Authorization": f"token {token}"}
        request = urllib.request.Request(
            self.address + place, b"{}" if method == "POST" else None, allowed, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.loads(answer.read() or b"{}")
        except OSError:
            return None

    def open_kernel(self, user):
        """Start a user's server, and a kernel on it. Returns the connection to it that an open notebook has."""
        wait_until(lambda: self.ask("GET", f"/hub/api/users/{user}"))
        self.ask("POST", f"/hub/api/users/{user}/server")
        assert wait_until(lambda: self.ask("GET", f"/user/{user}/api/status")), self.log()
        kernel = self.ask("POST", f"/user/{user}/api/kernels")["id"]
        address = f"{self.address.replace('http', 'ws')}/user/{user}/api/kernels/{kernel}/channels"
        return create_connection(address, header=[f"Authorization: token {TOKEN}"])

    def programs(self, part):
        return [one for one in self.left() if any(part in word for word in one.cmdline())]


def run(connection, code):
    header = {"msg_id": "1", "msg_type": "execute_request", "session": "", "username": "", "version": "5.3"}
    content = {"code": code, "silent": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    connection.send(json.dumps(message))
    while json.loads(connection.recv()).get("msg_type") != "execute_input":
        pass


@pytest.mark.exhaustive
def test_a_hub_that_was_killed_leaves_nothing_and_starts_again(tmp_path):
    need("npm", "proxy")
    with running(Asked(tmp_path)) as hub:
        with closing(hub.open_kernel("student-1")):
            assert len(hub.programs("formgrade.on_hub")) == len(hub.programs("configurable-http-proxy")) == 1
            hub.kill()
        hub.start()
        hub.wait_for()
        allowed = hub.ask("POST", "/hub/api/users/instructor/tokens")["token"]
        assert wait_until(lambda: hub.ask("GET", GRADING, allowed)), hub.log()
        assert len(hub.programs("formgrade.on_hub")) == len(hub.programs("configurable-http-proxy")) == 1

        second = subprocess.run(hub.command, cwd=PROJECT, env=hub.variables | {"HUB_PORT": "0"}, capture_output=True,
                                text=True, check=False)  # fmt: skip
        assert second.returncode == 1 and "Traceback" not in second.stderr
        assert f"a hub runs in {tmp_path} already, process {hub.process.pid}: stop it first" in second.stderr
        assert hub.answers()

        for student in ("student-1", "student-2"):
            run(hub.open_kernel(student), DOES_NOT_LISTEN)


def test_what_a_hub_starts_ends_with_it_though_nobody_tells_it():
    starter = [sys.executable, "-c", STARTS, UNTIL_KILLED]
    with subprocess.Popen(starter, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout and hub.stdout.readline() == "begun\n"
        hub.kill()
        assert hub.stdout.read() == "", "which comes when nobody has the pipe open any more"


def test_what_a_hub_starts_can_be_interrupted_though_the_hub_was_started_behind():
    behind = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", STARTS]
    code = (
        "import signal, sys; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, sys.stdin.isatty(), flush=True)"
    )
    with subprocess.Popen([*behind, code], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout and hub.stdout.readline() == "False False\n"
        hub.kill()


def test_nothing_starts_for_a_hub_that_has_ended():
    late = [sys.executable, "-m", "autograder.interactive.ends_with_hub", "1", sys.executable, "-c", "print('begun')"]
    done = subprocess.run(late, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
