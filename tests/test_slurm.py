"""The hub with Slurm's configuration: a server as a job, by the real spawner. Slurm itself is four small scripts here,
which run the job on this machine."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from getpass import getuser
from pathlib import Path

import psutil
import pytest
from running import wait_until
from trial_hub import PROXY

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
from autograder import hub
hub.serve(c, hub.Course("gradients", ["{user}"], [], Path("{folder}"), None, {formgrader}), exchange=Path("{folder}"))
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
scopes = ["admin:servers", "access:servers", "list:users", "read:users"]
c.JupyterHub.load_roles.append({{"name": "test", "services": ["test"], "scopes": scopes}})
c.ConfigurableHTTPProxy.command = ["{proxy}"]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
"""


def free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class SlurmHub:
    """A hub whose servers are jobs."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()
        for name, script in SLURM.items():
            (folder / "bin" / name).write_text(f"#!/bin/bash\nJOBS={folder}\n{script}\n")
            (folder / "bin" / name).chmod(0o755)
        port, hub, api, formgrader = free_ports(4)
        self.address = f"http://127.0.0.1:{port}"
        names = {"user": USER, "folder": folder, "token": TOKEN, "proxy": PROXY}
        (folder / "config.py").write_text(
            CONFIGURATION.format(**names, port=port, hub=hub, api=api, formgrader=formgrader)
        )
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", folder / "config.py"], stdout=log, stderr=log, cwd=folder,
                env=os.environ | {"PATH": path}, start_new_session=True,
            )  # fmt: skip

    def ask(self, method, place):
        """The status of a request as somebody who may do everything, and the JSON it brings."""
        request = urllib.request.Request(
            self.address + place, method=method, headers={"Authorization": f"token {TOKEN}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else {}
        except urllib.error.HTTPError as error:
            return error.code, {}
        except OSError:
            return 0, {}

    def end(self):
        family = [self.process, *psutil.Process(self.process.pid).children(recursive=True)]
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture
def slurm_hub(tmp_path):
    if not PROXY.exists():
        missing = "the hub's proxy is not here; install it with: make hub (Ctrl-C ends it)"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    hub = SlurmHub(tmp_path)
    yield hub
    hub.end()


def test_a_server_is_a_job(slurm_hub, tmp_path):
    hub = slurm_hub
    log = tmp_path / "log"
    assert wait_until(lambda: hub.ask("GET", f"/hub/api/users/{USER}")[0] == 200, 60), log.read_text()
    assert hub.ask("POST", f"/hub/api/users/{USER}/server")[0] in (201, 202), log.read_text()
    deadline = time.monotonic() + 90
    while not (state := hub.ask("GET", f"/hub/api/users/{USER}")[1].get("servers", {}).get("", {})).get("ready"):
        told = f"{log.read_text()}\n{(tmp_path / 'output').read_text() if (tmp_path / 'output').exists() else ''}"
        assert time.monotonic() < deadline, told
        time.sleep(0.3)
    assert state and hub.ask("GET", f"/user/{USER}/api/status")[0] == 200
    script = (tmp_path / "script").read_text()
    for line in ("--gres=gpu:1", "--mem=16G", "--cpus-per-task=4", "--time=08:00:00", "--partition=PARTITION"):
        assert line in script, script
    server = psutil.Process(int((tmp_path / "id").read_text()))
    assert "USE_GPU" not in server.environ(), "Slurm hands out the cards"

    assert hub.ask("DELETE", f"/hub/api/users/{USER}/server")[0] in (202, 204)
    assert wait_until(lambda: Path(tmp_path / "cancelled").exists(), 60), log.read_text()
    psutil.wait_procs([server], timeout=30)
    assert not server.is_running()
