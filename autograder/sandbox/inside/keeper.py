"""The keeper of one kernel. It confines the kernel, watches what it uses (``watching``), passes signals on and ends it.

Keeper and grader speak over one connection. The grader sends a request, the submitted files, and five listening
sockets that it made; later it sends signals. The keeper says when the kernel has started and when it has ended. When
the connection closes, for any reason, the keeper kills the kernel.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import struct
import tarfile
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from autograder.sandbox.inside import confine, landlock, seccomp, usage
from autograder.sandbox.inside.limits import Limits
from autograder.sandbox.inside.watching import KernelPlace, Watch, say

HEADER = struct.Struct("=II")  # lengths of the request and of the archive of files
DEVICES = [f"/dev/{name}" for name in ("null", "zero", "full")]
Request = dict[str, Any]


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
        confine.adopt_orphans()
        os.setsid()
        request, archive, sockets = receive(connection)
        limits = Limits(**request["limits"])
        place = confined_place(limits) if confined else KernelPlace(Path(request["folder"]))
        if not place.own_processes:  # then only this process can end what the kernel starts
            signal.signal(signal.SIGTERM, end_at_once)
        confine.die_with_parent(signal.SIGKILL if place.own_processes else signal.SIGTERM)  # lost with a change of user
        unpack(archive, place)
        base = usage.size_of("self")
        kernel = os.fork()
        if kernel == 0:
            become_kernel(connection, request, limits, sockets, place, confined)
        for one in sockets:
            os.close(one)
        say(connection, started=kernel)
        ended = Watch(connection, kernel, limits, place, base).until_the_end()
        if not place.own_processes:  # otherwise Linux has ended what the kernel left behind
            usage.end_descendants()
        if confined and not place.own_files:  # otherwise the files are gone with the kernel
            shutil.rmtree(place.folder, ignore_errors=True)
        say(connection, ended=ended.code, ending=ended.ending, why=ended.why)
        code = 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        say(connection, failed=f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def end_at_once(number: int, frame: Any) -> NoReturn:
    usage.end_descendants()
    os._exit(1)


def confined_place(limits: Limits) -> KernelPlace:
    """Move this process to a user and namespaces of the kernel's own, as far as this system allows it."""
    server = os.getpid()
    confine.become_nobody()
    confine.set_dumpable(True)  # so that this process may write its own user mapping
    own_processes = confine.enter_namespaces()
    own_files = own_processes and confine.make_private(limits)
    confine.set_dumpable(False)
    folder = Path("/tmp") if own_files else Path(tempfile.mkdtemp(prefix=f"{server}-", dir="/tmp"))
    return KernelPlace(folder, own_processes, own_files)


def unpack(archive: bytes, place: KernelPlace) -> None:
    """Write the submitted files into the kernel's work folder, beside its home."""
    for folder in (place.work, place.folder / "home"):
        folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extraction_filter = getattr(tarfile, "data_filter", None)  # which Python has from 3.11.4 on
        files.extractall(place.work)


def become_kernel(
    connection: socket.socket, request: Request, limits: Limits, sockets: list[int], place: KernelPlace, confined: bool
) -> NoReturn:
    """In the new process: give up what it must not have, then run the kernel until it ends."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        confine.die_with_parent()
        os.setsid()
        only_these_descriptors([*sockets, connection.fileno()])
        os.environ.clear()
        os.environ.update(request["environment"])
        os.environ.update(HOME=f"{place.folder}/home", TMPDIR=str(place.folder))
        tempfile.tempdir = None
        if confined:
            confine_kernel(limits, place)
        os.chdir(place.work)
        if "probe" in request:
            from autograder.sandbox.inside import probe

            say(connection, found=probe.run(request["probe"], limits, place.folder))
            os._exit(0)
        if "observe" in request:
            from autograder.sandbox.inside import observer

            connection.close()
            observer.serve_observations(socket.socket(fileno=sockets[0]), request["observe"])
            os._exit(0)
        from autograder.sandbox.inside import kernel

        app = kernel.start_kernel(sockets, request["key"].encode())
        connection.close()
        app.start()
    except BaseException as error:
        say(connection, failed=f"{type(error).__name__}: {error}")
    finally:
        os._exit(1)


def confine_kernel(limits: Limits, place: KernelPlace) -> None:
    """Give up all that this process could reach outside its place."""
    if place.own_processes:
        confine.show_own_processes()
    confine.set_dumpable(True)
    confine.drop_capabilities()
    confine.limit_resources(limits)
    if landlock.abi():
        others = [str(path) for path in Path("/").iterdir() if path.name != "tmp"] + confine.python_below_tmp()
        own = [str(place.folder), *(["/dev/shm"] if place.own_files else [])]
        landlock.restrict(others, own, DEVICES, [confine.TERMINALS] if place.own_files else [])
    seccomp.apply()


def only_these_descriptors(sockets: list[int]) -> None:
    """Close every descriptor but the sockets. Standard input, output and error then lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    kept = sorted({0, 1, 2, *sockets})
    for below, above in zip(kept, [*kept[1:], 1 << 20], strict=True):
        os.closerange(below + 1, above)
