"""Who has which GPU: a lock on a file for each card, which ends with the process that holds it, however that ends.

The lock is advisory: it keeps people apart who take their card by ``USE_GPU``. Others are seen by what the driver says.
"""

from __future__ import annotations

import getpass
import os
import tempfile
from contextlib import suppress
from pathlib import Path

FOLDER = "GRADIENTS_GPU_LEASES"
"""Environment variable: the folder of the leases, the same for all who share a machine."""

LEASED = "GRADIENTS_GPU_LEASED"
"""Environment variable: the card that somebody who started this process, such as a hub, has leased for it."""

YOU = "you"

_held: dict[str, int] = {}


def folder() -> Path:
    """The folder of the leases, which is made if it is not there, so that everyone may add to it."""
    place = Path(os.environ.get(FOLDER) or Path(tempfile.gettempdir()) / "gradients-gpus")
    if not place.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            place.chmod(0o1777)
    return place


def take(uuid: str, who: str = "") -> bool:
    """Lease a card for the life of this process, or until it is given back; ``who`` says for whom.

    True also where it was leased for this process already; False if others have it. Raises OSError.
    """
    if uuid in _held:
        return True
    file = _open(uuid)
    if not _lock(file):
        os.close(file)
        return uuid == os.environ.get(LEASED)
    with suppress(OSError):  # the file may be another account's, of which nothing but the lock is needed
        os.ftruncate(file, 0)
        os.write(file, (who or f"{getpass.getuser()}, process {os.getpid()}").encode())
    _held[uuid] = file
    return True


def holder(uuid: str) -> str:
    """Who has leased a card, in words; an empty text for nobody. Raises OSError."""
    if uuid in _held:
        return YOU
    path = folder() / uuid
    if not path.exists():
        return ""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if _lock(file, shared=True):
            return ""
        if uuid == os.environ.get(LEASED):
            return YOU
        return os.read(file, 200).decode(errors="replace") or "somebody"
    finally:
        os.close(file)


def give_back(uuid: str | None = None) -> None:
    """End this process's lease of a card, or all of its leases."""
    for held in [uuid] if uuid else list(_held):
        if held in _held:
            os.close(_held.pop(held))


def _open(uuid: str) -> int:
    """The file of a card. Who comes first makes it, for everyone to lock."""
    path = folder() / uuid
    for flags in (os.O_RDWR, os.O_RDWR | os.O_CREAT | os.O_EXCL, os.O_RDWR, os.O_RDONLY):
        with suppress(FileNotFoundError, FileExistsError, PermissionError):
            file = os.open(path, flags | os.O_NOFOLLOW, 0o666)
            with suppress(OSError):
                os.fchmod(file, 0o666)
            return file
    raise PermissionError(f"{path} cannot be opened; whoever looks after this machine should remove it")


def _lock(file: int, shared: bool = False) -> bool:
    import fcntl

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
