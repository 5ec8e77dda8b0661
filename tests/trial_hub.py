"""The hub of ``make hub``, started for a test in a folder of its own, and ended with all that it started."""

import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from ports import free_port
from programs import need
from waiting import PATIENCE, wait_until

from autograder.course import PROJECT

PASSWORD = "a password for trials"


class TrialHub:
    """A JupyterHub with its proxy. Its users are instructor, student-1, student-2, …"""

    def __init__(self, folder):
        self.folder, self.course, self.exchange = folder, folder / "gradients", folder / "exchange" / "gradients"
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        variables = {"HUB_FOLDER": str(folder), "HUB_PORT": str(port), "HUB_PASSWORD": PASSWORD}
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", "lab/trial.py"],
                cwd=PROJECT, env=os.environ | variables, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_until_it_answers(self):
        """Return once it does; fail if it ends instead."""
        wait_until(lambda: self.process.poll() is not None or self.answers())
        assert self.answers(), f"the hub did not start:\n{(self.folder / 'log').read_text()[-3000:]}"

    def answers(self):
        try:
            urllib.request.urlopen(f"{self.address}/hub/login", timeout=PATIENCE).close()
        except OSError:  # the proxy, or the hub behind it, is not there yet
            return False
        return True

    def home(self, user):
        return self.folder / "users" / user

    def left(self):
        """Processes that this hub started, however indirectly: their environment names its folder."""
        found = []
        for process in psutil.process_iter():
            try:
                variables = process.environ()
            except psutil.Error:
                continue
            if str(self.folder) in (
                variables.get("HUB_FOLDER"),
                str(Path(variables.get("GRADIENTS_EXCHANGE", "")).parent),
            ):
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


@pytest.fixture
def trial_hub(tmp_path):
    """A hub that answers. The test fails if any of its processes outlives it."""
    need("npm", "proxy")
    hub = TrialHub(tmp_path)
    try:
        hub.wait_until_it_answers()
        yield hub
    finally:
        left = hub.end()
    assert not left
