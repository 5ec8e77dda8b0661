"""A kernel's share of the processors, and its clock.

Linux shares processors among threads, or among sessions. A kernel that starts a hundred of them would leave its
neighbours a hundredth. So a kernel and all that it started together get what a single thread beside it gets. If they
had more, they owe it, and stand still until they owe nothing.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from autograder.sandbox.inside import machine

CREDIT = 1.0  # processor seconds that a kernel may have beyond its share before it is stopped
EVADES = 10.0  # seconds of all processors; a kernel that owes more runs on although it is stopped
SLOWEST_CLOCK = 5.0  # one second of the clock takes so many seconds on the wall, at most
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
TICKS = os.sysconf("SC_CLK_TCK")


class Share:
    """What one kernel, with all that it started, has had of the processors.

    ``alone``: the kernel is the first process of a namespace that holds only what this process forks.
    """

    def __init__(self, alone: bool = False) -> None:
        self.alone = alone
        self.clock = 0.0
        """The kernel's own time in seconds. It hardly moves while the kernel waits for a processor, and owes none."""
        self.owed = -CREDIT
        self.stopped = False
        self._looked = time.monotonic()
        self._used = 0.0

    @property
    def evaded(self) -> bool:
        """Whether it ran on although it was stopped."""
        return self.owed > EVADES * PROCESSORS

    def look(self, family: list[int]) -> int:
        """Count what these processes have had since the last look. Returns how many of their threads are ready."""
        now = time.monotonic()
        said = {process: _stat(Path(f"/proc/{process}")) for process in family}
        ready = sum(_ready(process, fields) for process, fields in said.items())
        used = sum(sum(map(int, fields[11:15])) for fields in said.values()) / TICKS  # with children it waited for
        passed, ran = now - self._looked, used - self._used
        self._looked, self._used = now, used
        self.clock += min(passed, max(ran, passed / SLOWEST_CLOCK)) if ready and self.owed <= 0 else passed
        all_ready = max(ready, _all_ready() - 1)  # this process is ready, too
        each = min(1.0, PROCESSORS / max(1, all_ready))  # of a processor, where all have the same
        beyond = (ready - 1) * each * passed
        if not ready:  # it may have run until now: to stand still takes a crowd a while
            beyond = max(beyond, ran - passed)
        self.owed = max(-CREDIT, self.owed + beyond)
        return ready

    def stop(self, family: list[int]) -> None:
        """Stop these processes, and those that they have started meanwhile."""
        self.stopped = True
        self._send(signal.SIGSTOP, family)

    def let_go(self, family: list[int]) -> None:
        """Let these processes go on if they were stopped and owe nothing."""
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
    """How many threads of a process run or wait for a processor. One that has ended meanwhile counts as one."""
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
    """Send a signal to all processes but the first of the namespace that this process's forks are in.

    Linux does that at once, so that no process can get away by forking another one.
    """
    try:
        sender = os.fork()
    except OSError:  # the first process is gone, and with it all others
        return
    if sender == 0:
        try:
            os.kill(-1, number)
        finally:
            os._exit(0)
    if os.WIFSTOPPED(os.waitpid(sender, os.WUNTRACED)[1]):  # another process has stopped the sender first
        os.kill(sender, signal.SIGKILL)
        os.waitpid(sender, 0)


def _send(number: signal.Signals, family: list[int]) -> None:
    """Send a signal to processes by the numbers that ``/proc`` shows, which may be those of their own namespace."""
    for process in family:
        with suppress(OSError):
            place = os.open(f"/proc/{process}", os.O_RDONLY | os.O_DIRECTORY)
            try:
                signal.pidfd_send_signal(place, number)
            finally:
                os.close(place)
