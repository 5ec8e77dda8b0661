"""A hub with two courses and Slurm's configuration: who may open which formgrader, and a server as a job.

The spawner is the real one. Slurm itself is four small scripts here, which run the job on this machine.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request
from getpass import getuser

import psutil
import pytest
from hubs import RunningHub, running
from ports import free_ports
from programs import need
from waiting import PATIENCE, wait_until

from autograder.interactive.hub import LAB

USER, TOKEN = getuser(), "a-token-for-this-test-alone"
SLURM = {
    "sbatch": """cat > "$JOBS/script"
setsid bash "$JOBS/script" > "$JOBS/output" 2>&1 < /dev/null &
echo $! | tee "$JOBS/id" """,
    "srun": 'exec "$@"',
    "squeue": 'kill -0 "$3" 2> /dev/null && echo "RUNNING localhost" || echo',
    "scancel": 'echo "$1" > "$JOBS/cancelled"; kill -- "-$1"',
}
CONFIGURATION = """
from pathlib import Path
from autograder.interactive import hub
courses = [hub.HubCourse("gradients", ["{user}"], ["emmy"], Path("{folder}/gradients"), None, {first}),
           hub.HubCourse("vision", ["emmy"], ["{user}"], Path("{folder}/vision"), None, {second})]
hub.configure(c, *courses, exchange=Path("{folder}/exchange"))
load_subconfig(str(hub.LAB / "slurm.py"))
c.SlurmSpawner.exec_prefix = ""  # else sudo, which makes the job the user's own
c.SlurmSpawner.args = hub.IN_TRIAL
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.hub_ip = c.JupyterHub.hub_connect_ip = "127.0.0.1"
c.JupyterHub.hub_port = {hub}
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret_file = "{folder}/secret"
c.JupyterHub.services.append({{"name": "test", "api_token": "{token}"}})
scopes = ["admin:servers", "access:servers", "list:users", "read:users", "tokens"]
c.JupyterHub.load_roles.append({{"name": "test", "services": ["test"], "scopes": scopes}})
c.ConfigurableHTTPProxy.command = ["{proxy}"]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
"""


class HubOfJobs(RunningHub):
    """A hub with two courses, whose servers are jobs."""

    def __init__(self, folder):
        (folder / "bin").mkdir()
        for name, script in SLURM.items():
            (folder / "bin" / name).write_text(f"#!/bin/bash\nJOBS={folder}\n{script}\n")
            (folder / "bin" / name).chmod(0o755)
        for course in ("gradients", "vision"):
            subprocess.run([LAB / "make_course.sh", folder / "exchange", folder / course, USER], check=True)
        port, hub, api, first, second = free_ports(5)
        names = {"user": USER, "folder": folder, "token": TOKEN, "proxy": need("npm", "proxy")}
        (folder / "config.py").write_text(
            CONFIGURATION.format(**names, port=port, hub=hub, api=api, first=first, second=second)
        )
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
        super().__init__(folder, port, folder / "config.py", {"PATH": path})

    def ask(self, method, place, token=TOKEN):
        """The status of a request, by default of somebody who may do everything, and the JSON it brings."""
        request = urllib.request.Request(
            self.address + place, method=method, headers={"Authorization": f"token {token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            return error.code, {}
        except OSError:
            return 0, {}


@pytest.fixture(scope="module")
def hub_of_two(tmp_path_factory):
    with running(HubOfJobs(tmp_path_factory.mktemp("hub"))) as hub:
        assert wait_until(lambda: hub.ask("GET", f"/hub/api/users/{USER}")[0] == 200), hub.log()
        yield hub


def test_each_instructor_opens_the_formgrader_of_their_own_course(hub_of_two):
    hub = hub_of_two
    opened = {}
    for who in (USER, "emmy"):
        token = hub.ask("POST", f"/hub/api/users/{who}/tokens")[1]["token"]
        for course in ("gradients", "vision"):
            place = f"/services/{course}/formgrader/api/assignments"
            assert wait_until(lambda: hub.ask("GET", place, token)[0] in (200, 403)), hub.log()  # noqa: B023
            opened[who, course] = hub.ask("GET", place, token)[0]
    assert opened == {
        (USER, "gradients"): 200,
        (USER, "vision"): 403,
        ("emmy", "gradients"): 403,
        ("emmy", "vision"): 200,
    }


def test_a_server_is_a_job(hub_of_two):
    hub, folder = hub_of_two, hub_of_two.folder
    server = f"/hub/api/users/{USER}/server"
    assert hub.ask("POST", server)[0] in (201, 202), hub.log()
    assert wait_until(lambda: hub.ask("GET", f"/user/{USER}/api/status")[0] == 200), hub.log()
    assert "Python 3 (confined)" in str(hub.ask("GET", f"/user/{USER}/api/kernelspecs")[1])
    script = (folder / "script").read_text()
    for line in ("--gres=gpu:1", "--mem=16G", "--cpus-per-task=4", "--time=08:00:00", "--partition=PARTITION"):
        assert line in script, script
    job = psutil.Process(int((folder / "id").read_text()))
    assert "USE_GPU" not in job.environ(), "Slurm hands out the cards"

    assert hub.ask("DELETE", server)[0] in (202, 204)
    assert wait_until(lambda: (folder / "cancelled").exists()), hub.log()
    psutil.wait_procs([job], timeout=PATIENCE)
    assert not job.is_running()
