"""Making untrusted texts, such as names and messages in submissions, safe to show."""

from __future__ import annotations

LONGEST_SHOWN = 100  # characters of a text that are shown in a line


def shown(text: str) -> str:
    """An untrusted name or message for a line: cut to ``LONGEST_SHOWN`` characters, then escaped."""
    short = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 20]}…{text[-19:]}"
    return visible(short)


def visible(text: str, also: str = "") -> str:
    """A text in which invisible and control characters are escaped, except those in ``also``."""
    return "".join(letter if letter.isprintable() or letter in also else repr(letter)[1:-1] for letter in text)


def reason(error: BaseException) -> str:
    """An exception's message in one line, or the name of its type if it has none."""
    return shown(" ".join(str(error).split())) or type(error).__name__


def count(number: float, what: str) -> str:
    """A number with its noun in the singular or the plural, such as ``2 points``."""
    return f"{number:g} {what}{'' if number == 1 else 's'}"
