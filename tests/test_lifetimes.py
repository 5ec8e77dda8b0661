"""No process outlives its owner, however the owner ends: it, a worker, the server or a keeper is killed for real
while a notebook runs that has started daemons."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from escaping import TRIED

MARK = "98765.{}"
OWNER = """
import sys, threading
sys.path.insert(0, {tests!r})
from autograder import forkserver
from escaping import run
server = forkserver.start("start_here", {isolation!r})
server.wait_until_ready()
{worker}
print(server.process.pid, flush=True)
threading.Event().wait()
"""
BUSY = """run(after=['''
import subprocess, time
subprocess.Popen(["sleep", {mark!r}], start_new_session=True)
subprocess.Popen(["setsid", "sh", "-c", "sleep {mark} & sleep {mark}"])
while True: time.sleep(1)
'''], cell_seconds=60.0, isolation={isolation!r})"""
IN_THREAD = "threading.Thread(target=lambda: {busy}, daemon=True).start()"
IN_WORKER = """
import json, os, subprocess
shared = os.environ | {{forkserver.SHARED: json.dumps({{"start_here": str(server.address)}})}}
code = "import sys; sys.path.insert(0, {tests!r})\\nfrom escaping import run\\n" + {busy!r}
worker = subprocess.Popen([sys.executable, "-c", code], env=shared)
print(worker.pid, flush=True)
"""


def daemons(mark):
    return [p for p in psutil.process_iter(["cmdline"]) if mark in " ".join(p.info["cmdline"] or [])
            and p.info["cmdline"][0] == "sleep"]  # fmt: skip


def wait_for(condition, seconds=15.0):
    """Whether a condition comes true."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


class Family:
    """An owner of a fork server with a busy notebook, as a process of its own."""

    def __init__(self, isolation, name, in_worker=False):
        tests, self.mark = str(Path(__file__).parent), MARK.format(abs(hash((isolation, name))) % 10**6)
        busy = BUSY.format(mark=self.mark, isolation=isolation)
        worker = (IN_WORKER if in_worker else IN_THREAD).format(busy=busy, tests=tests)
        code = OWNER.format(tests=tests, isolation=isolation, worker=worker)
        self.owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert self.owner.stdout
        self.worker = psutil.Process(int(self.owner.stdout.readline())) if in_worker else None
        self.server = psutil.Process(int(self.owner.stdout.readline()))
        assert wait_for(lambda: len(daemons(self.mark)) >= 3)
        self.members = [self.server, *self.server.children(recursive=True)]

    def python(self):
        """The Python processes of the family, in the order in which they started: server, keeper, kernel."""
        found = [p for p in self.members if p.is_running() and "python" in p.name()]
        return sorted(found, key=lambda p: p.create_time())

    def alive(self):
        return [p for p in self.members if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] + daemons(self.mark)

    def end(self):
        self.owner.kill()
        self.owner.wait()
        if self.owner.stdout:
            self.owner.stdout.close()


KILLS = {
    "the owner": lambda family: family.owner.kill(),
    "the server": lambda family: family.python()[0].kill(),
    "the keeper": lambda family: family.python()[1].kill(),
    "the kernel": lambda family: family.python()[2].kill(),
    "bubblewrap": lambda family: family.server.kill(),
    "the worker": lambda family: family.worker.kill(),
}


@pytest.mark.parametrize("isolation", ["strict", "none"])
@pytest.mark.parametrize("killed", KILLS)
def test_nothing_outlives_what_is_killed(killed, isolation):
    if isolation == "none" and killed == "bubblewrap":
        pytest.skip("there is none")
    family = Family(isolation, killed, in_worker=killed == "the worker")
    try:
        KILLS[killed](family)
        left = family.alive
        if killed in ("the keeper", "the kernel", "the worker"):  # the server serves others

            def left():
                return daemons(family.mark)

        gone = wait_for(lambda: not left(), 8.0)
        TRIED.append(("killed", f"{killed}, {isolation}", "all gone" if gone else json.dumps([str(p) for p in left()])))
        assert gone, left()
    finally:
        family.end()
        for process in daemons(family.mark):
            process.kill()
