"""The report on a class in one unit, as a page that loads no other file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograder.html.page import render
from autograder.report.answers import answers_of
from autograder.report.charts import difficulty_chart, marks_chart
from autograder.report.clusters import AnswerCluster
from autograder.report.copying import Suspicion
from autograder.report.gathering import GradedUnit
from autograder.report.sections import how_it_ran, span
from autograder.report.statistics import SMALL_CLASS, summary, task_statistics, tenths
from autograder.report.tables import commonest_mistakes

MOST_CLUSTERS = 12  # that the page shows of a task


class Unnamed(NamedTuple):
    """The clusters of a task: ``shown`` are those on the page, each with its first student's code; ``rest`` the others;
    ``runs`` counts the runs that graded them."""

    task: str
    shown: list[tuple[AnswerCluster, str]]
    rest: Sequence[AnswerCluster]
    runs: int


def class_page(graded: GradedUnit, found: Mapping[str, Sequence[AnswerCluster]], asked: Sequence[Suspicion]) -> str:
    """The whole page, as HTML; ``found`` has the clusters of each task, ``asked`` the students with similar answers."""
    statistics = [task_statistics(graded, task) for task in graded.unit.tasks]
    return render(
        "report/class_report.html.j2",
        graded=graded,
        span=span(graded.records),
        marks_chart=marks_chart(graded.totals, graded.unit.points),
        spread=summary(graded.totals),
        tenths=tenths(graded.totals, graded.unit.points),
        difficulty_chart=difficulty_chart(statistics),
        statistics=statistics,
        small=SMALL_CLASS,
        mistakes=commonest_mistakes(graded.records),
        unnamed=[_unnamed(graded, clusters) for clusters in found.values() if clusters],
        findings=_findings(graded),
        asked=asked,
        ran=how_it_ran(graded.records),
    )


def _unnamed(graded: GradedUnit, clusters: Sequence[AnswerCluster]) -> Unnamed:
    task = clusters[0].task.name
    shown = [(one, _code(graded, one)) for one in clusters[:MOST_CLUSTERS]]
    runs = {record.seeds.get(task) for cluster in clusters for record in cluster.records}
    return Unnamed(task, shown, clusters[MOST_CLUSTERS:], len(runs))


def _code(graded: GradedUnit, cluster: AnswerCluster) -> str:
    """The code of a cluster's first student; empty if the graded notebook is gone."""
    answers = answers_of(graded.unit, cluster.students[0], graded.course_dir)
    return "\n\n".join(answers[name].strip() for name in cluster.task.answers if name in answers)


def _findings(graded: GradedUnit) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each finding with its students and details, the most frequent first."""
    found = defaultdict(list)
    for record in graded.records:
        for name, detail in record.findings:
            found[name].append((record.student, detail))
    return sorted(found.items(), key=lambda item: -len(item[1]))
