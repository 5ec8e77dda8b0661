"""What a hub needs and does not find: a sentence that says what to do, before anything is started."""

import os
import shutil
import subprocess
import sys
from getpass import getuser
from pathlib import Path

import pytest
from ports import free_ports
from programs import need
from sampled import few
from waiting import PATIENCE

from autograder.interactive import hub_checks
from autograder.interactive.hub import LAB, PROJECT
from autograder.interactive.hub_checks import end_former_proxy

CONFIGURATION = """
from pathlib import Path
from autograder.interactive import hub, hub_checks
HERE = Path({folder!r})
hub_checks.PORT_SECONDS = 0
courses = [hub.HubCourse("vision", ["nobody-teaches"], ["root"], HERE / "vision", None, {formgrader})]
{changed}
hub.configure(c, *courses, exchange=HERE / "exchange")
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{own}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = [{true!r}]
{more}
hub.make_ready(c)
raise SystemExit("nothing is missing")
"""
GRADER = "courses = [hub.HubCourse('vision', [{teacher!r}], [], HERE / 'vision', {grader!r}, {{formgrader}})]"
CASES = {
    "nothing": ("", "", "nothing is missing"),
    "the proxy": ("", "c.ConfigurableHTTPProxy.command = 'no-such-proxy'",
                  "the hub's proxy, no-such-proxy, is missing: npm install --global configurable-http-proxy@5.3.0"),
    "node": ("", "import os; os.environ['PATH'] = '/nonexistent'",
             "node is missing, with which the hub's proxy runs: apt install nodejs"),
    "systemd": ("from autograder.interactive import hub_checks; hub_checks.SYSTEMD = HERE / 'none'",
                "c.JupyterHub.spawner_class = 'systemdspawner.SystemdSpawner'",
                "servers cannot be started with systemd, which does not run here: leave out"),
    "a port": ("import socket; taken = socket.create_server(('127.0.0.1', {formgrader}))", "",
               "port {formgrader}, for the service vision, cannot be used: Address already in use"),
    "an address": ("", "c.JupyterHub.bind_url = 'http://192.0.2.1:8000'",
                   "port 8000, for users (c.JupyterHub.bind_url), cannot be used: Cannot assign requested address"),
    "the grader": (GRADER.format(teacher=getuser(), grader="nobody-grades"), "",
                   "there is no account nobody-grades, which grades: useradd --create-home nobody-grades"),
    "the course folder": (GRADER.format(teacher=getuser(), grader="root") + "; (HERE / 'vision').rmdir()", "",
                          "the course folder {folder}/vision is missing: make it with: lab/make_course.sh"),
    "the folder's owner": (GRADER.format(teacher=getuser(), grader="root") + "; os.chown(HERE / 'vision', 1, 1)", "",
                           "the course folder {folder}/vision is not its grader's: chown -R root: {folder}/vision"),
    "the exchange": (GRADER.format(teacher=getuser(), grader="root") + "; (HERE / 'exchange/vision').rmdir()", "",
                     "the exchange has no folder {folder}/exchange/vision: make it with: lab/make_course.sh"),
    "a teacher": (GRADER.format(teacher="nobody-teaches", grader="root"), "",
                  "no account on this machine: nobody-teaches; who has none cannot open a server (useradd"),
    "the students": ("hub.names(HERE / 'students.txt')", "",
                     "{folder}/students.txt is missing: write the students' account names into it, one a line"),
}  # fmt: skip
ONLY_ROOT = ("the grader", "the course folder", "the folder's owner", "the exchange", "a teacher")


@pytest.fixture
def started(tmp_path):
    """``started(changed, more)``: what a hub says that ends before it starts anything, and the names in the texts."""
    (tmp_path / "vision").mkdir()
    (tmp_path / "exchange" / "vision").mkdir(parents=True)
    port, own, api, formgrader = free_ports(4)
    names = {"folder": str(tmp_path), "port": port, "own": own, "api": api, "formgrader": formgrader}

    def start(changed, more):
        changed, more = changed.replace("{formgrader}", str(formgrader)), "import os\n" + more
        text = CONFIGURATION.format(**names, changed="import os\n" + changed, more=more, true=sys.executable)
        (tmp_path / "config.py").write_text(text)
        hub = [sys.executable, "-m", "jupyterhub", "-f", "config.py"]
        variables = os.environ | {"PYTHONPATH": str(PROJECT)}
        done = subprocess.run(hub, cwd=tmp_path, capture_output=True, text=True, env=variables, check=False)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        return done.stderr, names

    return start


@pytest.mark.parametrize("case", few(CASES, {"nothing", "node", "a port", "the grader"}.__contains__))
def test_what_is_missing_is_a_sentence(started, case):
    need("npm")
    if case in ONLY_ROOT and os.geteuid() != 0:
        pytest.skip("only root may start a hub with graders' accounts")
    changed, more, said = CASES[case]
    told, names = started(changed, more)
    assert said.format(**names) in told
    assert not Path(names["folder"], "jupyterhub.sqlite").exists()


def test_a_former_proxy_is_ended_and_nothing_else_that_has_its_number(tmp_path):
    file = tmp_path / "proxy.pid"
    waits = [sys.executable, "-c", "import time; time.sleep(10_000)"]
    with subprocess.Popen([*waits, "configurable-http-proxy"]) as proxy, subprocess.Popen(waits) as other:
        file.write_text(str(other.pid))
        end_former_proxy(file)
        assert other.poll() is None and not file.exists(), "JupyterHub would end whatever has the number"
        file.write_text(str(proxy.pid))
        end_former_proxy(file)
        assert proxy.wait(PATIENCE) < 0 and not file.exists()
        other.kill()
    file.write_text("nonsense")
    end_former_proxy(file)
    end_former_proxy(file)
    assert not file.exists()


def test_another_command_that_reads_the_configuration_is_not_looked_at(tmp_path):
    assert not hub_checks.starting()
    hub = f"from autograder.interactive import hub; hub.configure(c, exchange={str(tmp_path)!r}); hub.make_ready(c)\n"
    (tmp_path / "config.py").write_text(hub + "c.ConfigurableHTTPProxy.command = 'no-such-proxy'\n")
    token = [sys.executable, "-m", "jupyterhub", "token", "-f", "config.py", "somebody"]
    done = subprocess.run(token, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "no-such-proxy" not in done.stderr and not (tmp_path / hub_checks.LOCK).exists()


def test_systemd_understands_the_unit_of_the_hub(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is missing")
    text = (LAB / "gradients-hub.service").read_text()
    there = text.replace("/srv/gradients/.venv/bin/jupyterhub", "/bin/true").replace("=/etc/jupyterhub\n", "=/tmp\n")
    assert there != text
    (tmp_path / "gradients-hub.service").write_text(there)
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "gradients-hub.service"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
