"""A verdict: the points of one task, part by part, with reasons; shown as text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

GREEN, RED = "#2e9e5b", "#d9534f"  # read on white and on black


@dataclass(frozen=True)
class Part:
    """One part of a task: whether the answer got it right, and if not, why."""

    name: str
    right: bool
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """What one answer earned. ``mistake`` and ``hint`` are those of a recognised known mistake."""

    task: str
    points: float
    max_points: float
    parts: tuple[Part, ...]
    mistake: str | None = None
    hint: str = ""

    @property
    def right(self) -> bool:
        """Whether every part is right."""
        return all(part.right for part in self.parts)

    @property
    def unanswered(self) -> bool:
        """Whether the answer is still the stub that the student received."""
        return all(part.reason.startswith("NotImplementedError") for part in self.parts)

    @property
    def headline(self) -> str:
        state = "right" if self.right else "not answered yet" if self.unanswered else "not right yet"
        return f"{self.task}: {state}, {self.points:g} of {self.max_points:g} points"

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain data, which ``from_json`` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        return cls(**{**data, "parts": tuple(Part(**part) for part in data["parts"])})

    def __str__(self) -> str:
        lines = [self.headline]
        if not self.unanswered:
            width = max(len(part.name) for part in self.parts)
            for part in self.parts:
                sign = "✓" if part.right else "✗"
                lines.append(f"  {sign} {part.name:<{width}}  {part.reason}".rstrip())
        if self.mistake:
            lines += [f"  Looks like: {self.mistake}", f"  Hint: {self.hint}"]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        color = GREEN if self.right else RED
        rows = "" if self.unanswered else "".join(map(_row, self.parts))
        mistake = ""
        if self.mistake:
            mistake = (
                f'<p style="margin:.4em 0 0"><strong>Looks like: {escape(self.mistake)}.</strong> '
                f"{escape(self.hint)}</p>"
            )
        return (
            f'<div style="border-left:4px solid {color};padding:.2em .8em;color:inherit">'
            f"<strong>{escape(self.headline)}</strong>"
            f'<table style="border-collapse:collapse;color:inherit">{rows}</table>{mistake}</div>'
        )


def _row(part: Part) -> str:
    cell = '<td style="text-align:left;padding:.1em .8em .1em 0;vertical-align:top">'
    mark = f'<span style="color:{GREEN}">✓ right</span>' if part.right else (
        f'<span style="color:{RED}">✗ wrong</span>'
    )  # fmt: skip
    return f"<tr>{cell}{mark}</td>{cell}{escape(part.name)}</td>{cell}{escape(part.reason)}</td></tr>"
