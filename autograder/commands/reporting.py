"""The commands about a class that was graded: ``report``, and ``mistake new``, which follows from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.export import Excel
from autograder.commands.grading import CourseDir, DbUrl
from autograder.course import current
from autograder.terminal import (
    FAULTS_FOUND,
    UnitName,
    console,
    error_console,
    progress_bar,
    saying_what_is_wrong,
    stop,
    unit_called,
)
from autograder.texts import count

if TYPE_CHECKING:
    from autograder.report.writing import ReportFiles

NO_PYARROW = "no Parquet, since pyarrow is not installed; install it with: pip install -e '.[parquet]'"


def report(
    unit: Annotated[str | None, typer.Argument(help="Name of a unit, such as numeric_gradient.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Report on all graded units, with an overview.")] = False,
    course_dir: CourseDir = Path(),
    into: Annotated[Path | None, typer.Option(help="Folder to write into; default: reports/ in --course-dir.")] = None,
    db_url: DbUrl = "",
    excel: Excel = False,
) -> None:
    """Report on a class: marks, tasks, mistakes, wrong answers without a name, answers that are alike.

    Reads the grade records, and marks changed by hand in nbgrader. Writes a page, and its data as CSV and Parquet.
    Exit status: 0 written, 1 written without some records that cannot be read (they are listed), 2 nothing to report.
    """

    if (unit is None) != everything:
        raise stop("name a unit, or say --all: autograder report numeric_gradient, autograder report --all")
    if unit and not unit_called(unit).points:
        raise stop(f"{unit} has no points, so there is nothing to report")
    folder = into or course_dir / "reports"
    with saying_what_is_wrong():
        from autograder.report.writing import OVERVIEW, NothingGraded, write_report, write_reports

        written, lost = [], []
        if unit:
            written.append(write_report(unit_called(unit), course_dir, folder, db_url, excel))
        else:
            units = [loaded for name in current().names if (loaded := unit_called(name)).points]
            with progress_bar("reporting") as show:
                for done, came in enumerate(write_reports(units, course_dir, folder, db_url, excel), start=1):
                    show(done, len(units))
                    if not isinstance(came, NothingGraded):
                        written.append(came)
                    elif came.unreadable:
                        lost.append(str(came))
        for problem in lost:
            error_console.print(problem, highlight=False, markup=False, soft_wrap=True)
        if not written:
            raise stop(f"{course_dir} has no record of any unit; grade first: autograder grade numeric_gradient")
        for one in written:
            _tell(one)
        if everything:
            console.print(f"all units: {folder / OVERVIEW}", soft_wrap=True, highlight=False, markup=False)
        if any(one.parquet is None for one in written):
            error_console.print(NO_PYARROW, highlight=False, markup=False, soft_wrap=True)
    if lost or any(one.graded.unreadable for one in written):
        raise typer.Exit(FAULTS_FOUND)


def _tell(written: ReportFiles) -> None:
    graded, name = written.graded, written.graded.unit.name
    also = [path.suffix for path in (written.csv, written.parquet) if path]
    unnamed = f"; wrong answers without a name: {count(written.unnamed, 'kind')}" if written.unnamed else ""
    said = f"{name}: {count(len(graded.records), 'student')}{unnamed}: {written.page} (and {', '.join(also)})"
    console.print(said, soft_wrap=True, highlight=False, markup=False)
    for file in graded.unreadable:
        again = f"autograder grade {name}"
        error_console.print(f"{name}: the record {file} cannot be read and is left out; grade again: {again}",
                     highlight=False, markup=False, soft_wrap=True)  # fmt: skip


def new(
    unit: UnitName,
    task: Annotated[str, typer.Argument(help="Name of a task of the unit.", show_default=False)],
    cluster: Annotated[int, typer.Option(help="Number of the cluster in the class report.", min=1)] = 1,
    student: Annotated[str | None, typer.Option("--from", help="Take the answer of this student.")] = None,
    name: Annotated[str | None, typer.Option(help="What was done, in a few words.")] = None,
    hint: Annotated[str | None, typer.Option(help="What to do instead, in a sentence.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Append it to the unit's mistakes.py; needs --name.")] = False,
    course_dir: CourseDir = Path(),
    db_url: DbUrl = "",
) -> None:
    """Turn a wrong answer that has no name yet into a known mistake: print its code, or append it to mistakes.py.

    Exit status: 0 printed or written, 2 there is no such answer.
    """
    chosen = unit_called(unit)
    if write and not name:
        raise stop('--write needs a name for the mistake, such as --name "divided by h instead of 2h"')
    with saying_what_is_wrong():
        from autograder.authoring.new_mistake import HINT, NAME_TO_FILL, append, skeleton
        from autograder.report.gathering import graded_unit

        asked = chosen.task_called(task)
        graded = graded_unit(chosen, course_dir, db_url)
        made = skeleton(graded, asked, cluster, student, name or NAME_TO_FILL, hint or HINT)
        where = append(graded, made) if write else f"course/{unit}/mistakes.py"
        console.print(made.code, soft_wrap=True, highlight=False, markup=False)
        say = partial(error_console.print, soft_wrap=True, highlight=False, markup=False)
        many = f"{len(made.cluster.students)} of {len(graded.records)} students"
        say(f"from {made.student}'s {made.answer}; {many} did this")
        if made.unknown:
            say(f"not defined in the reference: {', '.join(made.unknown)}; define it within the answer")
        if made.early:
            say("it runs code as soon as it is imported: in a default, an annotation or the body of a class")
        say(f"{'written to' if write else 'to go into'} {where}. It is a student's code: read it before you run it.")
        say(f"next: say what to do instead, then: autograder audit {unit}, then: autograder regrade {unit}")


GROUPS: dict[str, dict[Callable[..., None], str]] = {
    "mistake": {new: 'autograder mistake new numeric_gradient jacobian --cluster 1 --name "a row too few" --write'}
}
"""Commands of two words, with an example for the help of each."""
COMMANDS: dict[Callable[..., None], str] = {report: "autograder report numeric_gradient"}
"""Each command, with an example for its help."""
