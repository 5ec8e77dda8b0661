"""Findings: what is odd about a submission, each with a name that can be counted, told in one line."""

from __future__ import annotations

from dataclasses import dataclass

LISTED = 5  # how many details a finding names before it only counts


@dataclass(frozen=True)
class Finding:
    """Something odd about a submission: a name that can be counted, and what it was this time."""

    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name


class Findings:
    """Findings as they come up. They are told as one of each name, which lists its first few details."""

    def __init__(self) -> None:
        self._details: dict[str, dict[str, None]] = {}

    def add(self, name: str, detail: str = "") -> None:
        """Remember a finding; a detail that is known already is not told twice."""
        details = self._details.setdefault(name, {})
        if detail:
            details[detail] = None

    def told(self) -> list[Finding]:
        """One finding for each name, in the order in which they came up first."""
        return [Finding(name, listed(list(details))) for name, details in self._details.items()]


def listed(details: list[str]) -> str:
    """The first few details, and how many more there are."""
    more = len(details) - LISTED
    return ", ".join(details[:LISTED]) + (f" and {more} more" if more > 0 else "")
