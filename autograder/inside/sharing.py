"""A kernel's share of the processors, and its clock.

Linux shares processors among threads, or among sessions: a kernel that starts a hundred of them would leave its
neighbours a hundredth. So a kernel, with all that it started, gets what a single thread beside it gets. What it had
beyond that, all of it pays for by standing still.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from autograder.inside import machine

CREDIT = 1.0  # processor seconds that a kernel may be ahead
EVADES = 10.0  # seconds of all processors that it may owe: it runs on although it is stopped
SLOWEST = 5.0  # seconds on the wall that the clock takes for one of its own, at most
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
TICKS = os.sysconf("SC_CLK_TCK")


class Share:
    """What one kernel, with all that it started, has had of the processors.

    ``alone``: the kernel is the first process of a namespace in which this process's forks are, and nobody else's.
    """

    def __init__(self, alone: bool = False) -> None:
        self.alone = alone
        self.clock = 0.0
        """Seconds as on the wall, but those in which the kernel waits for a processor, and owes none, hardly count."""
        self.owed = -CREDIT
        self.stopped = False
        self._looked = time.monotonic()
        self._used = 0.0

    @property
    def evaded(self) -> bool:
        """Whether it ran on although it was stopped."""
        return self.owed > EVADES * PROCESSORS

    def look(self, family: list[int]) -> int:
        """Count what these processes have had since the last time; returns how many of their threads are ready."""
        now = time.monotonic()
        said = {process: _stat(Path(f"/proc/{process}")) for process in family}
        ready = sum(_ready(process, fields) for process, fields in said.items())
        used = sum(sum(map(int, fields[11:15])) for fields in said.values()) / TICKS  # with children it waited for
        passed, ran = now - self._looked, used - self._used
        self._looked, self._used = now, used
        self.clock += min(passed, max(ran, passed / SLOWEST)) if ready and self.owed <= 0 else passed
        all_ready = max(ready, _all_ready() - 1)  # this process is ready, too
        each = min(1.0, PROCESSORS / max(1, all_ready))  # of a processor, where all have the same
        beyond = (ready - 1) * each * passed
        if not ready:  # it may have run until now: to stand still takes a crowd a while
            beyond = max(beyond, ran - passed)
        self.owed = max(-CREDIT, self.owed + beyond)
        return ready

    def stop(self, family: list[int]) -> None:
        """Let these processes stand still, and those that they have started meanwhile."""
        self.stopped = True
        self._send(signal.SIGSTOP, family)

    def let_go(self, family: list[int]) -> None:
        """Let them go on, if they were stopped and owe nothing."""
        if self.stopped and self.owed <= 0:
            self.stopped = False
            self._send(signal.SIGCONT, family)

    def _send(self, number: signal.Signals, family: list[int]) -> None:
        _send(number, family[:1] if self.alone else family)
        if self.alone:
            _send_to_all(number)


def _all_ready() -> int:
    """How many threads of this machine run or wait for a processor."""
    return int(machine.said(machine.LOAD).split()[3].partition("/")[0])


def _ready(process: int, fields: list[str]) -> int:
    """How many threads of a process run or wait for a processor: one, if it has ended since it was listed."""
    if not fields or fields[17] == "1":
        return fields[:1] in ([], ["R"])
    with suppress(OSError):
        return sum(_stat(task)[:1] == ["R"] for task in Path(f"/proc/{process}/task").iterdir())
    return 1


def _stat(folder: Path) -> list[str]:
    """What ``/proc`` says of a process or thread after its name; nothing if it is gone."""
    try:
        return (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _send_to_all(number: signal.Signals) -> None:
    """Send a signal to all processes of the namespace that forks of this process are in, but for its first. Linux does
    that at once, so that no process can get away by forking another one."""
    try:
        sender = os.fork()
    except OSError:  # its first process is gone, and so all of them
        return
    if sender == 0:
        try:
            os.kill(-1, number)
        finally:
            os._exit(0)
    if os.WIFSTOPPED(os.waitpid(sender, os.WUNTRACED)[1]):  # they were quicker
        os.kill(sender, signal.SIGKILL)
        os.waitpid(sender, 0)


def _send(number: signal.Signals, family: list[int]) -> None:
    """Send a signal to processes that are called as ``/proc`` shows them, which may be that of their namespace."""
    for process in family:
        with suppress(OSError):
            place = os.open(f"/proc/{process}", os.O_RDONLY | os.O_DIRECTORY)
            try:
                signal.pidfd_send_signal(place, number)
            finally:
                os.close(place)
