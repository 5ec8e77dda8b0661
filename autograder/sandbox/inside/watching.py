"""Watching one kernel: what it uses, and how it ends."""

from __future__ import annotations

import json
import os
import random
import resource
import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox.inside import usage
from autograder.sandbox.inside.ending import Ending, ending_of, kills_for_memory
from autograder.sandbox.inside.limits import MB, Limits
from autograder.sandbox.inside.sharing import Share

WATCH_SECONDS = 0.1
CROWD = 16  # processes; more than these are stopped while they are looked at, since that takes a while
WATCH_REQUEST = 0
"""A byte that is no signal's number: it asks for the kernel's clock."""
chance = random.SystemRandom()  # the kernel has a copy of every other random generator


@dataclass(frozen=True)
class KernelPlace:
    """Where a kernel lives: its folder for files, and which namespaces it has for itself.

    If it has no processes of its own, the keeper looks for what the kernel started. If it has no files of its own, its
    folder lies beside those of other kernels, and the keeper looks how large it grows.
    """

    folder: Path
    own_processes: bool = False
    own_files: bool = False

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def family(self, kernel: int) -> list[int]:
        """The kernel and all that it started."""
        if Path("/proc/self").exists():
            return [kernel, *usage.descendants(os.getpid())]
        return usage.processes()  # /proc shows the kernel's own namespace, in which this process is not


@dataclass(frozen=True)
class Ended:
    """How a kernel ended: its exit code (negative for a signal), the reason, and words if a limit ended it."""

    code: int
    ending: Ending
    why: str = ""


def say(connection: socket.socket, **message: Any) -> None:
    with suppress(OSError):  # perhaps nobody listens any more
        connection.sendall(json.dumps(message).encode() + b"\n")


class Watch:
    """The watch over a kernel, as long as it lives."""

    def __init__(self, connection: socket.socket, kernel: int, limits: Limits, place: KernelPlace, base: usage.Size):
        self.connection, self.kernel, self.limits, self.place, self.base = connection, kernel, limits, place, base
        self.share = Share(alone=place.own_processes)
        self.ended_by: tuple[Ending, str] | None = None  # which limit, and in words
        self.killed_for_memory = kills_for_memory()
        self.crowded = False

    def until_the_end(self) -> Ended:
        """Pass signals on and watch what is used, until the kernel ends or the connection does."""
        process = os.pidfd_open(self.kernel)
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.register(self.connection, select.POLLIN)
        look_at = time.monotonic()
        while True:
            left = None if self.ended_by else 1000 * max(0.0, look_at - time.monotonic())
            ready = {descriptor for descriptor, _ in poll.poll(left)}
            if process in ready:
                return self.ended()
            if self.connection.fileno() in ready and not self.obey():
                os.kill(self.kernel, signal.SIGKILL)
                os.waitpid(self.kernel, 0)
                return Ended(-signal.SIGKILL, Ending.DIED)
            if not self.ended_by and time.monotonic() >= look_at:
                self.look()
                look_at = time.monotonic() + chance.uniform(0.5, 1.5) * WATCH_SECONDS  # no kernel can foresee it

    def obey(self) -> bool:
        """Do what each byte from the grader asks: pass a signal on, or tell the clock. False once it hung up."""
        try:
            asked = self.connection.recv(4096)
        except OSError:
            return False
        for number in set(asked):
            if number == WATCH_REQUEST:
                say(self.connection, clock=round(self.share.clock, 3))
            else:
                os.kill(self.kernel, number)
        return bool(asked)

    def look(self) -> None:
        """Look how much the kernel and what it started use, and kill the kernel if that is over a limit."""
        family = self.place.family(self.kernel)
        was_stopped, ready = self.share.stopped, self.share.look(family)
        if (ready or not was_stopped) and (self.share.owed > 0 or len(family) > CROWD):
            self.share.stop(family)
        if ready or not was_stopped:  # else it is as large as it was
            self.ended_by = self.excess(family)
        if self.ended_by:
            os.kill(self.kernel, signal.SIGKILL)
        self.share.let_go(family)
        if not self.crowded and usage.threads_of(family) >= self.limits.processes - 2:  # this one counts
            self.crowded = True
            most = self.limits.processes
            say(self.connection, crowded=f"it tried to start more than {most} processes and threads")

    def excess(self, family: list[int]) -> tuple[Ending, str] | None:
        """Which limit these processes exceed, and what happened; None if they exceed none."""
        limits = self.limits
        if usage.memory_of(family, self.base, limits.memory) > limits.memory:
            return Ending.MEMORY, f"it took more than {limits.memory // MB:,} MB of memory"
        if not self.place.own_files and usage.disk_of(self.place.folder) > limits.disk:
            return Ending.DISK, f"its files took more than {limits.disk // MB:,} MB"
        if self.share.evaded:
            return Ending.PROCESSOR, "it kept many processes busy that could not be stopped"
        return None

    def ended(self) -> Ended:
        """How the kernel ended, and why."""
        most = resource.prlimit(self.kernel, resource.RLIMIT_CPU)[1]
        _, status, used = os.wait4(self.kernel, 0)
        code = os.waitstatus_to_exitcode(status)
        if self.ended_by:
            return Ended(code, *self.ended_by)
        killed_for_memory = kills_for_memory() > self.killed_for_memory
        seconds = used.ru_utime + used.ru_stime
        return Ended(code, ending_of(code, seconds, most, self.place.own_processes, killed_for_memory))
