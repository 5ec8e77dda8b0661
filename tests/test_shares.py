"""Processors are shared: whatever a kernel starts, its neighbours get their share, and what evades this is ended."""

import os
import shutil
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
from keepers import keepers_of
from sampled import few
from waiting import wait_until

from autograder.sandbox import bubblewrap, forkserver
from autograder.sandbox.inside import sharing, usage

pytestmark = pytest.mark.alone

MANY, FAR = 95, 90
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
import mmap, os, signal, struct
from pathlib import Path
from autograder.sandbox.inside import confine, sharing, usage
from waiting import wait_until

MANY = 40
counters = mmap.mmap(-1, 8 * MANY)  # how many processes each chain has had so far

def chain(number):
    while True:
        os.setsid()
        count, = struct.unpack_from("q", counters, 8 * number)
        struct.pack_into("q", counters, 8 * number, count + 1)
        for _ in range(100 * number): pass
        if os.fork(): os._exit(0)

confine.die_with_parent()
kernel = os.fork()
if kernel == 0:
    confine.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for n in range(MANY):
        if os.fork() == 0: chain(n)
    while True: signal.pause()

def counts():
    return struct.unpack(f"{MANY}q", counters[:])

def states():
    family = [kernel, *usage.descendants(kernel)]
    return {process: (sharing._stat(Path(f"/proc/{process}")) or "?")[0] for process in family}

def all_stand_still():
    before = counts(), states()
    return len(before[1]) > MANY and set(before[1].values()) == {"T"} and (counts(), states()) == before

try:
    assert wait_until(lambda: min(counts()) > 3)
    share = sharing.Share(alone=True)
    share.stop([kernel])
    assert wait_until(all_stand_still), states()
    still = counts(), states()
    assert all((counts(), states()) == still for _ in range(100))
    share.let_go([kernel])
    assert wait_until(lambda: all(now > then for now, then in zip(counts(), still[0])))
    print("held")
finally:
    os.kill(kernel, signal.SIGKILL)
"""
PATIENT = {"processes": 128, "cell_seconds": 300.0, "total_seconds": 300.0}


def computing(seconds):
    """A cell that needs so many processor seconds."""
    return f"import time\nwhile time.process_time() < {seconds}: pass"


def keepers():
    return keepers_of(forkserver.start(UNIT.name, bubblewrap.STRICT))


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


@pytest.mark.parametrize("crowd", few(CROWDS, lambda crowd: crowd != "sessions"))
def test_a_crowd_of_one_kernel_gets_no_more_than_a_few_shares(crowd):
    """Beside the crowd runs a notebook with a single thread. It gets at least a third of what all the crowd gets. Both
    are compared while the notebook computes, not while its kernel starts or its marks are made. A hundred sessions keep
    the keeper from its processor for seconds and pay for that afterwards, so beside them the notebook computes longer.
    """
    seconds = 12 if crowd == "sessions" else 3
    forkserver.start(UNIT.name, bubblewrap.STRICT).wait_until_ready()
    seen: list[tuple[float, float]] = []
    with ThreadPoolExecutor() as pool, Family.of(pool, CROWDS[crowd]) as (busy, _):
        assert wait_until(lambda: busy.threads() > MANY, 120)
        with Family.of(pool, computing(seconds)) as (honest, done):
            while not done.done() and (not seen or seen[-1][0] - seen[0][0] < FAR):
                seen.append((busy.seconds(), honest.seconds()))
                time.sleep(0.05)
            assert done.done(), f"from {seen[0]} to {seen[-1]} processor seconds of the crowd and of the other"
    outcome = done.result()
    assert outcome.full and not outcome.findings
    own = seen[0][1]
    meanwhile = [both for both in seen if 0.1 < (both[1] - own) / seconds < 0.9]
    others, its = (last - first for first, last in zip(meanwhile[0], meanwhile[-1], strict=True))
    TRIED.append(("shares", crowd, f"{others:.1f} processor seconds, beside {its:.1f} of an honest one"))
    assert others < 3 * its


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare")
def test_no_process_gets_away_from_standing_still():
    """Each process forks the next one and ends, so that signals to listed processes miss many. The process that holds
    them is outside the namespace of the forks, as a keeper is."""
    here = Path(__file__).parent
    words = ["unshare", "--map-root-user", "--pid", sys.executable, "-c", CHAINS]
    done = subprocess.run(words, cwd=here, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(here)})
    TRIED.append(("shares", "chains of processes", "all stand still, then all go on"))
    assert done.stdout == "held\n", done.stderr


@pytest.mark.exhaustive
def test_time_limits_go_by_what_a_kernel_does_not_by_how_busy_the_machine_is():
    """Twice as many busy notebooks as processors run beside one that needs half of its time limit."""
    forkserver.start(UNIT.name, bubblewrap.STRICT).wait_until_ready()
    with ThreadPoolExecutor(99) as pool:
        others = [pool.submit(run, after=[computing(12)], **PATIENT) for _ in range(2 * sharing.PROCESSORS)]
        assert wait_until(lambda: len(keepers()) == len(others), 60)
        outcome = run(after=[computing(3)], cell_seconds=6.0, total_seconds=60.0)
        assert outcome.full and not outcome.findings
        assert all(not other.result().findings for other in others)


@pytest.fixture
def busy_processes():
    """More busy processes than there are processors."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4 * sharing.PROCESSORS)]
    yield started
    for one in started:
        one.kill()
        one.wait()


def test_what_ran_until_it_stood_still_is_not_paid_off(busy_processes):
    family = [one.pid for one in busy_processes]

    def used():
        return sum(sum(psutil.Process(one).cpu_times()[:2]) for one in family)

    share, since = sharing.Share(), time.monotonic()
    share.look(family)
    share.owed, before = 5.0, used()
    assert wait_until(lambda: used() > before + 1)
    share.stop(family)
    assert wait_until(lambda: all(psutil.Process(one).status() == psutil.STATUS_STOPPED for one in family))
    assert share.look(family) == 0
    assert share.owed > 5 - (time.monotonic() - since) + 0.9


def test_a_crowd_owes_what_it_has_beyond_a_single_thread(monkeypatch, busy_processes):
    """The processes are real. Nobody stops them here, so they are taken to evade being stopped."""
    monkeypatch.setattr(sharing, "EVADES", 0.01)
    crowd = [one.pid for one in busy_processes]
    alone, together = sharing.Share(), sharing.Share()
    assert wait_until(lambda: together.look(crowd) == len(crowd), 60)
    for _ in range(40):
        time.sleep(0.05)
        alone.look(crowd[:1])
        together.look(crowd)
    assert alone.owed <= 0 < together.owed and together.evaded and not alone.evaded
