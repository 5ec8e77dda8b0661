"""Texts that somebody else chose, such as names and messages in submissions, as something that can be shown."""

from __future__ import annotations

LONGEST = 100  # characters that are shown in a line


def shown(text: str) -> str:
    """A name or message that somebody else chose, as part of one line: escaped where need be, and not too long."""
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 20]}…{text[-19:]}"
    return visible(short)


def visible(text: str, also: str = "") -> str:
    """A text without anything that does not show or that a terminal obeys: escaped, but for the letters in ``also``."""
    return "".join(letter if letter.isprintable() or letter in also else repr(letter)[1:-1] for letter in text)


def reason(error: BaseException) -> str:
    """What an exception says, in one line."""
    return shown(" ".join(str(error).split())) or type(error).__name__


def count(number: float, what: str) -> str:
    """So many of something, in the singular or the plural."""
    return f"{number:g} {what}{'' if number == 1 else 's'}"
