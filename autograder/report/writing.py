"""Writing reports: a page and the data of each unit, and a page over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.report.class_report import class_page
from autograder.report.clusters import clusters
from autograder.report.copying import Alike, likenesses, questions
from autograder.report.data import rows, write_csv, write_parquet
from autograder.report.gathering import GradedUnit, NothingGraded, graded_unit
from autograder.report.overview import overview_page
from autograder.writing import write_whole
from course.check import Unit

OVERVIEW = "all_units.html"


@dataclass
class ReportFiles:
    """The files of a unit's report, what they are about, and the number of clusters without a name.

    ``parquet`` is None if pyarrow is not installed.
    """

    graded: GradedUnit
    page: Path
    csv: Path
    parquet: Path | None
    alike: list[Alike]
    unnamed: int


def write_report(unit: Unit, course_dir: Path, into: Path, db_url: str = "", excel: bool = False) -> ReportFiles:
    """Write the page and the data of one unit; ``excel`` marks the CSV as UTF-8. Raises NothingGraded, NoGradebook."""
    graded = graded_unit(unit, course_dir, db_url)
    found = {name: clusters(graded, task) for name, task in unit.tasks.items()}
    every = [cluster for of_task in found.values() for cluster in of_task]
    likeness = likenesses(graded, every)
    into.mkdir(parents=True, exist_ok=True)
    page, csv, parquet = (into / f"{unit.name}.{kind}" for kind in ("html", "csv", "parquet"))
    table = rows(graded, found)
    write_whole(page, class_page(graded, found, questions(likeness)))
    write_csv(table, csv, excel)
    done = write_parquet(table, parquet)
    return ReportFiles(graded, page, csv, parquet if done else None, likeness, len(every))


def write_reports(
    units: Sequence[Unit], course_dir: Path, into: Path, db_url: str = "", excel: bool = False
) -> Iterator[ReportFiles | NothingGraded]:
    """Write the report of each unit in which somebody is graded, then the page over all of them.

    Yields for each unit its files, or NothingGraded. Raises NoGradebook.
    """
    written = []
    for unit in units:
        try:
            written.append(write_report(unit, course_dir, into, db_url, excel))
            yield written[-1]
        except NothingGraded as nothing:
            yield nothing
    if written:
        asked = questions(likeness for one in written for likeness in one.alike)
        write_whole(into / OVERVIEW, overview_page([one.graded for one in written], asked))
