"""The report on a class over all units, as a page with links to the page of each unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograder.html.page import render
from autograder.report.charts import units_chart
from autograder.report.copying import Suspicion
from autograder.report.gathering import GradedUnit
from autograder.report.sections import how_it_ran, span
from autograder.report.statistics import TaskStatistics, summary, task_statistics
from autograder.report.tables import commonest_mistakes

MOST_MISTAKES, MOST_TASKS = 15, 10


def overview_page(graded: Sequence[GradedUnit], asked: Sequence[Suspicion]) -> str:
    """The whole page, as HTML. It links to ``<unit>.html`` beside it for each unit."""
    records = [record for one in graded for record in one.records]
    students = sorted({record.student for record in records})
    mistakes = [(one.unit.name, *mistake) for one in graded for mistake in commonest_mistakes(one.records)]
    found = Counter((name, one.unit.name) for one in graded for record in one.records for name, _ in record.findings)
    return render(
        "report/overview.html.j2",
        graded=graded,
        students=students,
        span=span(records),
        units_chart=units_chart([(one.unit.name, one.totals, one.unit.points) for one in graded if one.totals]),
        spread=[(one.unit.name, summary(one.totals)) for one in graded],
        hardest=_hardest(graded),
        mistakes=sorted(mistakes, key=lambda mistake: -mistake[1])[:MOST_MISTAKES],
        findings=found.most_common(),
        asked=asked,
        ran=how_it_ran(records),
        totals=_totals(graded, students),
    )


def _hardest(graded: Sequence[GradedUnit]) -> list[tuple[str, TaskStatistics]]:
    """The tasks in which the smallest share of points was earned, each with the name of its unit."""
    found = [(one.unit.name, task_statistics(one, task)) for one in graded for task in one.unit.tasks]
    return sorted((one for one in found if one[1].students), key=lambda one: one[1].difficulty)[:MOST_TASKS]


def _totals(graded: Sequence[GradedUnit], students: Sequence[str]) -> list[tuple[str, list[float | None]]]:
    """The points of each student in each unit; None where there is no total."""
    totals = [{record.student: one.total(record) for record in one.records} for one in graded]
    return [(student, [of_unit.get(student) for of_unit in totals]) for student in students]
