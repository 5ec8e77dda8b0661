"""What whoever looks after a lab allows: ``rules.json`` in the folder of the leases, believed only if it is root's.

The hub writes it (``autograder.interactive.hub``). Without it everybody may have as many cards as there are.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from course.gpu.cards import Card
from course.writing import replacing

FILE = "rules.json"
LONGEST = 1_000_000  # bytes of the file that are read
UNFOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # Windows has neither


@dataclass(frozen=True)
class Period:
    """Some accounts, from one time to another (``2026-12-01T10:00``, this machine's time).

    As a reservation: only they may take these cards, by nvidia-smi's numbers. As a preference, such as of a course
    before its deadline: they come first among those who wait.
    """

    accounts: tuple[str, ...]
    start: str
    end: str
    cards: tuple[int, ...] = ()
    name: str = ""

    def holds(self, now: datetime) -> bool:
        return datetime.fromisoformat(self.start) <= now < datetime.fromisoformat(self.end)


@dataclass(frozen=True)
class Rules:
    """How many cards an account may have, and which cards are taken back where others wait.

    A card is taken back if nothing has computed on it for ``idle_minutes``, or if somebody has had it for
    ``longest_hours``. That of ``graders`` never is.
    """

    cards_each: int | None = None
    idle_minutes: float = 30
    longest_hours: float = 12
    graders: tuple[str, ...] = ()
    reservations: tuple[Period, ...] = ()
    preferences: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        for period in (*self.reservations, *self.preferences):
            if datetime.fromisoformat(period.start) >= datetime.fromisoformat(period.end):
                raise ValueError(f"{period.name or 'a period'} ends at {period.end}, before it starts ({period.start})")

    def reserved(self, card: Card, account: str, now: datetime | None = None) -> Period | None:
        """The reservation that keeps an account from a card at this time."""
        now = now or datetime.now()
        of_card = [one for one in self.reservations if card.index in one.cards and one.holds(now)]
        return next((one for one in of_card if account not in one.accounts), None)

    def comes_first(self, account: str, now: datetime | None = None) -> bool:
        """Whether an account comes before others who wait."""
        now = now or datetime.now()
        preferred = any(account in one.accounts and one.holds(now) for one in self.preferences)
        return account in self.graders or preferred


def read(folder: Path) -> Rules:
    """The rules of a folder of leases; those of nobody if it has none that can be believed."""
    with suppress(OSError, ValueError, TypeError):
        file = os.open(folder / FILE, os.O_RDONLY | UNFOLLOWED)
        with os.fdopen(file, encoding="utf-8") as opened:
            found = os.fstat(file)
            if stat.S_ISREG(found.st_mode) and found.st_uid in (0, folder.stat().st_uid):
                return _of(json.loads(opened.read(LONGEST)))
    return Rules()


def write(rules: Rules, folder: Path) -> None:
    """Put the rules into a folder of leases, whole. Raises OSError."""
    with replacing(folder / FILE) as new:  # under a name that nobody could have taken before
        new.write_text(json.dumps(asdict(rules), indent=1), encoding="utf-8")
        new.chmod(0o644)


def _of(said: dict[str, Any]) -> Rules:
    def periods(key: str) -> Iterable[Period]:
        return (
            Period(**{**one, "accounts": tuple(one["accounts"]), "cards": tuple(one.get("cards", ()))})
            for one in said.pop(key, ())
        )

    lists = {key: tuple(periods(key)) for key in ("reservations", "preferences")}
    return Rules(**{**said, **lists, "graders": tuple(said.get("graders", ()))})
