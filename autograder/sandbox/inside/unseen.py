"""Memory that Linux counts for no process: data that waits in sockets and pipes, and the tables that map pages.

Nobody can tell how full a socket is, so each counts as full. ``seccomp`` refuses to enlarge a buffer, and to put pages
into a pipe by reference.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

from autograder.sandbox.inside.confine import MOST_DESCRIPTORS

FEW_EPOLLS = 16  # epolls that do not count; they do not show how much they hold, or whether they are another process's
LAST_PIECE = 65_536  # bytes that still go into a buffer that is all but full
MAPPING = 256  # bytes that Linux takes for each part of a process's memory that is mapped apart
MOST_MAPS = 2_000_000  # bytes of the list of these parts that are read
UNCOUNTED = 1 << 50  # stands for what takes too long to count


@cache
def capacity() -> int:
    """Bytes that may wait in one end of a socket. A pipe or an epoll holds less."""
    one, other = socket.socketpair()
    with one, other:
        return one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) + LAST_PIECE


def at_most(family: list[int]) -> int:
    """Bytes that may wait behind the descriptors of these processes, if none were shared. It is quick to find."""
    return capacity() * sum(map(_descriptors, family))


def _descriptors(process: int) -> int:
    folder = Path(f"/proc/{process}/fd")
    try:
        return folder.stat().st_size or sum(1 for _ in folder.iterdir())  # Linux tells the size from 6.2 on
    except PermissionError:
        return 0 if has_ended(process) else MOST_DESCRIPTORS
    except OSError:  # it is gone
        return 0


def has_ended(process: int) -> bool:
    """Whether a process has ended. It may still be listed until its parent asks for its exit code."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return state[0] in ("Z", "X")
    except OSError:
        return True


def unseen(family: list[int]) -> int:
    """Bytes that these processes use, and that Linux counts for no process."""
    buffers: set[str] = set()
    total = 0
    for process in family:
        try:
            buffers |= set(_buffers(process))
        except PermissionError:
            total += 0 if has_ended(process) else MOST_DESCRIPTORS * capacity()
        total += _tables(process)
    return total + capacity() * len(buffers)


def _buffers(process: int) -> list[str]:
    """Names of the sockets and pipes that a process has open, and of its epolls after the first few.

    Raises PermissionError.
    """
    found: list[str] = []
    epolls: list[str] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                link = str(descriptor.readlink())
                if link.startswith(("socket:", "pipe:")):
                    found.append(link)
                elif "[eventpoll]" in link:
                    epolls.append(f"{process} {descriptor.name}")
    return found + epolls[FEW_EPOLLS:]


def _tables(process: int) -> int:
    """Bytes that Linux needs for the tables that map the memory of a process."""
    with suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{process}/status").read_text(errors="replace")
        pages = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmPTE:")), 0)
        parts = maps_of(process)
        return UNCOUNTED if len(parts) == MOST_MAPS else pages + MAPPING * parts.count("\n")
    return 0


def maps_of(process: int) -> str:
    """The list of the parts of a process's memory, or the beginning of a long one. Raises OSError."""
    with Path(f"/proc/{process}/maps").open("rb") as file:
        return file.read(MOST_MAPS).decode(errors="replace")
