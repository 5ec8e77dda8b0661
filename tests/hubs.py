"""JupyterHubs that run: started in a folder of their own, and ended with all that they started."""

import os
import signal
import subprocess
import sys
import time
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
LONGEST_STOP = 30.0


class RunningHub:
    """A hub with its proxy, at ``address``. ``folder`` holds what it writes, its exchange is below it too."""

    def __init__(self, folder, port, config, variables):
        self.folder, self.address = folder, f"http://127.0.0.1:{port}"
        self.command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        self.variables = os.environ | variables | {"HUB_FOLDER": str(folder)}
        self.start()

    def start(self):
        """Start it, as a shell starts what runs behind (``make hub &``): interrupts are ignored."""
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *self.command], cwd=PROJECT, stdout=log, stderr=log,
                env=self.variables, start_new_session=True,
            )  # fmt: skip

    def wait_for(self):
        """Wait until it answers."""
        wait_until(lambda: self.process.poll() is not None or self.answers())
        assert self.answers(), f"the hub did not start:\n{self.log()}"

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

    def kill(self):
        """Kill it alone, as a crash does. What it started must end by itself."""
        self.process.kill()
        self.process.wait()
        _, left = psutil.wait_procs(self.left(), timeout=PATIENCE)
        assert not left, [process.cmdline() for process in left]

    def end(self):
        """End it as Ctrl-C does. Returns what had to be killed after that, and how many seconds it took to stop."""
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        _, left = psutil.wait_procs(self.left(), timeout=PATIENCE)
        seconds = time.monotonic() - begun
        told = [f"{process.pid}: {process.cmdline()}" for process in left]
        for process in left:
            process.kill()
        self.process.wait()
        return told, seconds


@contextmanager
def running(hub):
    """The hub, once it answers; it is ended at last. The test fails if any of its processes outlives it, or if it takes
    so long to stop that it must have waited for one that does not listen. On a quiet machine it takes 2 to 8 s."""
    try:
        hub.wait_for()
        yield hub
    finally:
        left, seconds = hub.end()
        print(f"the hub stopped in {seconds:.1f} s")
    assert not left
    assert seconds < LONGEST_STOP


class TrialHub(RunningHub):
    """The hub of ``make hub``. Its users are instructor, student-1, student-2, …"""

    def __init__(self, folder, config="lab/trial.py"):
        port = free_port()
        super().__init__(folder, port, config, {"HUB_PORT": str(port), "HUB_PASSWORD": PASSWORD})
        self.course, self.exchange = folder / "gradients", folder / "exchange" / "gradients"

    def home(self, user):
        return self.folder / "users" / user


@pytest.fixture
def trial_hub(tmp_path):
    need("npm", "proxy")
    with running(TrialHub(tmp_path)) as hub:
        yield hub
