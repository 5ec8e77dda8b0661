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
from contextlib import suppress
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
    try:
        file = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except PermissionError as error:
        raise PermissionError(f"{folder} may not be written to; as its owner: chmod 1777 {folder}") from error
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
    holders = {inode: pid for name, inode, pid in _listed() if name == device}
    return sorted(_in(folder, holders), key=lambda one: (one.since, one.path))


def _in(folder: Path, holders: dict[int, int]) -> Iterator[LockedFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX):
                continue
            with suppress(FileNotFoundError):  # it has just ended
                found = entry.stat(follow_symlinks=False)
                if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                    continue
                if entry.inode() in holders:
                    about = entry.name.removeprefix(PREFIX).rpartition(".")[0]
                    yield LockedFile(about, found.st_uid, holders[entry.inode()], found.st_ctime_ns, Path(entry))
                elif os.geteuid() in (0, found.st_uid):
                    Path(entry).unlink()


def _listed() -> Iterator[tuple[str, int, int]]:
    """What the kernel says of whole files that are locked: the device, the file's number there, and the process."""
    for line in LOCKS.read_text(encoding="ascii").splitlines():
        words = line.split()
        if len(words) >= 6 and words[1] == "FLOCK" and words[3] == "WRITE":
            device, _, inode = words[5].rpartition(":")
            yield device, int(inode), int(words[4])


def _device(folder: Path) -> str:
    """How the kernel names a folder's device in its list: of some file systems others are told another name."""
    import fcntl

    if folder not in _devices:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
            fcntl.flock(probe, fcntl.LOCK_EX)
            inode = os.fstat(probe.fileno()).st_ino
            names = [name for name, number, pid in _listed() if (number, pid) == (inode, os.getpid())]
        if not names:
            raise OSError(f"this system does not tell who holds a lock ({LOCKS})")
        _devices[folder] = names[0]
    return _devices[folder]
