"""The command ``grade``, which grades a class, and the options that other commands share with it."""

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
    error_console,
    literal,
    progress_bar,
    saying_what_is_wrong,
    stop,
    unit_called,
    write_json,
)
from autograder.texts import count

if TYPE_CHECKING:
    from autograder.gradebook.database import Database
    from autograder.grading.grade import Grading
    from autograder.grading.grader import Graded
    from autograder.running.workers import Place
    from course.check import Unit

Submissions = Annotated[Path, typer.Option(help="Folder with <student>/<assignment>/<unit>.ipynb.")]
CourseDir = Annotated[Path, typer.Option(help="Course folder with the gradebook, autograded/, records/ and results.")]
Only = Annotated[list[str] | None, typer.Option(help="Grade this student only; may be given several times.")]
Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task", help="Grade this task only, or all tasks if the submission has changed; may be given several times."
    ),
]
AllCells = Annotated[bool, typer.Option("--all-cells", help="Also run demonstrations, which affect no mark.")]
Isolation = Annotated[str, typer.Option(help="'strict' confines submissions; 'none' gives them your account's rights.")]
Workers = Annotated[int | None, typer.Option(help="Notebooks to run at once; default: about one per CPU.", min=1)]
Scheduler = Annotated[
    str | None, typer.Option(help="Run on other machines: a Dask scheduler, tls://HOST:PORT, or 'slurm'.")
]
TlsCa = Annotated[Path | None, typer.Option(help="The scheduler's certificate authority, a PEM file.")]
TlsCert = Annotated[Path | None, typer.Option(help="Our certificate for the scheduler, a PEM file.")]
TlsKey = Annotated[Path | None, typer.Option(help="The key of our certificate, a PEM file.")]
DbUrl = Annotated[
    str, typer.Option(help="URL of the gradebook's database; default: the one in nbgrader_config.py, or gradebook.db.")
]


def prepared(isolation: str, here: bool = True) -> None:
    """Check that submissions can run with this isolation; warn if unconfined or slow. Raises NoSandbox."""
    from autograder.sandbox import bubblewrap, provisioner

    if isolation not in (bubblewrap.STRICT, bubblewrap.NONE):
        raise stop(f"--isolation is {bubblewrap.STRICT!r} or {bubblewrap.NONE!r}, got {isolation!r}")
    if isolation == bubblewrap.NONE:
        error_console.print("[yellow]submissions are not confined: they run with the rights of your account[/yellow]")
    elif here:
        bubblewrap.require()
    if here and not provisioner.can_be_warm():
        error_console.print(
            "kernels cannot be forked on this system: every notebook starts one of its own, which takes longer"
        )


def grade(
    unit: UnitName,
    submissions: Submissions = Path("submitted"),
    course_dir: CourseDir = Path(),
    only: Only = None,
    tasks: Tasks = None,
    again: Annotated[bool, typer.Option("--again", help="Grade even what has not changed.")] = False,
    every_cell: AllCells = False,
    workers: Workers = None,
    isolation: Isolation = "strict",
    scheduler: Scheduler = None,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    db_url: DbUrl = "",
    json_file: JsonFile = None,
) -> None:
    """Grade every submission of a unit and record the marks in nbgrader's gradebook.

    Submissions that were graded before and have not changed are skipped, so a run that was stopped can be continued.
    Exit status: 0 all graded, 1 some could not be graded (they are listed), 2 wrong use or nothing can be graded,
    130 stopped.
    """
    chosen = unit_called(unit)
    with saying_what_is_wrong():
        from autograder.grading.grade import Grading
        from autograder.grading.grade import grade as grade_all

        place = where(unit, isolation, workers, scheduler, tls_ca, tls_cert, tls_key)
        grading = Grading(
            chosen, submissions, course_dir, frozenset(only or ()), frozenset(tasks or ()), again, isolation,
            workers, place, db_url, every_cell,
        )  # fmt: skip
        results = results_of(f"grading {unit}", grade_all(grading))
        show_results(grading, results, json_file)
        strayed = [] if only else strayed_from(grading)
    if strayed or any(not result.verdicts for result in results):
        raise typer.Exit(FAULTS_FOUND)


def strayed_from(grading: Grading) -> list[str]:
    """Print the paths of submissions that lie in the wrong place, and so were not graded. Returns the paths."""
    from autograder.intake.layout import expected_place, misplaced

    strayed = misplaced(grading.unit, grading.submissions)
    for path in strayed:
        error_console.print(f"[yellow]not graded, since it lies elsewhere:[/yellow] {literal(path)}", soft_wrap=True)
    if strayed:
        wanted = literal(expected_place(grading.unit, grading.submissions))
        error_console.print(f"submissions are expected as {wanted}", soft_wrap=True, highlight=False)
    return strayed


def where(
    unit: str,
    isolation: str,
    workers: int | None,
    scheduler: str | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> Place:
    """Where the notebooks are run. Raises NoCluster, NoSandbox."""
    given = {"ca_file": tls_ca, "client_cert": tls_cert, "client_key": tls_key}
    certificates = {name: path for name, path in given.items() if path}
    if scheduler:
        from autograder.running.on_dask import Cluster

        prepared(isolation, here=False)
        return Cluster(unit, scheduler, certificates, workers)
    if certificates:
        raise stop("--tls-ca, --tls-cert and --tls-key are for --scheduler tls://HOST:PORT")
    from autograder.running.workers import Here

    prepared(isolation, here=True)
    return Here(unit, isolation, workers)


def results_of(what: str, run: Iterator[tuple[int, Graded]]) -> list[Graded]:
    """All results of a run. The progress bar leaves out those that are kept from an earlier run."""
    results = []
    kept = 0
    with progress_bar(what) as show_progress:
        for total, result in run:
            results.append(result)
            kept += result.kept
            show_progress(len(results) - kept, total - kept)
    return results


def show_results(grading: Grading, results: list[Graded], json_file: Path | None) -> None:
    """Print the marks, mistakes and findings, and write them as a page and as JSON."""
    from autograder.gradebook.database import Database
    from autograder.grading.grade import marks
    from autograder.report import tables
    from autograder.report.results_page import write_page
    from autograder.sandbox.selftest import describe_layers

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
        console.print(f"{kept} unchanged since they were graded; to grade them again: --again", soft_wrap=True)
    if outdated:
        said = f"{outdated} graded before the unit changed; to see the effect on marks: autograder regrade {unit.name}"
        console.print(said, soft_wrap=True)
    if not grading.only and not grading.tasks:
        page = grading.course_dir / f"results_{unit.name}.html"
        write_page(unit, results, page)
        console.print(f"results:   {page}", soft_wrap=True, highlight=False, markup=False)
    layers = getattr(grading.place, "layers", None)
    if layers:
        console.print(f"confined:  {describe_layers(layers)}", soft_wrap=True, highlight=False, markup=False)
    database = Database(grading.course_dir, grading.db_url)
    show_final_marks(unit, results, database)
    console.print(f"gradebook: {database}", soft_wrap=True, highlight=False, markup=False)


def show_final_marks(unit: Unit, results: list[Graded], database: Database) -> None:
    """Print the final marks that differ from the points just graded, and the sources of the hand-in times."""
    from autograder.gradebook.handed_in import UNCONFIRMED
    from autograder.report import tables
    from autograder.term.export.marks import NoMarks, final_marks

    try:
        (final,) = final_marks(database, [unit])
    except NoMarks:
        return
    for student, graded, mark in tables.marks_apart(results, final):
        said = f"{literal(student)}: the final mark is {mark}, not {graded}: changed by hand, or less for being late"
        console.print(said, highlight=False, soft_wrap=True)
    sources = Counter(result.time_from for result in results if result.time_from)
    for source, number in sources.most_common():
        vouched = "; a student can have written it" if source == UNCONFIRMED else ""
        said = f"handed in: {count(number, 'time')} by {literal(source)}{vouched}"
        console.print(said, highlight=False, soft_wrap=True)


COMMANDS: dict[Callable[..., None], str] = {
    grade: "autograder grade numeric_gradient --submissions submitted --json marks.json",
}
"""Each command, with an example for its help."""
