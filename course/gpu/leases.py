"""Who has which GPU. There is a file for each card; a process that leases the card holds a lock on the file.

The lock ends with the process, however that ends. It is advisory: it keeps people apart who choose their card with
``USE_GPU``. Others are seen only in what the driver reports.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from course.gpu import accounts

LEASES_VARIABLE = "GRADIENTS_GPU_LEASES"
"""Environment variable: the folder of the leases, the same for all who share a machine."""

LEASED = "GRADIENTS_GPU_LEASED"
"""Environment variable: the card that the starter of this process, such as a hub, has leased for it."""

LEASED_FOR = "GRADIENTS_GPU_LEASED_FOR"
"""Environment variable: for whom that card is leased, in the words of the lease."""

SHARED = Path("/run/gradients-gpus")
"""Where a lab's hub keeps leases (``lab/jupyterhub_config.py``). People who work beside the hub must look there too."""

YOU = "you"

LOCKS = find_spec("fcntl") is not None
"""Whether files can be locked here. Not on Windows: a machine there is one person's, so nobody is to be kept apart."""

_held: dict[str, int | None] = {}
"""The cards that this process has leased, each with the descriptor of its locked file, or None without locks."""


def folder() -> Path:
    """The folder of the leases. If it is missing, it is made, and everyone may add to it. Raises OSError."""
    usual = SHARED if SHARED.is_dir() else Path(tempfile.gettempdir()) / "gradients-gpus"
    place = Path(os.environ.get(LEASES_VARIABLE) or usual)
    if not place.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            place.chmod(0o1777)
    return place


def take(uuid: str, who: str = "") -> bool:
    """Lease a card for the life of this process, or until it is given back; ``who`` says for whom.

    Returns True if this process has the card, also if it was leased for it before; False if others have it. Raises
    OSError.
    """
    if uuid in _held:
        return True
    if not LOCKS:
        _held[uuid] = None
        return True
    file = _open(uuid)
    try:
        if not _lock_soon(file):
            return _for_this_process(uuid, file)
        _held[uuid] = file
    finally:
        if uuid not in _held:
            os.close(file)
    with suppress(OSError):  # the file may be another account's: then the lock alone is enough
        os.ftruncate(file, 0)
        os.write(file, (who or f"{accounts.own_account()}, process {os.getpid()}").encode())
    return True


def holder(uuid: str) -> str:
    """Who has leased a card, in words; an empty text for nobody. Raises OSError."""
    if uuid in _held:
        return YOU
    if not LOCKS:
        return ""
    try:
        file = _regular(folder() / uuid, os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        if _lock(file, shared=True):
            return ""
        return YOU if _for_this_process(uuid, file) else _told(file) or "somebody"
    finally:
        os.close(file)


def give_back(uuid: str | None = None) -> None:
    """End this process's lease of a card, or all of its leases."""
    for held in [uuid] if uuid else list(_held):
        file = _held.pop(held, None)
        if file is not None:
            _unlock(file)
            os.close(file)


def _forget() -> None:
    """Forget the leases in a forked process: they are its parent's, and must not outlive the parent."""
    while _held:
        file = _held.popitem()[1]
        if file is not None:
            os.close(file)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _told(file: int) -> str:
    """The text of a lease, without control characters, which a terminal would obey."""
    text = os.pread(file, 200, 0).decode(errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _for_this_process(uuid: str, file: int) -> bool:
    return uuid == os.environ.get(LEASED) and _told(file) == os.environ.get(LEASED_FOR)


def _regular(path: Path, flags: int) -> int:
    """Open a lease, and nothing else that somebody may have put in its place. Raises OSError."""
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    found = os.fstat(file)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        return file
    os.close(file)
    raise OSError(f"{path} is no lease; whoever looks after this machine should remove it")


def _open(uuid: str) -> int:
    """Open the file of a card. If it is missing, it is made so that everyone can lock it. Raises OSError."""
    path = folder() / uuid
    for flags in (os.O_RDWR, os.O_RDWR | os.O_CREAT | os.O_EXCL, os.O_RDWR, os.O_RDONLY):
        with suppress(FileNotFoundError, FileExistsError, PermissionError):
            file = _regular(path, flags)
            with suppress(OSError):
                os.fchmod(file, 0o666)
            return file
    if not os.path.lexists(path):
        raise PermissionError(f"{path.parent} may not be written to; as its owner: chmod 1777 {path.parent}")
    raise PermissionError(f"{path} cannot be opened; whoever looks after this machine should remove it")


def _lock(file: int, shared: bool = False) -> bool:
    import fcntl

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_soon(file: int) -> bool:
    """Lock a file; try for a moment, since ``holder`` locks it too while it looks. Returns whether it is locked."""
    for _ in range(10):
        if _lock(file):
            return True
        time.sleep(0.005)
    return False


def _unlock(file: int) -> None:
    import fcntl

    fcntl.flock(file, fcntl.LOCK_UN)
