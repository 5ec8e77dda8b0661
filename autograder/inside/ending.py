"""Why a kernel ended, as its keeper or the grader says it."""

from __future__ import annotations

import resource
import signal
from enum import StrEnum

from autograder.inside import machine


class Ending(StrEnum):
    """Why a kernel ended. The limits are called as the findings that tell of them."""

    DIED = "died"  # by itself: it exited, crashed, or reached a limit that it had set itself
    MEMORY = "memory limit"
    DISK = "disk limit"
    PROCESSOR = "processor limit"
    KILLED = "killed"  # from outside, for want of memory, say
    LOST = "lost"  # with its keeper or its fork server

    @property
    def by_limit(self) -> bool:
        return self in (Ending.MEMORY, Ending.DISK, Ending.PROCESSOR)


def kills_for_memory() -> int:
    """How many processes Linux has killed on this machine for want of memory."""
    lines = machine.said(machine.MEMORY).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def ending_of(code: int, processor_seconds: float, most: int, unkillable: bool, killed_for_memory: bool) -> Ending:
    """Why a process ended that nobody here has killed.

    ``code`` is its exit code, ``most`` its own limit of processor seconds, which Linux counts in a coarser way. One
    that is ``unkillable`` is process 1 of its namespace: nothing that it or its children send can kill it. Elsewhere
    a process may have killed itself.
    """
    if code != -signal.SIGKILL or (most != resource.RLIM_INFINITY and 2 * processor_seconds >= most):
        return Ending.DIED
    return Ending.KILLED if unkillable or killed_for_memory else Ending.DIED
