"""Taking a card: one that is named, or the one that is free and next in turn."""

from __future__ import annotations

import os
import sys
import time

from course.gpu import accounts, leases, rules
from course.gpu.cards import Card, Found, find, least_busy_first

VISIBLE = "CUDA_VISIBLE_DEVICES"
OF_JOB = os.environ.get(VISIBLE, "") if "SLURM_JOB_ID" in os.environ else ""
"""In a Slurm job, the cards that the job was given, by number or UUID. The job may see other cards too."""
LOOK_AGAIN = 2.0  # seconds
LOOKS = 5  # for which a free card is left to those who come first


def named(wanted: str, found: Found) -> Card | None:
    """The card of that number or UUID, leased if nobody else has it; None for the CPU. Raises ValueError."""
    fitting = least_busy_first(card for card in found.cards if wanted in (str(card.index), card.uuid))
    may = allowed(tuple(fitting))
    if fitting and not may:
        raise ValueError(f"GPU {fitting[0].number} {_reserved(fitting[0])}")
    return next(filter(_lease, may), may[0] if may else None)


def _reserved(card: Card) -> str:
    """Why this account may not take a card."""
    if OF_JOB and OF_JOB not in ("", str(card.index), card.uuid):
        return f"is not of this Slurm job, which was given {OF_JOB}"
    period = rules.read(leases.folder()).reserved(card, accounts.own_account())
    return f"is reserved for {period.name or 'others'} until {period.end}" if period else "may not be used"


def automatic(found: Found, wait: float) -> Card | None:
    """The least busy card that nobody has. None if there is none within ``wait`` seconds, or until an interrupt."""
    card = _first_free(found)
    if card or not found.cards or wait <= 0:
        return card
    print(f"Every GPU is taken; waiting up to {wait:g} s for one (menu Kernel, Interrupt ends that).", flush=True)
    try:
        with leases.waiting():
            return _in_turn(time.monotonic() + wait)
    except KeyboardInterrupt:
        leases.give_back()  # the interrupt may have come just after a card was taken
    except OSError as error:
        print(f"The queue cannot be used ({error}).", file=sys.stderr)
    return None


def _in_turn(deadline: float) -> Card | None:
    """Look again and again, and say one's place. Whoever comes first and lets a free card lie is passed over."""
    told = left_lying = 0
    while time.monotonic() < deadline:
        place = 1 + _ahead()
        if place != told and place > 1:
            print(f"You are number {place} of those who wait.", flush=True)
        told = place
        time.sleep(LOOK_AGAIN)
        found = find()
        left_lying = left_lying + 1 if _free(found) else 0
        card = _first_free(found, ahead=0 if left_lying > LOOKS else None)
        if card:
            return card
    return None


def _ahead() -> int:
    """How many other accounts wait and come before this one."""
    own, waits = accounts.own_account(), leases.queue()
    return waits.index(own) if own in waits else len(waits)


def allowed(cards: tuple[Card, ...]) -> tuple[Card, ...]:
    """The cards that this account may take: in a Slurm job those that the job was given, and no reserved ones."""
    names = OF_JOB.split(",")
    given = [card for card in cards if not OF_JOB or str(card.index) in names or card.uuid in names]
    try:
        said = rules.read(leases.folder())
    except OSError:
        return tuple(given)
    own = accounts.own_account()
    return tuple(card for card in given if not said.reserved(card, own))


def _first_free(found: Found, ahead: int | None = None) -> Card | None:
    """The card that one's other notebooks have, where an account may have only so many, or else the least busy idle
    one that can be leased, when those before one in the queue have one each. Where leases cannot be used, the least
    busy idle one."""
    cards = least_busy_first(allowed(found.cards))
    try:
        most = rules.read(leases.folder()).cards_each
        mine = list(dict.fromkeys(lease.uuid for lease in leases.every() if lease.mine and not lease.beyond))
        if most is not None and len(mine) >= most:
            return next((card for card in cards if card.uuid in mine and _lease(card)), None)
        free = _free(found)[_ahead() if ahead is None else ahead :]
        return next((card for card in free if leases.take(card.uuid)), None)
    except OSError:
        return next((card for card in cards if card.idle and _lease(card)), None)


def _free(found: Found) -> list[Card]:
    """The cards that nobody uses or has leased, of those that this account may take. Raises OSError."""
    taken = {lease.uuid for lease in leases.every_rival()}
    return [card for card in least_busy_first(allowed(found.cards)) if card.idle and card.uuid not in taken]


def _lease(card: Card) -> bool:
    try:
        return leases.take(card.uuid)
    except OSError as error:
        print(f"{card.number}: it cannot be leased ({error}), so others may take it too", file=sys.stderr)
        return True
