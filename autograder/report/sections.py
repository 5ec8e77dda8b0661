"""Sections that the report on a unit and the one on all units have in common, as HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from autograder.records import Record
from autograder.report.copying import Question
from autograder.report.gathering import GradedUnit
from autograder.report.markup import command, names, short, table, ways
from autograder.report.statistics import Summary, summary
from autograder.texts import count
from course.figures import Picture

MOST_QUESTIONS = 40
SLOWEST = 5
ASKING = """<p>These students handed in answers that are alike and that hardly anybody else wrote. There are many good
reasons for that: a pair that works together, a common source, a tutor, chance. So it is a question to ask them, and
says nothing by itself.</p>"""
STYLE = """
article { border-left: 3px solid var(--line); padding: 0 1rem; margin: 1.5rem 0; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid var(--line); }
code, summary { overflow-wrap: anywhere; }
.words td, .words th { vertical-align: top; }
.words td:last-child, .reading td:last-child { text-align: left; min-width: 12rem; }
.reading th:last-child { text-align: left; }
.names { overflow-wrap: anywhere; } th .names { display: inline-block; min-width: 8rem; }
.chart svg { min-width: 34rem; }
"""


def notes(graded: Sequence[GradedUnit]) -> str:
    """What somebody who reads the figures should know of where they come from."""
    by_hand = sum(len(one.by_hand) for one in graded)
    lines = [f"Graded {_span([record.graded for one in graded for record in one.records])}."]
    if by_hand:
        lines.append(
            f"{count(by_hand, 'mark')} changed by hand in nbgrader; {'it counts' if by_hand == 1 else 'they count'}."
        )
    lines.append(
        "Totals are the points of the tasks, with marks by hand, before what being late costs, which feedback and "
        "<code>autograder export</code> take off."
    )
    for one in graded:
        again = command(f"grade {one.unit.name}", one.course_dir)
        if one.unreadable:
            files = ", ".join(map(short, one.unreadable[:5]))
            lines.append(
                f"{count(len(one.unreadable), 'record')} cannot be read and left out: {files}. Grade again: {again}."
            )
        if one.outdated:
            regrade = command(f"regrade {one.unit.name}", one.course_dir)
            lines.append(
                f"{len(one.outdated)} graded before {escape(one.unit.name)} changed: {regrade} shows what that means."
            )
        if partly := len(one.records) - len(one.totals):
            lines.append(f"{partly} not graded in every task of {escape(one.unit.name)}, so without a total.")
    return f"<p>{'<br>'.join(lines)}</p>"


def _span(times: list[str]) -> str:
    first, last = (one[:16].replace("T", " ") for one in (min(times), max(times)))
    return escape(first if first == last else f"from {first} to {last}") + " UTC"


def spread_table(rows: Iterable[tuple[str, Summary]], label: str = "Spread of the points") -> str:
    """A row for each summary; its name is HTML."""
    head = ["unit", "students", "mean", "standard deviation", "lowest", "lower quartile", "median", "upper quartile",
            "highest"]  # fmt: skip
    return table(label, head, ((name, str(one.count), *map(number, _figures(one))) for name, one in rows))


def _figures(one: Summary) -> tuple[float, ...]:
    return one.mean, one.deviation, one.least, one.lower, one.median, one.upper, one.most


def chart(drawn: Picture) -> str:
    """A picture that scrolls where it is too wide to be read."""
    return f'<div class="wide chart" tabindex="0" role="region" aria-label="Chart">{drawn.svg}</div>'


def number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def questions_section(asked: Sequence[Question]) -> str:
    """Students to ask, with what they have in common."""
    shown = "".join(map(_question, asked[:MOST_QUESTIONS]))
    more = f"<p>{len(asked) - MOST_QUESTIONS} more are left out.</p>" if len(asked) > MOST_QUESTIONS else ""
    found = ASKING + shown + more if asked else "<p>Nothing to ask about.</p>"
    return f"<h2>Alike: how did that come about?</h2>{found}"


def _question(asked: Question) -> str:
    items = "".join(
        f"<li>{escape(one.unit)}, {escape(one.task)}: {escape(one.what)}"
        f"{'' if one.students == set(asked.students) else f' ({names(sorted(one.students))})'}</li>"
        for one in asked.alike
    )
    return f"<article><h3>{names(asked.students)}</h3><ul>{items}</ul></article>"


def ran_section(records: Sequence[Record]) -> str:
    """In which isolation the notebooks ran, and how long they took."""
    ran = ways(record.isolation for record in records)
    timed = sorted((r for r in records if r.seconds is not None), key=lambda record: -(record.seconds or 0.0))
    middle = summary(record.seconds or 0.0 for record in timed)
    if not timed:
        return f"<h2>How it ran</h2><ul>{ran}</ul><p>How long it took was not recorded.</p>"
    rows = ((short(record.student), escape(record.unit), f"{record.seconds:.1f}") for record in timed[:SLOWEST])
    slowest = table("Slowest notebooks", ["student", "unit", "seconds"], rows, kind="words")
    took = f"A notebook took {middle.median:.1f} s in the median, {middle.most:.1f} s at most. The slowest:"
    return f"<h2>How it ran</h2><ul>{ran}</ul><p>{took}</p>{slowest}"
