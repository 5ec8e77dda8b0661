"""Real escapes, tried before any submission runs, in a process that is confined as a kernel is.

``run`` returns the names of the escapes that succeeded, and the layers that confine this process.
"""

from __future__ import annotations

import importlib
import mmap
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from autograder.sandbox.inside import confine, doors, landlock, refusal, usage
from autograder.sandbox.inside.limits import MB, Limits

EscapeTarget = dict[str, Any]
PTRACE_TRACEME = 0


def run(target: EscapeTarget, limits: Limits, folder: Path) -> dict[str, list[str]]:
    """Try to reach what ``target`` names, and to exceed the limits; ``folder`` is this process's own."""
    seen = [process for process in usage.processes() if process != os.getpid()]
    escaped = [name for name, attempt in attempts(target, limits, folder, seen) if _succeeds(attempt)]
    return {"escaped": escaped, "layers": list(layers_held(seen)), "environment": sorted(os.environ)}


def _succeeds(attempt: Callable[[], Any]) -> bool:
    try:
        return attempt() is not False
    except Exception:
        return False


def attempts(
    target: EscapeTarget, limits: Limits, folder: Path, seen: list[int]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names of escapes, each with a function that raises an error or returns False if the escape does not succeed."""
    for file in target["files"]:
        yield f"read {file}", Path(file).read_text
    for place in target["hidden"]:
        yield f"see {place}", Path(place).lstat
    for place in (target["folder"], "/", "/usr", "/var/tmp", sys.prefix, Path(__file__).parent):
        yield f"write into {place}", partial(_write, Path(place))
    yield "read files of another kernel", Path("/tmp/canary").read_text
    yield "open a TCP connection", lambda: socket.create_connection(("127.0.0.1", target["port"]), 0.2)
    yield "open a network socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    yield "connect to a Unix socket", lambda: socket.socket(socket.AF_UNIX).connect(target["socket"])
    yield "send to a Unix socket", lambda: _datagram_socket().sendto(b"escaped", target["datagrams"])
    for process in {*target["processes"], os.getppid(), *seen} - {0, os.getpid()}:
        yield f"signal process {process}", partial(os.kill, process, 0)
        for name in ("environ", "mem", "fd"):
            yield f"look into process {process} ({name})", partial(_look_into, Path(f"/proc/{process}/{name}"))
    for module in target["modules"]:
        yield f"import {module}", partial(importlib.import_module, module)
        yield f"read the source of {module}", partial(_finds_source, module)
    yield "trace processes", lambda: confine.call("ptrace", PTRACE_TRACEME, 0, 0, 0)
    yield "make a user namespace", lambda: confine.call("unshare", confine.CLONE_NEWUSER)
    yield "mount a file system", lambda: confine.call("mount", b"none", str(folder).encode(), b"tmpfs", 0, None)
    yield from doors.doors()
    yield "exceed the memory limit", lambda: mmap.mmap(-1, limits.memory + MB, flags=mmap.MAP_PRIVATE)
    yield "exceed the size of a file", partial(_fill, [folder / "large"], limits.file_bytes + MB)
    if _size_of(folder) < 2 * limits.disk:  # else the keeper watches how much it takes
        yield "fill the disk", partial(_fill, [folder / f"part{n}" for n in range(5)], limits.disk // 4)
    yield "start too many processes", partial(_start_threads, limits.processes + 1)


def _write(place: Path) -> None:
    path = place / f"escaped-{os.getpid()}"
    path.touch(exist_ok=False)
    path.unlink()


def _datagram_socket() -> socket.socket:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]


def _look_into(place: Path) -> bool:
    if place.name == "fd":
        return any(descriptor.readlink() for descriptor in place.iterdir())
    with place.open("rb") as file:
        return place.name == "mem" or bool(file.read(1))


def _finds_source(module: str) -> bool:
    """Whether the code of a module lies in any folder from which modules are imported."""
    parts = module.split(".")
    for place in {*sys.path, *(f"{path}/.." for path in sys.path)}:
        path = Path(place).joinpath(*parts).with_suffix(".py")
        compiled = list(path.parent.glob(f"__pycache__/{parts[-1]}.*"))
        with suppress(OSError):
            if compiled or refusal.ERROR not in path.read_text():
                return True
    return False


def _fill(paths: list[Path], size: int) -> None:
    """Write so many bytes into each of these files."""
    for path in paths:
        with path.open("wb") as file:
            while file.tell() < size:
                file.write(bytes(MB))


def _size_of(folder: Path) -> int:
    system = os.statvfs(folder)
    return system.f_blocks * system.f_frsize


def _start_threads(number: int) -> None:
    """Start threads, all at once; raises RuntimeError where there can be no more."""
    enough = threading.Event()
    try:
        for _ in range(number):
            threading.Thread(target=enough.wait, daemon=True).start()
    finally:
        enough.set()


def layers_held(seen: list[int]) -> Iterator[str]:
    """What keeps this process confined, as the system tells."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    if os.getuid() in range(confine.FIRST_UID, confine.FIRST_UID + confine.UIDS):
        yield "own user"
    if os.getpid() == 1:
        yield "own processes"
    if not seen:
        yield "own /proc"
    if not _succeeds(Path("/proc/stat").read_text):
        yield "no counters of the machine"
    if not _succeeds(partial(os.utime, "/dev/null")):
        yield "read-only devices"
    if not Path("/tmp").stat().st_mode & 0o077:  # else others may use it
        yield "own /tmp"
    if not int(status["CapEff"], 16) and int(status["NoNewPrivs"]):
        yield "no capabilities"
    if len(Path("/proc/self/net/dev").read_text().splitlines()) <= 3:  # a heading of two lines, and the loopback
        yield "own network"
    if landlock.abi() and not _succeeds(lambda: os.open("/dev/urandom", os.O_WRONLY)):  # which everyone may
        yield f"Landlock ABI {landlock.abi()}"
    if int(status["Seccomp"]) == 2:
        yield "seccomp"
    yield "limits"
