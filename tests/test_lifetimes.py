"""No process outlives its owner, however the owner ends: it, a worker, the server or a keeper is killed for real
while a notebook runs that has started daemons."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from escaping import TRIED
from programs import SANDBOX, need
from running import runs
from sampled import asked_for, rest
from waiting import wait_until

from autograder.sandbox import forkserver

MARK = "98765.{}"
OWNER = """
import sys, threading
sys.path.insert(0, {tests!r})
from autograder.sandbox.provisioner import forkserver
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
'''], cell_seconds=1000.0, total_seconds=1000.0, isolation={isolation!r})"""
IN_THREAD = "threading.Thread(target=lambda: {busy}, daemon=True).start()"
IN_WORKER = """
import json, os, subprocess
shared = os.environ | {{forkserver.SHARED_VARIABLE: json.dumps({{"start_here": str(server.address)}})}}
code = "import sys; sys.path.insert(0, {tests!r})\\nfrom escaping import run\\n" + {busy!r}
worker = subprocess.Popen([sys.executable, "-c", code], env=shared)
print(worker.pid, flush=True)
"""


def daemons(mark):
    return [p for p in psutil.process_iter(["cmdline"]) if mark in " ".join(p.info["cmdline"] or [])
            and p.info["cmdline"][0] == "sleep"]  # fmt: skip


class Family:
    """An owner of a fork server with a busy notebook, as a process of its own."""

    def __init__(self, isolation, name, in_worker=False):
        need(*SANDBOX)
        tests, self.mark = str(Path(__file__).parent), MARK.format(abs(hash((isolation, name))) % 10**6)
        busy = BUSY.format(mark=self.mark, isolation=isolation)
        worker = (IN_WORKER if in_worker else IN_THREAD).format(busy=busy, tests=tests)
        code = OWNER.format(tests=tests, isolation=isolation, worker=worker)
        self.owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert self.owner.stdout
        self.worker = psutil.Process(int(self.owner.stdout.readline())) if in_worker else None
        self.server = psutil.Process(int(self.owner.stdout.readline()))
        assert wait_until(lambda: len(daemons(self.mark)) >= 3)
        self.members = [self.server, *self.server.children(recursive=True)]

    def python(self):
        """The Python processes of the family, in the order in which they started: server, keeper, kernel."""
        found = [p for p in self.members if p.is_running() and "python" in p.name()]
        return sorted(found, key=lambda p: p.create_time())

    def alive(self):
        return [p for p in self.members if runs(p)] + daemons(self.mark)

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


CASES = [(killed, isolation) for killed in KILLS for isolation in ("strict", "none")]
CASES.remove(("bubblewrap", "none"))


def left_after(killed, isolation):
    """What is alive of a family after a kill, once nothing is or long after."""
    family = Family(isolation, killed, in_worker=killed == "the worker")
    served_on = killed in ("the keeper", "the kernel", "the worker")  # by the server, which serves others too
    try:
        KILLS[killed](family)
        left = (lambda: daemons(family.mark)) if served_on else family.alive
        wait_until(lambda: not left())
        return [str(process) for process in left()]
    finally:
        family.end()
        for process in daemons(family.mark):
            process.kill()


@pytest.fixture(scope="module")
def left(request):
    cases = [case for case in CASES if case in asked_for(request, "case")]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(cases, pool.map(lambda case: left_after(*case), cases), strict=True))


@pytest.mark.parametrize("case", [case if case[1] == "strict" else rest(case) for case in CASES], ids=", ".join)
def test_nothing_outlives_what_is_killed(case, left):
    alive = left[case]
    TRIED.append(("killed", ", ".join(case), ", ".join(alive) or "all gone"))
    assert alive == []


def folder_of(family):
    """The temporary folder of a family's fork server."""
    command = " ".join(psutil.Process(family.server.pid).cmdline())
    return next(path for path in Path(forkserver.short_folder()).glob(f"{forkserver.PREFIX}*") if str(path) in command)


@pytest.mark.alone  # whoever starts a fork server meanwhile removes it
def test_the_folder_of_an_owner_that_was_killed_is_removed_by_the_next():
    killed, living = Family("strict", "folder of one killed"), Family("strict", "folder of one that lives")
    try:
        old, used = folder_of(killed), folder_of(living)
        killed.owner.kill()
        assert wait_until(lambda: not killed.alive())
        assert old.exists()
        forkserver.remove_left_behind()
        assert not old.exists() and used.exists()
    finally:
        killed.end()
        living.end()
    assert wait_until(lambda: not living.alive())
