"""The results of a class in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import mean

from rich.table import Table

from autograder.grading.grader import Graded
from autograder.grading.regrade import Change
from autograder.records import Record
from autograder.term.export.marks import UnitMarks
from autograder.terminal import literal
from course.check import Unit, Verdict
from course.check.verdict import rounded

BORROWED = " b"
"""What follows the points of a borrowed answer."""


def commonest_mistakes(results: Iterable[Graded | Record]) -> list[tuple[int, str, str, str]]:
    """Count, task, name and hint of every recognised mistake, the commonest first."""
    seen: Counter[tuple[str, str, str]] = Counter(
        (name, verdict.mistake, verdict.hint)
        for result in results
        for name, verdict in result.verdicts.items()
        if verdict.mistake
    )
    return [(count, *what) for what, count in sorted(seen.items(), key=lambda item: (-item[1], item[0]))]


def class_mean(results: list[Graded], task: str) -> float:
    """Mean points of a task over all students who were graded."""
    points = [result.verdicts[task].points for result in results if task in result.verdicts]
    return mean(points) if points else float("nan")


def by_name(results: list[Graded]) -> list[Graded]:
    return sorted(results, key=lambda result: result.student)


def marks_table(unit: Unit, results: list[Graded]) -> Table:
    """The points, students × tasks, with the class means below."""
    table = Table(title=f"{unit.name}: {len(results)} submissions", show_footer=True, title_justify="left")
    borrowed = any(verdict.borrowed for result in results for verdict in result.verdicts.values())
    table.caption, table.caption_justify = "sum: as graded here, before marks by hand and lateness", "left"
    table.caption += f"; {BORROWED.strip()}: borrowed" if borrowed else ""
    longest = max((len(result.student) for result in results), default=0)
    table.add_column("student", "class mean", min_width=longest, no_wrap=True)  # other columns make room
    for task in unit.tasks.values():
        header = f"{task.name.replace('_', chr(10))}\n/ {task.points:g}"
        table.add_column(header, f"{class_mean(results, task.name):.2f}", justify="right")
    totals = [result.points for result in results if result.verdicts]
    table.add_column(f"sum\n/ {unit.points:g}", f"{mean(totals):.2f}" if totals else "", justify="right")
    for result in by_name(results):
        cells = [_cell(result.verdicts.get(task)) for task in unit.tasks]
        total = rounded(result.points) if result.verdicts else "[red]not graded[/red]"
        table.add_row(literal(result.student), *cells, f"[bold]{total}[/bold]")
    return table


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "–"
    colour = "green" if verdict.right else "red" if verdict.points == 0 else "yellow"
    return f"[{colour}]{rounded(verdict.points)}{BORROWED if verdict.borrowed else ''}[/{colour}]"


def marks_apart(results: list[Graded], final: UnitMarks) -> list[tuple[str, str, str]]:
    """The students whose final mark is not the sum of points graded here, as (student, that sum, the final mark)."""
    sums = {result.student: result.points for result in by_name(results) if result.verdicts}
    return [
        (student, rounded(points), rounded(final.points[student]))
        for student, points in sums.items()
        if student in final.points and rounded(points) != rounded(final.points[student])
    ]


def mistakes_table(results: list[Graded], most: int = 8) -> Table:
    """The commonest named mistakes of a class."""
    table = Table(title="The commonest mistakes", title_justify="left")
    table.add_column("students", justify="right")
    table.add_column("task")
    table.add_column("mistake")
    for count, task, mistake, _ in commonest_mistakes(results)[:most]:
        table.add_row(str(count), task, literal(mistake))
    return table


def changes_table(changes: list[Change]) -> Table:
    """Marks that a regrading changes."""
    table = Table(title="Marks that change", title_justify="left")
    for column in ("student", "task"):
        table.add_column(column)
    for column in ("before", "after"):
        table.add_column(column, justify="right")
    table.add_column("mistake, borrowed")
    for change in changes:
        points = ("–" if value is None else rounded(value) for value in (change.before, change.after))
        row = (change.student, change.task, *points, change.note)
        table.add_row(*map(literal, row))
    return table
