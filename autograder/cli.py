"""The ``autograder`` command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from course import UNITS
from course.check import Expected, Unit, load
from course.check.unit import UnknownUnit

FAULTS_FOUND, WRONG_USE = 1, 2

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before any unit imports TensorFlow

app = typer.Typer(
    help="Build the course's notebooks, make a class, grade it, and prove the checks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console()
errors = Console(stderr=True)

UnitName = Annotated[str, typer.Argument(help="Name of a unit, such as numeric_gradient.", show_default=False)]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the result to this file as JSON.")]


def unit_called(name: str) -> Unit:
    try:
        return load(name)
    except UnknownUnit as error:
        raise stop(error.args[0]) from error


def stop(message: str) -> typer.Exit:
    """Say what was wrong; raise what this returns."""
    errors.print(f"[bold red]error:[/bold red] {escape(message)}", highlight=False, soft_wrap=True)
    return typer.Exit(WRONG_USE)


def write_json(path: Path | None, data: Any) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; call what it yields with (done, of how many)."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=errors, transient=False) as progress:
        bar = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


@app.command(epilog="Example: autograder build --check")
def build(
    units: Annotated[list[str] | None, typer.Argument(help="Units to build; all if none is named.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; list what differs and exit 1.")] = False,
) -> None:
    """Write solutions/ and notebooks/ from the lessons and references."""
    from autograder.build import build as build_unit
    from autograder.build import stale
    from autograder.lesson import LessonError

    chosen = [unit_called(name) for name in units or UNITS]
    try:
        if check:
            differing = list(stale(chosen))
            for line in differing:
                console.print(line, style="red", highlight=False, soft_wrap=True)
            console.print("Run 'autograder build'." if differing else "notebooks/ and solutions/ are up to date")
            raise typer.Exit(FAULTS_FOUND if differing else 0)
        with progress_bar("building") as show:
            for number, unit in enumerate(chosen):
                show(number, len(chosen))
                build_unit(unit)
            show(len(chosen), len(chosen))
    except LessonError as error:
        raise stop(str(error)) from error


@app.command(epilog="Example: autograder classroom numeric_gradient --students 30 --seed 1 --into demo/submitted")
def classroom(
    unit: UnitName,
    into: Annotated[Path, typer.Option(help="Folder for the submissions and truth.json.")],
    students: Annotated[int, typer.Option(help="Number of students.", min=1)] = 30,
    seed: Annotated[int, typer.Option(help="The same seed makes the same class.", min=0)] = 1,
) -> None:
    """Make a class: submissions from the reference, mistakes and alternatives, and the marks they must get."""
    from autograder.classroom import make_class
    from autograder.intake import NotBuilt

    try:
        truth = make_class(unit_called(unit), students, seed, into)
    except (FileExistsError, NotBuilt) as error:
        raise stop(str(error)) from error
    console.print(f"{len(truth)} submissions of {unit} in {into}, their marks in {into / 'truth.json'}", soft_wrap=True)


@app.command(epilog="Example: autograder grade numeric_gradient --submissions submitted --json marks.json")
def grade(
    unit: UnitName,
    submissions: Annotated[Path, typer.Option(help="Folder with <student>/<assignment>/<unit>.ipynb.")] = Path(
        "submitted"
    ),
    course_dir: Annotated[
        Path, typer.Option(help="Course folder for gradebook.db, autograded/ and the results page.")
    ] = Path(),
    workers: Annotated[int | None, typer.Option(help="Notebooks run at once; default: one a CPU.", min=1)] = None,
    json_file: JsonFile = None,
) -> None:
    """Grade every submission of a unit and record the marks in nbgrader's gradebook.

    Exit status: 0 all graded, 1 some could not be graded (they are listed), 2 nothing to grade.
    """
    from autograder import report
    from autograder.grade import grade as grade_all
    from autograder.grade import marks
    from autograder.intake import NoSubmissions, NotBuilt

    chosen, results = unit_called(unit), []
    try:
        with progress_bar(f"grading {unit}") as show:
            for total, result in grade_all(chosen, submissions, course_dir, workers):
                results.append(result)
                show(len(results), total)
    except (NoSubmissions, NotBuilt) as error:
        raise stop(str(error)) from error
    write_json(json_file, marks(results))
    page = course_dir / f"results_{unit}.html"
    report.write_page(chosen, results, page)
    console.print(report.marks_table(chosen, results))
    if report.commonest_mistakes(results):
        console.print(report.mistakes_table(results))
    for result in report.by_name(results):
        for finding in result.findings:
            console.print(f"[yellow]{escape(result.student)}[/yellow]: {escape(str(finding))}", soft_wrap=True)
    console.print(f"gradebook: {course_dir / 'gradebook.db'}\nresults:   {page}", soft_wrap=True)
    if any(not result.verdicts for result in results):
        raise typer.Exit(FAULTS_FOUND)


@app.command(epilog="Example: autograder audit numeric_gradient --json audit.json")
def audit(
    unit: Annotated[str | None, typer.Argument(help="Unit to audit; all if none is named.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Prove the checks: known mistakes are rejected and named, alternatives accepted.

    Exit status 1 if any wrong answer passes or any right one does not.
    """
    from autograder.audit import AUDIT_SEED, audit_table, audit_task

    units = [unit_called(unit)] if unit else [load(name) for name in UNITS]
    tasks = [(one, task) for one in units for task in one.tasks.values()]
    audits = []
    with progress_bar("auditing") as show:
        for number, (one, task) in enumerate(tasks, start=1):
            audits.append(audit_task(Expected(one, task, AUDIT_SEED)))
            show(number, len(tasks))
    write_json(json_file, {one.name: {a.task: a.to_json() for a in audits if a.unit == one.name} for one in units})
    console.print(audit_table(audits))
    for result in audits:
        for fault in result.faults:
            console.print(f"[red]{result.unit} {result.task}[/red]: {escape(fault)}", highlight=False, soft_wrap=True)
    if not all(result.sound for result in audits):
        raise typer.Exit(FAULTS_FOUND)
