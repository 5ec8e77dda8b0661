"""Ways in which kernels of one run could tell each other something, stop each other, or keep memory that nobody counts.

``probe`` tries them before any submission runs, in a process that is confined as a kernel is.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from ctypes import addressof, c_char, c_ulong
from functools import cache, partial
from pathlib import Path
from typing import Any

from autograder.sandbox.inside import confine

LARGE_BUFFER = 1 << 19  # bytes of a buffer that is larger than usual
GIFT = 8  # flag of vmsplice
ATTRIBUTE = "user.escaped"


def doors() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names of such ways, each with a function that raises an error or returns False if the way is closed."""
    for place in ("/", "/dev", "/usr", sys.prefix, __file__):
        yield f"change the mode of {place}", partial(_change_mode, place)
        yield f"change the time of {place}", partial(_change_time, place)
        yield f"give {place} an attribute", partial(_give_attribute, place)
    yield "take a lease", lambda: fcntl.fcntl(os.open(__file__, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)
    yield "lock a file that all can read", _locks
    yield "ask for a lock", lambda: fcntl.fcntl(os.open(__file__, os.O_RDONLY), fcntl.F_GETLK, bytes(32))
    yield "watch files", lambda: confine.call("inotify_init1", 0)
    yield "give a socket a name", lambda: _pair()[0].bind("\0escaped")
    yield "send a descriptor", lambda: socket.send_fds(_pair()[0], [b"x"], [0])
    yield "enlarge a socket's buffer", lambda: _pair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGE_BUFFER)
    yield "enlarge a pipe", lambda: fcntl.fcntl(os.pipe()[1], fcntl.F_SETPIPE_SZ, LARGE_BUFFER)
    yield "give pages to a pipe", _give_pages
    yield "ask how the machine fares", lambda: confine.call("sysinfo", bytes(256))


@cache
def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def _change_mode(place: str) -> None:
    Path(place).chmod(Path(place).stat().st_mode & 0o7777)


def _change_time(place: str) -> None:
    state = Path(place).stat()
    os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))


def _give_attribute(place: str) -> None:
    os.setxattr(place, ATTRIBUTE, b"x")
    os.removexattr(place, ATTRIBUTE)


def _locks() -> bool:
    """Whether a lock that this process takes keeps others from taking it."""
    first, second = (os.open(__file__, os.O_RDONLY) for _ in range(2))
    fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(first)
        os.close(second)
    return False


def _give_pages() -> None:
    page = mmap.mmap(-1, mmap.PAGESIZE)
    part = struct.pack("=QQ", addressof(c_char.from_buffer(page)), mmap.PAGESIZE)
    confine.call("vmsplice", os.pipe()[1], part, c_ulong(1), GIFT)
