"""A verdict: the points of one task, part by part, with reasons; shown as text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from html import escape
from typing import Any


class State(StrEnum):
    """The state of an answer, or of one part of it."""

    RIGHT = "right"
    WRONG = "not right yet"
    UNANSWERED = "not answered yet"
    UNDEFINED = "not defined yet"


RIGHT_GREEN, WRONG_RED, OPEN_GREY = "#1f8549", "#d0342c", "#707579"
"""Colours of states: white letters can be read on them, and they show on any background."""
SIGNS = {
    State.RIGHT: ("✓", RIGHT_GREEN),
    State.WRONG: ("✗", WRONG_RED),
    State.UNANSWERED: ("–", OPEN_GREY),
    State.UNDEFINED: ("–", OPEN_GREY),
}
TABLE = "border-collapse:collapse;color:inherit;margin:.3em 0"
CELL_STYLE = "text-align:left;padding:.15em .9em .15em 0;vertical-align:top;font-weight:normal"
ANY_LENGTH = ";overflow-wrap:anywhere;min-width:14em"  # for what a student wrote, which must not widen the table


def rounded(points: float) -> str:
    """Points with at most two digits after the decimal point, as they are shown everywhere."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Part:
    """One part of a task: whether the answer got it right, and if not, why; what it earned and what it is worth."""

    name: str
    state: State
    reason: str = ""
    points: float = 0.0
    worth: float = 0.0

    @property
    def right(self) -> bool:
        return self.state is State.RIGHT

    @classmethod
    def from_json(cls, data: Mapping[str, Any], share: float) -> Part:
        """A part as ``Verdict.to_json`` writes it, or as it did before parts had states, or points of their own.

        ``share`` is what each part was worth then.
        """
        before = _state_before(data["right"], data["reason"]) if "right" in data else None
        state = before or State(data["state"])
        points = share if state is State.RIGHT else 0.0
        return cls(data["name"], state, data["reason"], data.get("points", points), data.get("worth", share))


def _state_before(right: bool, reason: str) -> State:
    """The state of a part in a record of an earlier version, which only the words of the reason tell."""
    if right is True:
        return State.RIGHT
    if reason.startswith("NotImplementedError"):
        return State.UNANSWERED
    return State.UNDEFINED if reason.endswith("; run the cell that defines it first") else State.WRONG


@dataclass(frozen=True)
class Verdict:
    """What one answer earned. ``mistake`` and ``hint`` are those of a recognised known mistake, or of two at once.

    Where none is recognised, ``symptom`` says what the results have in common, and what to do. A ``borrowed`` answer
    earns ``share`` of its points.
    """

    task: str
    points: float
    max_points: float
    parts: tuple[Part, ...]
    mistake: str | None = None
    hint: str = ""
    symptom: str | None = None
    borrowed: bool = False
    share: float = 1.0

    def as_borrowed(self, share: float) -> Verdict:
        """The same verdict on an answer that was borrowed, of whose points only a share is earned."""
        parts = tuple(replace(part, points=share * part.points) for part in self.parts)
        points = round(share * sum(part.points for part in self.parts), 2)
        return replace(self, points=points, parts=parts, borrowed=True, share=share)

    @property
    def advice(self) -> str:
        """What is known of a wrong answer, in sentences; an empty text if nothing is."""
        return f"Looks like: {self.mistake}. {self.hint}" if self.mistake else self.symptom or ""

    @property
    def right(self) -> bool:
        """Whether every part is right."""
        return self._all(State.RIGHT)

    @property
    def unanswered(self) -> bool:
        """Whether the answer is still the stub that the student received."""
        return self._all(State.UNANSWERED)

    @property
    def undefined(self) -> bool:
        """Whether the notebook does not have the answer: its cell was not run, or it failed."""
        return self._all(State.UNDEFINED)

    def _all(self, state: State) -> bool:
        return bool(self.parts) and all(part.state is state for part in self.parts)

    @property
    def state(self) -> State:
        """The state that all parts share; if they share none, the answer is not right yet."""
        return next(filter(self._all, State), State.WRONG)

    @property
    def score(self) -> str:
        """The points and the most points, such as ``1 of 2``; an empty text if the task has no points."""
        return f"{rounded(self.points)} of {rounded(self.max_points)}" if self.max_points else ""

    @property
    def headline(self) -> str:
        said = f"{self.task}: {self.state}" + (f", {self.score} points" if self.score else "")
        return f"{said}, {self.loan}" if self.borrowed else said

    @property
    def loan(self) -> str:
        """That the answer was borrowed and what it can still earn; an empty text if it was not borrowed."""
        if not self.borrowed:
            return ""
        return f"borrowed: at most {rounded(self.share * self.max_points)}" if self.max_points else "borrowed"

    @property
    def note(self) -> str:
        """What tables say beside the points: the known mistake, or that there is no answer, and that it is borrowed."""
        open_answer = "not answered" if self.unanswered else "not defined" if self.undefined else ""
        return "; ".join(filter(None, [self.mistake or open_answer, self.loan]))

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain data, which ``from_json`` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        share = data["max_points"] / (len(data["parts"]) or 1)
        return cls(**{**data, "parts": tuple(Part.from_json(part, share) for part in data["parts"])})

    def __str__(self) -> str:
        lines = [self.headline]
        if self.undefined:
            lines.append(f"  {self.parts[0].reason}")
        elif not self.unanswered:
            width = max(len(part.name) for part in self.parts)
            for part in self.parts:
                sign = "✓" if part.right else "✗"
                lines.append(f"  {sign} {part.name:<{width}}  {part.reason}".rstrip())
        if self.mistake:
            lines += [f"  Looks like: {self.mistake}", f"  Hint: {self.hint}"]
        elif self.symptom:
            lines.append(f"  {self.symptom}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "" if self.unanswered or self.undefined else "".join(map(_row, self.parts))
        advice = f"<strong>Looks like: {escape(self.mistake)}.</strong> {escape(self.hint)}" if self.mistake else ""
        advice = advice or escape(self.parts[0].reason if self.undefined else self.symptom or "")
        below = f'<p style="margin:.4em 0 0">{advice}</p>' if advice else ""
        table = f'<table style="{TABLE}" aria-label="parts of {escape(self.task)}">{rows}</table>' if rows else ""
        return framed(SIGNS[self.state][1], f"<strong>{escape(self.headline)}</strong>{table}{below}")


def framed(color: str, content: str) -> str:
    """HTML content with a coloured line to its left. Its text keeps the colour of the page."""
    style = f"border-left:4px solid {color};padding:.2em .8em;color:inherit;overflow-x:auto"
    return f'<div style="{style}" tabindex="0">{content}</div>'  # tabindex: keys can scroll it


def badge(state: State, words: str = "") -> str:
    """A state in a word or two, as HTML. It has its own background colour, so that it can be read on any page."""
    sign, color = SIGNS[state]
    style = f"background-color:{color};color:#fff;border-radius:3px;padding:0 .5em;white-space:nowrap"
    return f'<span style="{style}"><span aria-hidden="true">{sign} </span>{words or state}</span>'


def cell(content: str, scope: str = "", style: str = "") -> str:
    """A cell of a table, with HTML content. With a ``scope``, it is the header of a row or column."""
    tag, scope = ("th", f' scope="{scope}"') if scope else ("td", "")
    return f'<{tag}{scope} style="{CELL_STYLE}{style}">{content}</{tag}>'


def _row(part: Part) -> str:
    mark = badge(State.RIGHT) if part.right else badge(State.WRONG, "wrong")
    reason = cell(escape(part.reason), style=ANY_LENGTH)
    return f"<tr>{cell(mark)}{cell(escape(part.name), 'row')}{reason}</tr>"
