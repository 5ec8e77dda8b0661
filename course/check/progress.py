"""How far a notebook has come: points so far after each check, and all tasks in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from course.check.unit import Unit
from course.check.verdict import ANY_LENGTH, OPEN_GREY, RIGHT_GREEN, TABLE, Verdict, badge, cell, framed, rounded

NUMBER_STYLE = ";text-align:right;white-space:nowrap"


@dataclass(frozen=True)
class Progress:
    """A unit, and the last verdict on each of its tasks that was checked."""

    unit: Unit
    verdicts: Mapping[str, Verdict]

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts.values())

    @property
    def so_far(self) -> str:
        """The points and the tasks that are right, in a line; for a unit without points, the tasks only."""
        borrowed = sum(verdict.borrowed for verdict in self.verdicts.values())
        tasks = self.tasks_right + (f", {borrowed} borrowed" if borrowed else "")
        return f"points so far: {self.total}, {tasks}" if self.unit.points else f"so far: {tasks}"

    @property
    def tasks_right(self) -> str:
        right = sum(verdict.right for verdict in self.verdicts.values())
        return f"{right} of {len(self.unit.tasks)} tasks right"

    @property
    def total(self) -> str:
        if not self.unit.points:
            return self.tasks_right
        return f"{rounded(self.points)} of {rounded(self.unit.points)}"

    def __str__(self) -> str:
        rows = [(one.task, one.score, _state(one), _why(one)) for one in self._verdicts()]
        rows.append(("total", self.total, "", ""))
        task, points, state = (max(len(row[column]) for row in rows) for column in range(3))
        lines = (f"{row[0]:<{task}}  {row[1]:>{points}}  {row[2]:<{state}}  {row[3]}" for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        whole = all(verdict.right for verdict in self._verdicts())
        styles = {"task": "", "points": NUMBER_STYLE, "state": "", "what to look at": ""}
        heads = "".join(cell(f"<strong>{name}</strong>", "col", style) for name, style in styles.items())
        total = cell("<strong>total</strong>", "row") + cell(f"<strong>{self.total}</strong>", style=NUMBER_STYLE)
        rows = "".join(map(_row, self._verdicts()))
        return framed(
            RIGHT_GREEN if whole else OPEN_GREY,
            f'<table style="{TABLE}" aria-label="all tasks of {self.unit.name}"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{rows}<tr>{total}<td></td><td></td></tr></tbody></table>",
        )

    def _verdicts(self) -> list[Verdict]:
        """The verdicts in the order of the tasks."""
        return [self.verdicts[name] for name in self.unit.tasks if name in self.verdicts]


def line_html(line: str) -> str:
    """A line as HTML, to stand below a verdict."""
    return f'<p style="margin:.3em calc(.8em + 4px) 0;color:inherit">{escape(line)}</p>'


def _state(verdict: Verdict) -> str:
    return ", ".join(filter(None, [verdict.state, verdict.loan]))


def _why(verdict: Verdict) -> str:
    """What is known of a wrong answer, or else the first thing that is wrong."""
    if verdict.advice:
        return verdict.advice
    if verdict.right or verdict.unanswered:
        return ""
    first = next(part for part in verdict.parts if not part.right)
    return first.reason if verdict.undefined else f"{first.name}: {first.reason}"


def _row(verdict: Verdict) -> str:
    points = cell(verdict.score, style=NUMBER_STYLE)
    state, why = badge(verdict.state, _state(verdict)), cell(escape(_why(verdict)), style=ANY_LENGTH)
    return f"<tr>{cell(escape(verdict.task), 'row')}{points}{cell(state)}{why}</tr>"
