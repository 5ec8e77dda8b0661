"""The short results page that each grading writes."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

from autograder.grading.grader import Graded
from autograder.html.page import render
from autograder.report.sections import ways
from autograder.report.tables import by_name, class_mean, commonest_mistakes
from course.check import Unit


def write_page(unit: Unit, results: list[Graded], path: Path) -> None:
    """Write the results as one HTML page that loads no other file."""
    results = by_name(results)
    total = mean([result.points for result in results if result.verdicts] or [0.0])
    page = render(
        "report/results_page.html.j2",
        unit=unit,
        results=results,
        means=[*(class_mean(results, task) for task in unit.tasks), total],
        mistakes=commonest_mistakes(results),
        findings=[(result.student, str(finding)) for result in results for finding in result.findings],
        ways=ways(result.isolation for result in results if result.verdicts),
    )
    path.write_text(page, encoding="utf-8")
