"""Printing what the doctor finds, for people and for programs. Needs no package, since any may be broken."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence

from course.doctor import all_looks, looking
from course.doctor.diagnosis import Diagnosis

SIGNS = {"well": ("✓", "ok", 32), "minor": ("!", "!", 33), "wrong": ("✗", "X", 31)}
"""Of each state the sign, the same in ASCII, and the number of its colour."""
QUIET_SECONDS = 2.0
CLEAR = "\r\33[K"
WRONG_USE = 2


def tell(as_json: bool = False, lab: bool = False, only: Sequence[str] = ()) -> int:
    """Look, print what is found, and return the exit status: 1 if something keeps the course from running."""
    looks = {look.partition(":")[2]: look for look in all_looks(lab or bool(only))}
    if unknown := [name for name in only if name not in looks]:
        print(f"error: the doctor does not look at {', '.join(unknown)}, but at {', '.join(looks)}", file=sys.stderr)
        return WRONG_USE
    return _tell([looks[name] for name in only or looks], as_json)


def _tell(looks: Sequence[str], as_json: bool) -> int:
    progress = Progress(len(looks))
    found = []
    for one in looking.make_apart(looks, progress.show):
        progress.clear()
        found.append(one)
        progress.done += 1
        if not as_json:
            tell_one(one)
    if as_json:
        print(json.dumps([one.to_json() for one in found], indent=1), flush=True)
    return status_of(found)


def status_of(found: Sequence[Diagnosis]) -> int:
    return int(any(one.state == "wrong" for one in found))


def tell_one(one: Diagnosis) -> None:
    """What is wrong, within the terminal's width, and below it what mends it, in one line that can be copied."""
    width = shutil.get_terminal_size().columns - 1
    first = printable(f"{one.name}: {one.found}")
    print(textwrap.fill(f"{sign(one.state)} {first}", width, subsequent_indent="  ", break_long_words=False,
                        break_on_hyphens=False), flush=True)  # fmt: skip
    if not one.well and one.mend:
        print(f"  {printable(one.mend)}", flush=True)


def sign(state: str) -> str:
    drawn, plain, colour = SIGNS[state]
    try:
        drawn.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        drawn = plain
    colourful = sys.stdout.isatty() and "NO_COLOR" not in os.environ and sys.platform != "win32"
    return f"\33[{colour}m{drawn}\33[0m" if colourful else drawn


def printable(text: str) -> str:
    """A text without control characters, since some come from others: names of folders, messages of programs."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in text)


class Progress:
    """A line in the terminal that says what is looked at, once looking has taken two seconds."""

    def __init__(self, total: int):
        self.total, self.done, self.begun = total, 0, time.monotonic()
        self.shown = False

    def show(self, name: str, seconds: float) -> None:
        if sys.stderr.isatty() and time.monotonic() - self.begun > QUIET_SECONDS:
            line = f"{self.done} of {self.total}; looking at: {name} ({seconds:.0f} s)"
            print(f"{CLEAR}{line[: shutil.get_terminal_size().columns - 1]}", end="", file=sys.stderr, flush=True)
            self.shown = True

    def clear(self) -> None:
        if self.shown:
            print(CLEAR, end="", file=sys.stderr, flush=True)
            self.shown = False
