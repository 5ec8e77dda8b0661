"""Why a kernel ended, in the words that its keeper and the grader use."""

from __future__ import annotations

import resource
import signal
from enum import StrEnum

from autograder.sandbox.inside import machine


class Ending(StrEnum):
    """Why a kernel ended. A limit has the name of the finding that tells of it."""

    DIED = "died"  # by itself: it exited, crashed, or reached a limit that it had set itself
    MEMORY = "memory limit"
    DISK = "disk limit"
    PROCESSOR = "processor limit"
    KILLED = "killed"  # from outside, for want of memory, say
    LOST = "lost"  # together with its keeper or its fork server

    @property
    def by_limit(self) -> bool:
        return self in (Ending.MEMORY, Ending.DISK, Ending.PROCESSOR)


def kills_for_memory() -> int:
    """How many processes Linux has killed on this machine for want of memory."""
    lines = machine.said(machine.MEMORY).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def ending_of(code: int, processor_seconds: float, most: int, unkillable: bool, killed_for_memory: bool) -> Ending:
    """Why a process ended that its keeper did not kill.

    ``code`` is its exit code. ``most`` is the limit of processor seconds that it set itself, which Linux keeps only
    roughly. ``unkillable``: it is process 1 of its namespace, so nothing that it or its children send can kill it. Any
    other process may have killed itself.
    """
    if code != -signal.SIGKILL or (most != resource.RLIM_INFINITY and 2 * processor_seconds >= most):
        return Ending.DIED
    return Ending.KILLED if unkillable or killed_for_memory else Ending.DIED
