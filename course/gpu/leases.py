"""Who has which GPU, and who waits for one: locked files, see ``locked_files``.

A lease ends with its process, however that ends, and nobody leases in another's name. Of two accounts with the same
card the one that had it first has it. Leases keep people apart who choose their card with ``USE_GPU``. Others are seen
only in what the driver reports.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from course.gpu import accounts, locked_files, rules
from course.gpu.locked_files import LockedFile

LEASES_VARIABLE = "GRADIENTS_GPU_LEASES"
"""Environment variable: the folder of the leases, the same for all who share a machine."""

SHARED = Path("/run/gradients-gpus")
"""Where a lab keeps leases. People who work beside the hub look there too."""

LOCKS = locked_files.AVAILABLE
"""Whether there are leases. Where there are none, as on Windows, a machine is one person's."""

QUEUE = "queue"
TRIES = 8  # when two accounts took a card within the same tick of the kernel's clock

_held: dict[str, tuple[int, Path] | None] = {}
"""The cards that this process has leased, each with its locked file, or None where there are no locks."""


@dataclass(frozen=True)
class Lease:
    """A card that somebody has. ``beyond``: it does not count, since the account has as many as it may have."""

    uuid: str
    file: LockedFile
    beyond: bool = False

    @property
    def account(self) -> str:
        return accounts.named(self.file.uid)

    @property
    def mine(self) -> bool:
        """Whether it is this account's."""
        return self.file.uid == own()

    @property
    def yours(self) -> bool:
        """Whether it is this process's."""
        return self.file.pid == os.getpid()

    def __str__(self) -> str:
        if self.yours:
            return "you"
        since = time.strftime("%H:%M", time.localtime(self.file.since / 1e9))
        beyond = ", beyond what an account may have" if self.beyond else ""
        return f"{'you' if self.mine else self.account} (process {self.file.pid}) since {since}{beyond}"


def folder() -> Path:
    """The folder of the leases: one in which nobody but root can remove what is another's. Raises OSError."""
    place = Path(os.environ.get(LEASES_VARIABLE) or (SHARED if SHARED.is_dir() else tempfile.gettempdir()))
    if not place.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            place.chmod(0o1777)
    owner = place.stat().st_uid
    if LOCKS and owner not in (0, own()):
        raise OSError(
            f"{place} belongs to {accounts.named(owner)}, who can remove everybody's leases; as root: "
            f"chown root {place} && chmod 1777 {place}"
        )
    return place


def own() -> int:
    """The number of this process's account."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def take(uuid: str) -> bool:
    """Lease a card for the life of this process, or until it is given back. Returns whether this process has it.

    Where an account may have only so many cards, its other processes may have this one too. Raises OSError.
    """
    if uuid in _held:
        return True
    if not LOCKS:
        _held[uuid] = None
        return True
    for _ in range(TRIES):
        if rivals(uuid):
            return False
        file, path = locked_files.place(folder(), uuid)
        try:
            others = [lease.file.since for lease in rivals(uuid)]
            since = path.lstat().st_ctime_ns
            if all(other > since for other in others):
                _held[uuid] = file, path
                return True
        finally:
            if uuid not in _held:
                locked_files.remove(file, path)
        if any(other < since for other in others):
            return False
        time.sleep(random.uniform(0, 0.05))  # both came within one tick, so both step back
    return False


def rivals(uuid: str) -> list[Lease]:
    """The leases of a card that keep this process from it. Raises OSError."""
    return [lease for lease in every_rival() if lease.uuid == uuid]


def every_rival() -> list[Lease]:
    """The leases that keep this process from a card, of all cards. Raises OSError."""
    shared = rules.read(folder()).cards_each is not None
    return [lease for lease in every() if not lease.beyond and not (lease.mine if shared else lease.yours)]


def holder(uuid: str) -> Lease | None:
    """Who had a card first, of those who have leased it; None for nobody. Raises OSError."""
    return next(iter(of(uuid)), None)


def of(uuid: str) -> list[Lease]:
    """The leases of a card that count, the oldest first. Raises OSError."""
    return [lease for lease in every() if lease.uuid == uuid and not lease.beyond]


def every() -> list[Lease]:
    """All leases, the oldest first. Raises OSError."""
    if not LOCKS:
        return [Lease(uuid, LockedFile(uuid, own(), os.getpid(), 0, Path())) for uuid in _held]
    place = folder()
    most = rules.read(place).cards_each
    cards: dict[int, list[str]] = {}
    found = []
    for file in locked_files.locked(place):
        if file.about == QUEUE:
            continue
        first = cards.setdefault(file.uid, [])
        if file.about not in first:
            first.append(file.about)
        beyond = most is not None and file.uid != 0 and file.about not in first[:most]
        found.append(Lease(file.about, file, beyond))
    return found


@contextmanager
def waiting() -> Iterator[None]:
    """Stand in the queue. Raises OSError."""
    place = locked_files.place(folder(), QUEUE) if LOCKS else None
    try:
        yield
    finally:
        if place:
            locked_files.remove(*place)


def queue() -> list[str]:
    """The accounts that wait for a card, the next one first. Raises OSError."""
    if not LOCKS:
        return []
    place = folder()
    allowed = rules.read(place)
    waits = dict.fromkeys(accounts.named(file.uid) for file in locked_files.locked(place) if file.about == QUEUE)
    return sorted(waits, key=lambda account: not allowed.comes_first(account))


def give_back(uuid: str | None = None) -> None:
    """End this process's lease of a card, or all of its leases."""
    for held in [uuid] if uuid else list(_held):
        place = _held.pop(held, None)
        if place:
            locked_files.remove(*place)


def _forget() -> None:
    """Forget the leases in a forked process: they are its parent's, and must not outlive the parent."""
    while _held:
        place = _held.popitem()[1]
        if place:
            os.close(place[0])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
