"""The keeper of one kernel: it confines it, watches its memory, passes signals on and ends it.

It speaks with the grader over one connection. The grader sends a request, the submitted files, and five
listening sockets that it made; then signals, as they are needed. The keeper answers when the kernel has
started and when it has ended. When the connection closes, for whatever reason, the kernel is killed.
"""

from __future__ import annotations

import io
import json
import os
import select
import signal
import socket
import struct
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from autograder.inside import confine, landlock
from autograder.inside.limits import Limits

WATCH_SECONDS = 0.1
HEADER = struct.Struct("=II")  # lengths of the request and of the archive of files
WORK = Path("/tmp/work")
Request = dict[str, Any]


@dataclass
class Ended(Exception):
    """The kernel is gone: its exit code (negative for a signal), and why it was killed, if it was."""

    code: int
    why: str = ""


def receive(connection: socket.socket) -> tuple[Request, bytes, list[int]]:
    """The request, the archive of submitted files, and the kernel's sockets."""
    head, sockets, _, _ = socket.recv_fds(connection, HEADER.size, 5)
    size, archive_size = HEADER.unpack(head)
    with connection.makefile("rb") as stream:
        return json.loads(stream.read(size)), stream.read(archive_size), sockets


def keep(connection: socket.socket, confined: bool) -> NoReturn:
    """Serve one connection, then end this process."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        confine.die_with_parent()
        os.setsid()
        request, archive, sockets = receive(connection)
        limits = Limits(**request["limits"])
        if confined:
            confine.become_nobody()
            confine.enter_namespaces(limits)
            work = WORK
        else:
            work = Path(request["work"])
        unpack(archive, work)
        kernel = os.fork()
        if kernel == 0:
            become_kernel(connection, request, limits, sockets, work, confined)
        for one in sockets:
            os.close(one)
        say(connection, started=kernel)
        ended = watch(connection, kernel, limits)
        say(connection, ended=ended.code, why=ended.why)
        code = 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        say(connection, failed=f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def say(connection: socket.socket, **message: Any) -> None:
    try:
        connection.sendall(json.dumps(message).encode() + b"\n")
    except OSError:  # nobody listens any more
        pass


def unpack(archive: bytes, work: Path) -> None:
    """Write the submitted files into the kernel's work folder, beside its home."""
    work.mkdir(parents=True, exist_ok=True)
    (work.parent / "home").mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(work, filter="data")


def become_kernel(
    connection: socket.socket, request: Request, limits: Limits, sockets: list[int], work: Path, confined: bool
) -> NoReturn:
    """In the new process: give everything up, then run the kernel until it ends."""
    try:
        confine.die_with_parent()
        os.setsid()
        only_these_descriptors([*sockets, connection.fileno()])
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(work)
        if confined:
            confine.drop_capabilities()
            confine.limit_resources(limits)
            if landlock.abi():
                landlock.restrict(["/"], ["/tmp"], [f"/dev/{name}" for name in ("null", "zero", "full")])
            confine.refuse_system_calls()
        from autograder.inside import kernel

        app = kernel.start(sockets, request["key"].encode())
        connection.close()
        app.start()
    except BaseException as error:
        say(connection, failed=f"{type(error).__name__}: {error}")
    finally:
        os._exit(1)


def only_these_descriptors(sockets: list[int]) -> None:
    """Close every descriptor but the sockets; standard input, output and error lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    kept = sorted({0, 1, 2, *sockets})
    for below, above in zip(kept, [*kept[1:], 1 << 20], strict=True):
        os.closerange(below + 1, above)


def watch(connection: socket.socket, kernel: int, limits: Limits) -> Ended:
    """Pass signals on and watch the memory, until the kernel ends or the connection does."""
    process = os.pidfd_open(kernel)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(connection, select.POLLIN)
    own = resident(kernel)
    why, looked = "", time.monotonic()
    while True:
        ready = {descriptor for descriptor, _ in poll.poll(WATCH_SECONDS * 1000)}
        if process in ready:
            return Ended(os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1]), why)
        if connection.fileno() in ready:
            requests = connection.recv(4096)
            for number in requests:  # a byte is a signal's number
                os.kill(kernel, number)
            if not requests:
                os.kill(kernel, signal.SIGKILL)
                os.waitpid(kernel, 0)
                return Ended(-signal.SIGKILL)
        if time.monotonic() - looked > WATCH_SECONDS:
            looked = time.monotonic()
            if memory_of(kernel, own) > limits.memory and not why:
                why = f"it took more than {limits.memory // 1024**2:,} MB of memory"
                os.kill(kernel, signal.SIGKILL)


def memory_of(kernel: int, own: int) -> int:
    """Bytes that a kernel and all its processes hold beyond what each shares with the fork server."""
    family = [kernel, *descendants(kernel)]
    return sum(max(0, resident(process) - own) for process in family)


def descendants(ancestor: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def resident(process: int) -> int:
    """Bytes of memory that a process has in use; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
