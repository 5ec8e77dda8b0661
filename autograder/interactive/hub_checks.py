"""What a hub needs, looked at when it starts: each fault is a sentence that says what to do.

Nothing is looked at when another command reads the hub's configuration, such as ``jupyterhub token``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from course.doctor.server import PROXY, PROXY_PACKAGE
from course.doctor.server import SYSTEMD_RUNS as SYSTEMD

LOCK = "hub.lock"
PORT_SECONDS = 10.0
"""What a killed hub has started ends with it, but not within the same moment."""
MOST_NAMED = 5

_locks: list[int] = []  # held as long as this process lives


def starting() -> bool:
    """Whether this process is a hub that starts, and no other command of JupyterHub."""
    from jupyterhub.app import JupyterHub

    if not JupyterHub.initialized():
        return False
    app = JupyterHub.instance()
    return app.subapp is None and not (app.show_config or app.show_config_json or app.generate_config)


def check_graders(grader: str, folder: Path, exchange: Path) -> None:
    """Check a course's grader, its folder and its part of the exchange. Ends the hub if something is missing."""
    make = f"{{}}make it with: lab/make_course.sh {exchange} {folder} {grader}"
    if os.geteuid() != 0:
        raise SystemExit(f"only root can start what runs as the account {grader}: start the hub as root")
    try:
        account = pwd.getpwnam(grader)
    except KeyError:
        raise SystemExit(f"there is no account {grader}, which grades: useradd --create-home {grader}") from None
    if not folder.is_dir():
        raise SystemExit(make.format(f"the course folder {folder} is missing: "))
    if folder.stat().st_uid != account.pw_uid:
        raise SystemExit(f"the course folder {folder} is not its grader's: chown -R {grader}: {folder}")
    if not (exchange / folder.name).is_dir():
        raise SystemExit(make.format(f"the exchange has no folder {exchange / folder.name}: "))


def warn_of_missing(people: Iterable[str]) -> None:
    """Say which people have no account on this machine."""
    missing = sorted(name for name in set(people) if not _account(name))
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        names = ", ".join(missing[:MOST_NAMED])
        print(f"no account on this machine: {names}{more}; who has none cannot open a server (useradd --create-home "
              f"{missing[0]}), unless the hub's log-in makes accounts", file=sys.stderr)  # fmt: skip


def check_proxy(command: Sequence[str]) -> None:
    """Check that the proxy's program can be started."""
    if not shutil.which(command[0]):
        install = "make hub installs it" if os.sep in command[0] else f"npm install --global {PROXY_PACKAGE}"
        raise SystemExit(f"the hub's proxy, {command[0]}, is missing: {install}")
    if not shutil.which("node"):
        raise SystemExit("node is missing, with which the hub's proxy runs: apt install nodejs")


def check_systemd() -> None:
    """Check that systemd runs here, which starts the servers."""
    if not SYSTEMD.is_dir():
        raise SystemExit("servers cannot be started with systemd, which does not run here: leave out "
                         "load_subconfig(…systemd.py) in the configuration, and they are plain processes")  # fmt: skip


def hold(folder: Path) -> None:
    """Take a hub's folder for this process, as long as it lives. Ends the hub if another one has it."""
    path = folder / LOCK
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SystemExit(
            f"the hub cannot write in its folder {folder} ({error.strerror}): start it elsewhere"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(file, 20, 0).decode("ascii", "replace").strip()
        raise SystemExit(f"a hub runs in {folder} already, process {other}: stop it first (kill {other}), or start "
                         "this one in another folder") from None  # fmt: skip
    os.truncate(file, 0)
    os.pwrite(file, str(os.getpid()).encode(), 0)
    _locks.append(file)


def end_former_proxy(file: Path) -> None:
    """End the proxy whose number an earlier hub wrote into a file, if it lives, and remove the file.

    It lives if node has been given capabilities, since the kernel then forgets whom it is to end with. JupyterHub would
    end whatever has that number now.
    """
    with suppress(OSError, ValueError, psutil.Error):
        pid = int(file.read_text())
        handle = os.pidfd_open(pid)
        try:
            process = psutil.Process(pid)
            if process.uids().real == os.geteuid() and any(PROXY in part for part in process.cmdline()):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)
    file.unlink(missing_ok=True)


def check_ports(addresses: dict[str, str]) -> None:
    """Check that the hub and what it starts can listen at these addresses, each told by what it is for."""
    until = time.monotonic() + PORT_SECONDS
    for purpose, address in addresses.items():
        parts = urlsplit(address)
        if "unix" in parts.scheme:
            continue
        usual = 443 if parts.scheme == "https" else 80
        host, port = parts.hostname or "", usual if parts.port is None else parts.port
        while fault := _cannot_listen(host, port):
            if fault.errno != errno.EADDRINUSE or time.monotonic() > until:
                raise SystemExit(f"port {port}, for {purpose}, cannot be used: {fault.strerror}{_listeners(port)}; "
                                 "end what listens there, or set another port")  # fmt: skip
            time.sleep(0.1)


def _cannot_listen(host: str, port: int) -> OSError | None:
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        with socket.socket(family) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            one.listen()
    except OSError as error:
        return error
    return None


def _listeners(port: int) -> str:
    """Who listens on a port, as far as this account may know."""
    found = []
    with suppress(psutil.Error):
        listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN and one.pid]
        for pid in {one.pid for one in listening if one.laddr.port == port}:
            with suppress(psutil.Error):
                found.append(f"process {pid}: {' '.join(psutil.Process(pid).cmdline())[:80]}")
    return f" ({', '.join(found)})" if found else ""


def _account(name: str) -> Any:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
