"""The commands about what was graded before: ``regrade``, ``explain``."""

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
    Submissions,
    Workers,
    gather,
    prepared,
)
from autograder.terminal import FAULTS_FOUND, UnitName, console, literal, told_errors, unit_called


def regrade(
    unit: UnitName,
    submissions: Submissions = Path("submitted"),
    course_dir: CourseDir = Path(),
    only: Only = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that the change does not affect.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write the new marks without asking.")] = False,
    every_cell: AllCells = False,
    workers: Workers = None,
    isolation: Isolation = "strict",
    db_url: DbUrl = "",
) -> None:
    """After a check changed: grade again what it affects, show how marks differ, and write them if you agree.

    What was graded with --all-cells is graded so again.
    Exit status: 0 written or nothing to write, 1 not written or some could not be graded, 2 wrong use, 130 stopped.
    """
    chosen = unit_called(unit)
    with told_errors():
        from autograder.grade import Grading
        from autograder.regrade import Regrading
        from autograder.report import tables

        prepared(isolation)
        grading = Grading(chosen, submissions, course_dir, frozenset(only or ()), again=everything,
                          isolation=isolation, workers=workers, db_url=db_url, every_cell=every_cell)  # fmt: skip
        with Regrading(grading) as regrading:
            if not regrading.affected():
                console.print(f"nothing to regrade: every mark of {unit} is from the unit as it is")
                return
            results = gather(f"regrading {unit}", regrading.run())
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

    Exit status: 0 every verdict comes out as it was recorded, 1 some do not, 2 there is no record.
    """
    chosen = unit_called(unit)
    with told_errors():
        from autograder.explain import explain as explain_one

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
        console.print(f"[yellow]not as then:[/yellow] {literal(line)}", soft_wrap=True, highlight=False)
    how = "run again with the same seeds" if found.ran else "judged again by what was observed"
    console.print("These are points as graded; marks by hand and lateness count in: autograder export", style="dim")
    console.print(f"{how}: {'the same verdicts' if found.reproduced else '[red]other verdicts[/red]'}")
    if not found.reproduced:
        raise typer.Exit(FAULTS_FOUND)


COMMANDS: dict[Callable[..., None], str] = {
    regrade: "autograder regrade numeric_gradient --submissions submitted",
    explain: "autograder explain student-07 numeric_gradient",
}
"""Each command, with an example for its help."""
