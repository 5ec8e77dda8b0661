"""The command that grades a class, ``grade``, and the options that other commands share with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.terminal import (
    FAULTS_FOUND,
    JsonFile,
    UnitName,
    console,
    errors,
    literal,
    progress_bar,
    stop,
    told_errors,
    unit_called,
    write_json,
)
from autograder.texts import count

if TYPE_CHECKING:
    from autograder.database import Database
    from autograder.grade import Grading
    from autograder.grader import Graded
    from autograder.places import Place
    from course.check import Unit

Submissions = Annotated[Path, typer.Option(help="Folder with <student>/<assignment>/<unit>.ipynb.")]
CourseDir = Annotated[Path, typer.Option(help="Course folder for the gradebook, autograded/, records/ and results.")]
Only = Annotated[list[str] | None, typer.Option(help="Grade this student only; may be given several times.")]
Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task", help="Grade this task only, or all where the submission has changed; may be given several times."
    ),
]
AllCells = Annotated[bool, typer.Option("--all-cells", help="Run also demonstrations that bear on no mark.")]
Isolation = Annotated[str, typer.Option(help="'strict' confines submissions; 'none' lets them do what you can do.")]
Workers = Annotated[int | None, typer.Option(help="Notebooks run at once; default: about one a CPU.", min=1)]
Scheduler = Annotated[
    str | None, typer.Option(help="Run on other machines: a Dask scheduler, tls://HOST:PORT, or 'slurm'.")
]
Certificate = Annotated[Path | None, typer.Option(help="File for TLS with the scheduler.")]
DbUrl = Annotated[
    str, typer.Option(help="Gradebook's database; default: what nbgrader_config.py says, or gradebook.db.")
]


def prepared(isolation: str, here: bool = True) -> None:
    """Make sure that submissions can be run as asked, and say what is not as usual. Raises NoSandbox."""
    from autograder import kernels
    from autograder.kernels import sandbox

    if isolation not in (sandbox.STRICT, sandbox.NONE):
        raise stop(f"--isolation is {sandbox.STRICT!r} or {sandbox.NONE!r}, got {isolation!r}")
    if isolation == sandbox.NONE:
        errors.print("[yellow]submissions are not confined: they run with the rights of your account[/yellow]")
    elif here:
        sandbox.require()
    if here and not kernels.can_be_warm():
        errors.print(
            "kernels cannot be forked on this system: every notebook starts one of its own, which takes longer"
        )


def grade(
    unit: UnitName,
    submissions: Submissions = Path("submitted"),
    course_dir: CourseDir = Path(),
    only: Only = None,
    tasks: Tasks = None,
    again: Annotated[bool, typer.Option("--again", help="Grade also what has not changed since.")] = False,
    every_cell: AllCells = False,
    workers: Workers = None,
    isolation: Isolation = "strict",
    scheduler: Scheduler = None,
    tls_ca: Certificate = None,
    tls_cert: Certificate = None,
    tls_key: Certificate = None,
    db_url: DbUrl = "",
    json_file: JsonFile = None,
) -> None:
    """Grade every submission of a unit and record the marks in nbgrader's gradebook.

    What was graded before and has not changed is not graded again, so a run that was stopped goes on.
    Exit status: 0 all graded, 1 some could not be graded (they are listed), 2 wrong use or nothing can be graded,
    130 stopped.
    """
    chosen = unit_called(unit)
    with told_errors():
        from autograder.grade import Grading
        from autograder.grade import grade as grade_all

        certificates = {"ca_file": tls_ca, "client_cert": tls_cert, "client_key": tls_key}
        place = where(unit, isolation, workers, scheduler, {name: path for name, path in certificates.items() if path})
        grading = Grading(
            chosen, submissions, course_dir, frozenset(only or ()), frozenset(tasks or ()), again, isolation,
            workers, place, db_url, every_cell,
        )  # fmt: skip
        results = gather(f"grading {unit}", grade_all(grading))
        show(grading, results, json_file)
        strayed = [] if only else strayed_from(grading)
    if strayed or any(not result.verdicts for result in results):
        raise typer.Exit(FAULTS_FOUND)


def strayed_from(grading: Grading) -> list[str]:
    """What may be submissions but lies elsewhere, and so was not graded: said, path by path."""
    from autograder.intake.layout import expected_place, misplaced

    strayed = misplaced(grading.unit, grading.submissions)
    for path in strayed:
        errors.print(f"[yellow]not graded, since it lies elsewhere:[/yellow] {literal(path)}", soft_wrap=True)
    if strayed:
        wanted = literal(expected_place(grading.unit, grading.submissions))
        errors.print(f"submissions are expected as {wanted}", soft_wrap=True, highlight=False)
    return strayed


def where(
    unit: str, isolation: str, workers: int | None, scheduler: str | None, certificates: dict[str, Path]
) -> Place:
    """Where the notebooks are run. Raises NoCluster, NoSandbox."""
    if scheduler:
        from autograder.cluster import Cluster

        prepared(isolation, here=False)
        return Cluster(unit, scheduler, certificates, workers)
    if certificates:
        raise stop("--tls-ca, --tls-cert and --tls-key are for --scheduler tls://HOST:PORT")
    from autograder.places import Here

    prepared(isolation, here=True)
    return Here(unit, isolation, workers)


def gather(what: str, run: Iterator[tuple[int, Graded]]) -> list[Graded]:
    """All results of a run, with a progress bar, which counts what is not kept from before."""
    results = []
    kept = 0
    with progress_bar(what) as show_progress:
        for total, result in run:
            results.append(result)
            kept += result.kept
            show_progress(len(results) - kept, total - kept)
    return results


def show(grading: Grading, results: list[Graded], json_file: Path | None) -> None:
    """Print the marks, mistakes and findings, and write them as a page and as JSON."""
    from autograder.database import Database
    from autograder.grade import marks
    from autograder.kernels.selftest import describe
    from autograder.report import tables
    from autograder.report.results_page import write_page

    unit = grading.unit
    write_json(json_file, marks(results))
    console.print(tables.marks_table(unit, results))
    if tables.commonest_mistakes(results):
        console.print(tables.mistakes_table(results))
    for result in tables.by_name(results):
        for finding in result.findings:
            console.print(f"[yellow]{literal(result.student)}[/yellow]: {literal(str(finding))}", soft_wrap=True)
    kept, outdated = sum(result.kept for result in results), sum(result.outdated for result in results)
    if kept:
        console.print(f"{kept} unchanged since they were graded; to grade them all the same: --again", soft_wrap=True)
    if outdated:
        said = f"{outdated} graded before the unit changed; to see what that means: autograder regrade {unit.name}"
        console.print(said, soft_wrap=True)
    if not grading.only and not grading.tasks:
        page = grading.course_dir / f"results_{unit.name}.html"
        write_page(unit, results, page)
        console.print(f"results:   {page}", soft_wrap=True, highlight=False, markup=False)
    layers = getattr(grading.place, "layers", None)
    if layers:
        console.print(f"confined:  {describe(layers)}", soft_wrap=True, highlight=False, markup=False)
    database = Database(grading.course_dir, grading.db_url)
    show_final_marks(unit, results, database)
    console.print(f"gradebook: {database}", soft_wrap=True, highlight=False, markup=False)


def show_final_marks(unit: Unit, results: list[Graded], database: Database) -> None:
    """Say whose final mark is another than the sum of what was graded, and whose word counts for when it came."""
    from autograder.export.marks import NoMarks, final_marks
    from autograder.handed_in import UNCONFIRMED
    from autograder.report import tables

    try:
        (final,) = final_marks(database, [unit])
    except NoMarks:
        return
    for student, graded, mark in tables.marks_apart(results, final):
        said = f"{literal(student)}: the final mark is {mark}, not {graded}: changed by hand, or less for being late"
        console.print(said, highlight=False, soft_wrap=True)
    sources = Counter(result.time_from for result in results if result.time_from)
    for source, number in sources.most_common():
        vouched = "; its student may have written that" if source == UNCONFIRMED else ""
        said = f"handed in: {count(number, 'time')} by {literal(source)}{vouched}"
        console.print(said, highlight=False, soft_wrap=True)


COMMANDS: dict[Callable[..., None], str] = {
    grade: "autograder grade numeric_gradient --submissions submitted --json marks.json",
}
"""Each command, with an example for its help."""
