"""A lab's service beside the hub: it takes cards back where others wait, and notes who had which card.

The hub starts it as root: ``python -m course.gpu.keeper``. Without it leases and the queue work too, but nobody takes
an idle card back.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from course.gpu import history, leases, rules
from course.gpu.cards import Card, Found, find
from course.gpu.leases import Lease

EVERY = 10.0  # seconds


@dataclass
class Keeper:
    """What the service remembers: the leases it saw, when something computed on each card, whom it asked to end."""

    history: Path
    seen: dict[Path, Lease] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    asked: dict[Path, str] = field(default_factory=dict)

    def look(self, now: float) -> None:
        """Note what has ended since the last look, and take a card back if somebody waits for it. Raises OSError."""
        found, there = find(), {lease.file.path: lease for lease in leases.every()}
        numbers = {card.uuid: card.number for card in found.cards}
        for path in self.seen.keys() - there.keys():
            ended = self.asked.pop(path, "given back")
            history.note(self.history, self.seen[path], numbers.get(self.seen[path].uuid, "?"), now, ended)
        self.seen = there
        self.busy |= {card.uuid: now for card in found.cards if card.load or (card.load is None and card.users)}
        for path in self.asked.keys() & there.keys():
            _signal(there[path], signal.SIGKILL)
        if not self.asked:
            self._serve(found, now)

    def _serve(self, found: Found, now: float) -> None:
        """Ask one process that holds a card to end, for the first of those who wait whom that helps."""
        allowed = rules.read(leases.folder())
        for account in leases.queue():
            cards = [card for card in found.cards if not allowed.reserved(card, account)]
            if any(card.idle and not leases.of(card.uuid) for card in cards):
                continue  # that one is taken without our help
            for _, lease, why in sorted(self._candidates(cards, allowed, now), key=lambda one: -one[0]):
                if lease.account != account and _signal(lease, signal.SIGTERM):
                    self.asked[lease.file.path] = f"taken back: {why}"
                    with suppress(OSError):
                        history.tell(lease, why, now)
                    return

    def _candidates(self, cards: list[Card], allowed: rules.Rules, now: float) -> Iterator[tuple[float, Lease, str]]:
        """The leases that may be taken back, with the seconds for which nothing has computed, and why."""
        for card in cards:
            for lease in leases.of(card.uuid):
                if lease.account in allowed.graders or lease.file.uid == 0:
                    continue
                since = lease.file.since / 1e9
                idle, age = now - max(self.busy.get(card.uuid, since), since), now - since
                if idle >= allowed.idle_minutes * 60:
                    yield idle, lease, f"nothing had computed on it for {idle / 60:.0f} minutes"
                elif age >= allowed.longest_hours * 3600 and not allowed.comes_first(lease.account):
                    yield idle, lease, f"you had had it for {age / 3600:.1f} hours"


def _signal(lease: Lease, number: signal.Signals) -> bool:
    """Signal the process of a lease, if it is still that process. Returns whether it was."""
    try:
        process = os.pidfd_open(lease.file.pid)
    except OSError:
        return False
    try:
        owner = Path(f"/proc/{lease.file.pid}").stat().st_uid
        if owner != lease.file.uid or all(other.file != lease.file for other in leases.every()):
            return False
        signal.pidfd_send_signal(process, number)
        return True
    except OSError:
        return False
    finally:
        os.close(process)


def main() -> None:
    keeper = Keeper(history.place())
    while True:
        try:
            keeper.look(time.time())
        except OSError as error:
            print(f"cards are not looked after: {error}", flush=True)
        time.sleep(EVERY)


if __name__ == "__main__":
    main()
