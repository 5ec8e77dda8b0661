"""JupyterHubs that run: started in a folder of their own, and ended with all that they started."""

import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress

import psutil
import pytest
from ports import free_port
from programs import need
from waiting import PATIENCE, wait_until

from autograder.course import PROJECT
from autograder.interactive.hub import EXCHANGE_VARIABLE

PASSWORD = "a password for trials"


class RunningHub:
    """A hub with its proxy, at ``address``. ``folder`` holds what it writes, its exchange is below it too."""

    def __init__(self, folder, port, config, variables):
        self.folder, self.address = folder, f"http://127.0.0.1:{port}"
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", config], cwd=PROJECT, stdout=log, stderr=log,
                env=os.environ | variables | {"HUB_FOLDER": str(folder)}, start_new_session=True,
            )  # fmt: skip

    def answers(self):
        try:
            urllib.request.urlopen(f"{self.address}/hub/login", timeout=PATIENCE).close()
        except OSError:  # the proxy, or the hub behind it, is not there yet
            return False
        return True

    def log(self):
        return (self.folder / "log").read_text()[-3000:]

    def left(self):
        """Processes that this hub started, however indirectly: their environment names its folder."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                named = process.environ()
                exchange = named.get(EXCHANGE_VARIABLE, "")
                if named.get("HUB_FOLDER") == str(self.folder) or exchange.startswith(f"{self.folder}/"):
                    found.append(process)
        return found

    def end(self):
        """End it as Ctrl-C does. Returns what had to be killed after that."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        _, left = psutil.wait_procs(self.left(), timeout=PATIENCE)
        told = [f"{process.pid}: {process.cmdline()}" for process in left]
        for process in left:
            process.kill()
        self.process.wait()
        return told


@contextmanager
def running(hub):
    """The hub, once it answers; it is ended at last. The test fails if any of its processes outlives it."""
    try:
        wait_until(lambda: hub.process.poll() is not None or hub.answers())
        assert hub.answers(), f"the hub did not start:\n{hub.log()}"
        yield hub
    finally:
        left = hub.end()
    assert not left


class TrialHub(RunningHub):
    """The hub of ``make hub``. Its users are instructor, student-1, student-2, …"""

    def __init__(self, folder):
        port = free_port()
        super().__init__(folder, port, "lab/trial.py", {"HUB_PORT": str(port), "HUB_PASSWORD": PASSWORD})
        self.course, self.exchange = folder / "gradients", folder / "exchange" / "gradients"

    def home(self, user):
        return self.folder / "users" / user


@pytest.fixture
def trial_hub(tmp_path):
    need("npm", "proxy")
    with running(TrialHub(tmp_path)) as hub:
        yield hub
