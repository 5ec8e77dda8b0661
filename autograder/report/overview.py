"""The report on a class over all units, as a page that leads to the page of each unit beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from autograder.pages import page
from autograder.report.charts import units_chart
from autograder.report.copying import Question
from autograder.report.gathering import GradedUnit
from autograder.report.markup import full_name, table
from autograder.report.sections import STYLE, chart, notes, number, questions_section, ran_section, spread_table
from autograder.report.statistics import TaskStatistics, summary, task_statistics
from autograder.report.tables import commonest_mistakes
from autograder.texts import count
from course.check.verdict import rounded

MOST_MISTAKES, MOST_TASKS = 15, 10


def overview_page(graded: Sequence[GradedUnit], asked: Sequence[Question]) -> str:
    """The whole page; the page of each unit is called ``<unit>.html``."""
    students = sorted({record.student for one in graded for record in one.records})
    records = [record for one in graded for record in one.records]
    drawn = units_chart([(one.unit.name, one.totals, one.unit.points) for one in graded if one.totals])
    links = [(f'<a href="{one.unit.name}.html">{escape(one.unit.name)}</a>', summary(one.totals)) for one in graded]
    body = [
        f"<h1>The class: {count(len(students), 'student')}, {count(len(graded), 'unit')}</h1>",
        notes(graded),
        f"<h2>Units</h2>{chart(drawn)}",
        spread_table(links, "Points in each unit"),
        _hardest(graded),
        _commonest(graded),
        _findings(graded),
        questions_section(asked),
        ran_section(records),
        _totals(graded, students),
    ]
    return page("Class report", "\n".join(body), STYLE)


def _hardest(graded: Sequence[GradedUnit]) -> str:
    found: list[tuple[str, TaskStatistics]] = [
        (one.unit.name, task_statistics(one, task)) for one in graded for task in one.unit.tasks
    ]
    found = sorted((one for one in found if one[1].students), key=lambda one: one[1].difficulty)[:MOST_TASKS]
    head = ["task", "unit", "earned", "wrong without a name", "discrimination"]
    rows = (
        (escape(one.task), escape(unit), f"{100 * one.difficulty:.0f} %", str(one.unnamed), number(one.discrimination))
        for unit, one in found
    )
    return f"<h2>The most difficult tasks</h2>{table('Tasks', head, rows, kind='words')}"


def _commonest(graded: Sequence[GradedUnit]) -> str:
    found = [(one.unit.name, *mistake) for one in graded for mistake in commonest_mistakes(one.records)]
    found = sorted(found, key=lambda mistake: -mistake[1])[:MOST_MISTAKES]
    rows = [(escape(unit), escape(task), str(n), escape(name), escape(hint)) for unit, n, task, name, hint in found]
    head = ["unit", "task", "students", "mistake", "hint"]
    listed = table("Mistakes", head, rows, kind="words") if rows else "<p>None.</p>"
    return f"<h2>The commonest mistakes</h2>{listed}"


def _findings(graded: Sequence[GradedUnit]) -> str:
    found = Counter((name, one.unit.name) for one in graded for record in one.records for name, _ in record.findings)
    rows = [(escape(name), escape(unit), str(n)) for (name, unit), n in found.most_common()]
    listed = table("Findings", ["finding", "unit", "times"], rows, kind="words") if rows else "<p>None.</p>"
    return f"<h2>Findings</h2>{listed}"


def _totals(graded: Sequence[GradedUnit], students: Sequence[str]) -> str:
    totals = [{record.student: one.total(record) for record in one.records} for one in graded]
    head = [
        "student",
        *(f"{escape(one.unit.name.replace('_', ' '))}<br>/ {one.unit.points:g}" for one in graded),
        "sum",
    ]
    rows = []
    for student in students:
        points = [of_unit.get(student) for of_unit in totals]
        marks = ("–" if one is None else rounded(one) for one in points)
        rows.append((full_name(student), *marks, rounded(sum(one for one in points if one is not None))))
    return f"<h2>All marks</h2>{table('Points by student and unit', head, rows)}"
