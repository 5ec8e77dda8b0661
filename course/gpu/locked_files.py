"""Locked files in a folder that many accounts share: a file each, which no other account can open.

Nothing is believed that an account could write. The kernel says which files are locked and by which process
(``/proc/locks``), whose a file is, and when it got its name, which nobody can set.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

AVAILABLE = sys.platform == "linux"
"""Whether the system tells who holds which lock."""
PREFIX = "gradients-gpu-"
LOCKS = Path("/proc/locks")

_devices: dict[Path, str] = {}
"""How the kernel names the device of a folder in its list of locks."""


@dataclass(frozen=True)
class LockedFile:
    """A locked file: what it is about, whose it is, the process that locked it, and since when it has its name.

    ``since`` is in nanoseconds since 1970, by the kernel's clock. The process may have ended, if a child holds on.
    """

    about: str
    uid: int
    pid: int
    since: int
    path: Path


def place(folder: Path, about: str) -> tuple[int, Path]:
    """Make a file that is locked before it gets its name; return its descriptor and path. Raises OSError."""
    import fcntl

    name = f"{about}.{secrets.token_hex(8)}"
    hidden, path = folder / f".{name}", folder / f"{PREFIX}{name}"
    with _writable(folder):
        file = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden.rename(path)
    except BaseException:
        remove(file, hidden)
        raise
    return file, path


def remove(file: int, path: Path) -> None:
    """End a lock."""
    with suppress(OSError):  # somebody may have removed it
        path.unlink()
    os.close(file)


def locked(folder: Path) -> list[LockedFile]:
    """The locked files of a folder, the oldest first. Old ones of this account, which nobody holds, are removed.

    Raises OSError, also if the system lists no locks: else everybody would take what others have.
    """
    device = _device(folder)
    there = list(_files(folder))  # before the locks are listed: whatever had its name by then had its lock
    holders = {inode: pid for name, inode, pid in _listed() if name == device}
    found = []
    for path, state in there:
        about = path.name.removeprefix(PREFIX).rpartition(".")[0]
        if state.st_ino in holders:
            found.append(LockedFile(about, state.st_uid, holders[state.st_ino], state.st_ctime_ns, path))
        elif os.geteuid() in (0, state.st_uid):
            _remove_if_unlocked(path)
    return sorted(found, key=lambda one: (one.since, one.path))


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with suppress(FileNotFoundError):  # it has just ended
                    state = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(state.st_mode) and state.st_nlink == 1:
                        yield Path(entry), state


def _remove_if_unlocked(path: Path) -> None:
    import fcntl

    with suppress(OSError):
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(file)


def _listed() -> set[tuple[str, int, int]]:
    """What the kernel says of whole files that are locked: the device, the file's number there, and the process.

    The kernel hands its list out in pieces. A lock that ends meanwhile can hide another one, so it is read twice.
    """
    found = set()
    for line in "".join(LOCKS.read_text(encoding="utf-8") for _ in range(2)).splitlines():
        words = line.split()
        if len(words) >= 6 and words[1] == "FLOCK" and words[3] == "WRITE":
            device, _, inode = words[5].rpartition(":")
            found.add((device, int(inode), int(words[4])))
    return found


def _device(folder: Path) -> str:
    """How the kernel names a folder's device in its list: of some file systems others are told another name."""
    import fcntl

    if folder not in _devices:
        with _writable(folder), tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
            fcntl.flock(probe, fcntl.LOCK_EX)
            inode = os.fstat(probe.fileno()).st_ino
            names = [name for name, number, pid in _listed() if (number, pid) == (inode, os.getpid())]
        if not names:
            raise OSError(f"this system does not tell who holds a lock ({LOCKS})")
        _devices[folder] = names[0]
    return _devices[folder]


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Say how a folder is opened to all, if it is not."""
    try:
        yield
    except PermissionError as error:
        raise PermissionError(f"{folder} may not be written to; as its owner: chmod 1777 {folder}") from error
