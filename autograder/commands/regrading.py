"""The commands that work on earlier grades: ``regrade``, ``explain``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.grading import (
    AllCells,
    CourseDir,
    DbUrl,
    Isolation,
    Only,
    Scheduler,
    Submissions,
    TlsCa,
    TlsCert,
    TlsKey,
    Workers,
    prepared,
    results_of,
    where,
)
from autograder.terminal import FAULTS_FOUND, UnitName, console, literal, saying_what_is_wrong, unit_called


def regrade(
    unit: UnitName,
    submissions: Submissions = Path("submitted"),
    course_dir: CourseDir = Path(),
    only: Only = None,
    everything: Annotated[bool, typer.Option("--all", help="Also regrade what the change does not affect.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write the new marks without asking.")] = False,
    every_cell: AllCells = False,
    workers: Workers = None,
    isolation: Isolation = "strict",
    scheduler: Scheduler = None,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    db_url: DbUrl = "",
) -> None:
    """After a check has changed: regrade what it affects, show how marks differ, and write them if you agree.

    Submissions that were graded with --all-cells are regraded with it.
    Exit status: 0 written or nothing to write, 1 not written or some could not be graded, 2 wrong use, 130 stopped.
    """
    chosen = unit_called(unit)
    with saying_what_is_wrong():
        from autograder.grading.grade import Grading
        from autograder.grading.regrade import Regrading
        from autograder.report import tables

        place = where(unit, isolation, workers, scheduler, tls_ca, tls_cert, tls_key)
        grading = Grading(chosen, submissions, course_dir, frozenset(only or ()), again=everything,
                          isolation=isolation, place=place, db_url=db_url, every_cell=every_cell)  # fmt: skip
        with Regrading(grading) as regrading:
            if not regrading.affected():
                console.print(f"nothing to regrade: every mark of {unit} is from the unit as it is")
                return
            results = results_of(f"regrading {unit}", regrading.run())
            changes = regrading.changes
            console.print(tables.changes_table(changes) if changes else f"{len(results)} graded again; no mark changes")
            for student in regrading.gone:
                console.print(
                    f"[yellow]{literal(student)}[/yellow]: the submission is gone; its marks stay as they are"
                )
            if changes and not yes and not typer.confirm("Write these marks?", default=False):
                console.print("nothing was written")
                raise typer.Exit(FAULTS_FOUND)
            failed = [result for result in results if not result.verdicts] + regrading.write()
            for result in failed:
                console.print(f"[yellow]{literal(result.student)}[/yellow]: {literal(str(result.findings[-1]))}")
    if failed:
        raise typer.Exit(FAULTS_FOUND)


def explain(
    student: Annotated[str, typer.Argument(help="Name of the student's folder.", show_default=False)],
    unit: UnitName,
    submissions: Submissions = Path("submitted"),
    course_dir: CourseDir = Path(),
    isolation: Isolation = "strict",
) -> None:
    """Reproduce a student's verdicts from the grade record: same inputs, same submission.

    Exit status: 0 every verdict is as recorded, 1 some differ, 2 there is no record.
    """
    chosen = unit_called(unit)
    with saying_what_is_wrong():
        from autograder.grading.explain import explain as explain_one

        prepared(isolation)
        found = explain_one(chosen, student, course_dir, submissions, isolation)
    record = found.record
    console.print(f"[bold]{literal(student)}, {unit}[/bold], graded {record.graded}, isolation {record.isolation}\n")
    for task, verdict in record.verdicts.items():
        console.print(literal(str(verdict)), soft_wrap=True, highlight=False)
        console.print(f"  seed {record.seeds.get(task, 'unknown')}", style="dim", highlight=False)
        if found.verdicts.get(task) != verdict:
            now = found.verdicts.get(task, "the unit has no such task any more")
            console.print(f"[red]  now: {literal(str(now))}[/red]", soft_wrap=True)
    for name, detail in record.findings:
        console.print(f"[yellow]{literal(name)}[/yellow]: {literal(detail)}", soft_wrap=True)
    for line in found.differences:
        console.print(f"[yellow]different from then:[/yellow] {literal(line)}", soft_wrap=True, highlight=False)
    how = "run again with the same seeds" if found.ran else "judged again from the recorded observations"
    console.print("These are points as graded; for marks by hand and late penalties: autograder export", style="dim")
    console.print(f"{how}: {'the same verdicts' if found.reproduced else '[red]other verdicts[/red]'}")
    if not found.reproduced:
        raise typer.Exit(FAULTS_FOUND)


COMMANDS: dict[Callable[..., None], str] = {
    regrade: "autograder regrade numeric_gradient --submissions submitted",
    explain: "autograder explain student-07 numeric_gradient",
}
"""Each command, with an example for its help."""
