"""Processors are shared: whatever a kernel starts, its neighbours get theirs, and what evades that is ended."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from escaping import TRIED, UNIT, run
from waiting import wait_until

from autograder.inside import sharing, usage
from autograder.kernels import forkserver, sandbox

pytestmark = pytest.mark.alone

MANY, FAR = 95, 40
CROWDS = {
    "sessions": f"""
        import os
        all_there, last = os.pipe()
        for n in range({MANY}):
            if os.fork() == 0:
                os.close(last); os.setsid(); os.read(all_there, 1); break
        else: os.close(last)
        while True: pass""",
    "processes": f"""
        import os
        all_there, last = os.pipe()
        for n in range({MANY}):
            if os.fork() == 0:
                os.close(last); os.read(all_there, 1); break
        else: os.close(last)
        while True: pass""",
    "waking each other": f"""
        import os, signal
        all_there, last = os.pipe()
        for n in range({MANY}):
            if os.fork() == 0:
                os.close(last); os.read(all_there, 1); break
        else: os.close(last)
        while True: os.kill(-1, signal.SIGCONT)""",
    "threads": f"""
        import hashlib, threading; threading.stack_size(2**18)
        all_there = threading.Barrier({MANY})
        def work(): all_there.wait(); hashlib.pbkdf2_hmac('sha256', b'x', b'x', 10**9)
        for n in range({MANY} - 1): threading.Thread(target=work, daemon=True).start()
        work()""",
}
CHAINS = """
    import os, signal
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for n in range(40):
        if os.fork() == 0:
            while True:
                os.setsid()
                for n in range(20_000): pass
                if os.fork(): os._exit(0)
    while True: signal.pause()"""
HONEST = "import time\nwhile time.process_time() < 3: pass"
PATIENT = {"processes": 128, "cell_seconds": 300.0, "total_seconds": 300.0}


def children(process):
    """The processes that a process has started."""
    try:
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
    except OSError:  # it has ended
        return []


def keepers_of(server):
    """The keepers of a fork server, which is below two processes of bubblewrap."""
    inner = server.process.pid
    for _ in range(2):
        (inner,) = children(inner)
    return {keeper for keeper in children(inner) if children(keeper)}


def keepers():
    return keepers_of(forkserver.start(UNIT.name, sandbox.STRICT))


class Family:
    """A kernel that has just started, and all that it starts, as seen from outside."""

    def __init__(self, keeper):
        self.keeper = keeper

    @classmethod
    @contextmanager
    def of(cls, pool, *cells, **limits):
        """Run cells, while the block does something else."""
        before = keepers()
        done = pool.submit(run, after=cells, **(PATIENT | limits))
        assert wait_until(lambda: keepers() - before, 60)
        family = cls(*(keepers() - before))
        try:
            yield family, done
        finally:
            with suppress(OSError):
                os.kill(family.keeper, signal.SIGKILL)

    def seconds(self):
        """Processor seconds that it has used."""
        return sum(sum(times) for times in self._each(lambda one: one.cpu_times()[:2]))

    def threads(self):
        return sum(self._each(lambda one: one.num_threads()))

    def _each(self, tell):
        for process in usage.descendants(self.keeper):
            with suppress(psutil.Error):
                yield tell(psutil.Process(process))


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_crowd_of_one_kernel_gets_no_more_than_a_few_shares(crowd):
    """Beside it runs a notebook with a single thread, which gets at least a third of what all the crowd gets."""
    forkserver.start(UNIT.name, sandbox.STRICT).wait_until_ready()
    with ThreadPoolExecutor() as pool, Family.of(pool, CROWDS[crowd]) as (busy, _):
        assert wait_until(lambda: busy.threads() > MANY, 120)
        with Family.of(pool, HONEST) as (honest, done):
            before, own, now = busy.seconds(), honest.seconds(), 0.0
            while not done.done() and busy.seconds() - before < FAR:
                after, now = busy.seconds(), max(now, honest.seconds())
                time.sleep(0.05)
            assert done.done(), f"{after - before:.1f} s for the crowd, {now - own:.1f} s for the other"
    outcome = done.result()
    TRIED.append(("shares", crowd, f"{after - before:.1f} processor seconds, beside {now - own:.1f} of an honest one"))
    assert outcome.full and not outcome.findings
    assert after - before < 3 * (now - own)


def test_no_process_gets_away_from_standing_still():
    """Each of them forks the next one and ends, so that a signal to those that were listed would miss many."""
    forkserver.start(UNIT.name, sandbox.STRICT).wait_until_ready()
    with ThreadPoolExecutor() as pool, Family.of(pool, CHAINS) as (busy, _):
        assert wait_until(lambda: len(usage.descendants(busy.keeper)) > FAR / 2, 120)
        looks = []
        while len(looks) < 300:
            time.sleep(0.02)
            states = [(sharing._stat(Path(f"/proc/{one}")) or "?")[0] for one in usage.descendants(busy.keeper)]
            looks.append(("T" in states, "R" in states or "?" in states))
    still, partly = looks.count((True, False)), looks.count((True, True))
    TRIED.append(("shares", "chains of processes", f"of 300 looks, {still} saw none run, and {partly} some of them"))
    assert still and partly < 75


def test_time_limits_go_by_what_a_kernel_does_not_by_how_busy_the_machine_is():
    """Twice as many busy notebooks as processors run beside one that needs half of the time that it may take."""
    forkserver.start(UNIT.name, sandbox.STRICT).wait_until_ready()
    busy = "import time\nwhile time.process_time() < 12: pass"
    with ThreadPoolExecutor(99) as pool:
        others = [pool.submit(run, after=[busy], **PATIENT) for _ in range(2 * sharing.PROCESSORS)]
        assert wait_until(lambda: len(keepers()) == len(others), 60)
        outcome = run(after=[HONEST], cell_seconds=6.0, total_seconds=60.0)
        assert outcome.full and not outcome.findings
        assert all(not other.result().findings for other in others)


def test_a_crowd_owes_what_it_has_beyond_a_single_thread(monkeypatch):
    """Real processes, which nobody stops here: then they are taken to evade it."""
    monkeypatch.setattr(sharing, "EVADES", 0.01)
    crowd = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4 * sharing.PROCESSORS)]
    try:
        alone, together = sharing.Share(), sharing.Share()
        assert wait_until(lambda: together.look([one.pid for one in crowd]) == len(crowd), 60)
        for _ in range(40):
            time.sleep(0.05)
            alone.look([crowd[0].pid])
            together.look([one.pid for one in crowd])
        assert alone.owed <= 0 < together.owed and together.evaded and not alone.evaded
    finally:
        for one in crowd:
            one.kill()
            one.wait()
