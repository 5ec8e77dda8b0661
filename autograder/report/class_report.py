"""The report on a class in one unit, as a page that needs nothing else."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape

from autograder.pages import page
from autograder.report.answers import answers_of
from autograder.report.charts import difficulty_chart, marks_chart
from autograder.report.clusters import Cluster
from autograder.report.copying import Question
from autograder.report.gathering import GradedUnit
from autograder.report.markup import cell, command, full_name, mistakes_section, names, short, table
from autograder.report.sections import STYLE, chart, notes, number, questions_section, ran_section, spread_table
from autograder.report.statistics import SMALL, TaskStatistics, summary, task_statistics, tenths
from autograder.report.tables import commonest_mistakes
from autograder.texts import count
from course.check.verdict import rounded

MOST_CLUSTERS = 12  # of a task that the page shows
RIGHT, WRONG = '<td class="full">right</td>', '<td class="none">wrong</td>'
MOST_CODE = 3000  # characters of an answer
DISCRIMINATION = """<p><b>Discrimination</b> is the correlation between the points of a task and those of all
<em>other</em> tasks together (the corrected item-total correlation): 1 where who has more here has more elsewhere, 0
where the task has nothing to do with the rest. From 0.3 on it tells strong from weak students clearly, from 0.1 on
somewhat. Below that it hardly does: nearly all get it right, or nearly all wrong, or its text misleads. Read the wrong
answers below, then reword it, or make it harder or easier. Well below 0 look for a fault first.</p>"""
UNNAMED = """<p>Wrong answers that no known mistake explains. Those that do the same in every part stand together, the
most frequent first. Give the frequent ones a name and a hint, and whoever makes the mistake next is told.</p>"""


def class_page(graded: GradedUnit, found: Mapping[str, Sequence[Cluster]], asked: Sequence[Question]) -> str:
    """The whole page; ``found`` are the clusters of each task, ``asked`` the questions about likeness."""
    unit = graded.unit
    body = [
        f"<h1>{escape(unit.name)}: {count(len(graded.records), 'student')}</h1>",
        notes([graded]),
        f"<h2>Marks</h2>{chart(marks_chart(graded.totals, unit.points))}",
        spread_table([(escape(unit.name), summary(graded.totals))]),
        _distribution(graded),
        _tasks(graded, [task_statistics(graded, task) for task in unit.tasks]),
        mistakes_section(commonest_mistakes(graded.records)),
        _clusters(graded, found),
        _findings(graded),
        questions_section(asked),
        ran_section(graded.records),
        _all_marks(graded),
    ]
    return page(f"{unit.name}: class report", "\n".join(body), STYLE)


def _distribution(graded: GradedUnit) -> str:
    rows = [(f"{low:g} to {high:g}", str(n)) for low, high, n in tenths(graded.totals, graded.unit.points)]
    counted = table("Students by points", ["points", "students"], rows, kind="words")
    return f"<details><summary>The distribution in figures</summary>{counted}</details>"


def _tasks(graded: GradedUnit, statistics: list[TaskStatistics]) -> str:
    head = ["task", "earned", "all points", "not answered", "named mistakes", "wrong without a name",
            "discrimination", "tells students apart"]  # fmt: skip
    rows = [
        (
            f"{escape(one.task)} / {graded.unit.tasks[one.task].points:g}",
            "–" if math.isnan(one.difficulty) else f"{100 * one.difficulty:.0f} %",
            *map(str, (one.full, one.unanswered, one.named, one.unnamed)),
            number(one.discrimination),
            escape(one.reading),
        )
        for one in statistics
    ]
    few = (
        f"<p>With fewer than {SMALL} students, discrimination is mostly chance.</p>"
        if len(graded.totals) < SMALL
        else ""
    )
    figures = table("Figures of each task", head, rows, kind="reading")
    return f"<h2>Tasks</h2>{chart(difficulty_chart(statistics))}{figures}{DISCRIMINATION}{few}"


def _clusters(graded: GradedUnit, found: Mapping[str, Sequence[Cluster]]) -> str:
    tasks = [_clusters_of(graded, clusters) for clusters in found.values() if clusters]
    return f"<h2>Wrong answers without a name</h2>{UNNAMED + ''.join(tasks) if tasks else '<p>None.</p>'}"


def _clusters_of(graded: GradedUnit, clusters: Sequence[Cluster]) -> str:
    task = clusters[0].task.name
    shown = "".join(_cluster(graded, one) for one in clusters[:MOST_CLUSTERS])
    rest = clusters[MOST_CLUSTERS:]
    if rest:
        shown += f"<p>{len(rest)} rarer ones are left out; the data has them, numbered up to {rest[-1].number}.</p>"
    runs = {record.seeds.get(task) for cluster in clusters for record in cluster.records}
    if len(runs) > 1:
        again = command(f"grade {graded.unit.name} --again", graded.course_dir)
        shown += (
            f"<p>Graded in {len(runs)} runs with other inputs, and compared within each. To compare all: {again}.</p>"
        )
    return f"<h3>{escape(task)}</h3>{shown}"


def _cluster(graded: GradedUnit, cluster: Cluster) -> str:
    unit, task = graded.unit, cluster.task
    rows = [
        (escape(part.name), RIGHT if part.right else WRONG, short(part.reason, 300)) for part in cluster.verdict.parts
    ]
    answers = answers_of(unit, cluster.students[0], graded.course_dir)
    code = "\n\n".join(answers[name].strip() for name in task.answers if name in answers)
    written = (
        f'<pre tabindex="0"><code>{short(code, MOST_CODE)}</code></pre>'
        if code
        else "<p>The graded notebook is gone.</p>"
    )
    naming = command(f"mistake new {unit.name} {task.name} --cluster {cluster.number}", graded.course_dir)
    return (
        f"<article><p><b>{cluster.number}. {count(len(cluster.students), 'student')}</b>, "
        f"{rounded(cluster.verdict.points)} of {cluster.verdict.max_points:g} points: {names(cluster.students)}</p>"
        f"{table(f'Cluster {cluster.number} of {task.name}', ['part', '', 'expected and got'], rows, kind='words')}"
        f"<details><summary>The code of {short(cluster.students[0])}</summary>{written}</details>"
        f"<p>To name it: {naming}</p></article>"
    )


def _findings(graded: GradedUnit) -> str:
    found = defaultdict(list)
    for record in graded.records:
        for name, detail in record.findings:
            found[name].append(f"{short(record.student)}: {short(detail, 200)}")
    ordered = sorted(found.items(), key=lambda item: -len(item[1]))
    rows = [(escape(name), str(len(said)), _some(said)) for name, said in ordered]
    listed = table("Findings", ["finding", "times", "who and what"], rows, kind="words") if rows else "<p>None.</p>"
    return f"<h2>Findings</h2>{listed}"


def _some(lines: list[str], most: int = 10) -> str:
    return "<br>".join([*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])])


def _all_marks(graded: GradedUnit) -> str:
    tasks = graded.unit.tasks.values()
    head = [
        "student",
        *(f"{escape(task.name)}<br>/ {task.points:g}" for task in tasks),
        f"total<br>/ {graded.unit.points:g}",
    ]
    rows = []
    for record in graded.records:
        total = graded.total(record)
        marks = (
            f"<td>{rounded(graded.by_hand[key])}<small>by hand</small></td>"
            if (key := (record.student, task.name)) in graded.by_hand
            else cell(record.verdicts.get(task.name))
            for task in tasks
        )
        rows.append((full_name(record.student), *marks, "–" if total is None else rounded(total)))
    return f"<h2>All marks</h2>{table('Marks by student and task', head, rows)}"
