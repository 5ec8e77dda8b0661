"""The quick page of results that each grading leaves."""

from __future__ import annotations

from html import escape
from pathlib import Path
from statistics import mean

from autograder.grader import Graded
from autograder.pages import page
from autograder.report.markup import cell, mistakes_section, table, ways
from autograder.report.tables import by_name, class_mean, commonest_mistakes
from autograder.texts import count
from course.check import Unit
from course.check.verdict import rounded


def write_page(unit: Unit, results: list[Graded], path: Path) -> None:
    """Write the results as one HTML page that needs nothing else."""
    tasks = list(unit.tasks.values())
    head = [
        "student",
        *(f"{escape(task.name)}<br>/ {task.points:g}" for task in tasks),
        f"as graded<br>/ {unit.points:g}",
    ]
    total = mean([result.points for result in results if result.verdicts] or [0.0])
    foot = ["class mean", *(f"{class_mean(results, task.name):.2f}" for task in tasks), f"{total:.2f}"]
    odd = "".join(
        f"<li>{escape(result.student)}: {escape(str(finding))}</li>"
        for result in by_name(results)
        for finding in result.findings
    )
    body = f"""<h1>{escape(unit.name)}: {count(len(results), "submission")}</h1>
<h2>Marks</h2>{table("Marks by student and task", head, (_row(unit, result) for result in by_name(results)), foot)}
{mistakes_section(commonest_mistakes(results))}
<h2>Findings</h2><ul>{odd or "<li>none</li>"}</ul>
<h2>How it ran</h2><ul>{ways(result.isolation for result in results if result.verdicts)}</ul>"""
    path.write_text(page(f"{unit.name}: results", body), encoding="utf-8")


def _row(unit: Unit, result: Graded) -> list[str]:
    cells = [cell(result.verdicts.get(task)) for task in unit.tasks]
    return [escape(result.student), *cells, rounded(result.points) if result.verdicts else "not graded"]
