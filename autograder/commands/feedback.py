"""The command that writes feedback to students."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.grading import DbUrl
from autograder.terminal import (
    FAULTS_FOUND,
    UnitName,
    console,
    literal,
    progress_bar,
    saying_what_is_wrong,
    stop,
    unit_called,
)
from autograder.texts import count


def feedback(
    unit: UnitName,
    only: Annotated[list[str] | None, typer.Option(help="This student only; may be given several times.")] = None,
    course_dir: Annotated[Path, typer.Option(help="Course folder with the records and the gradebook.")] = Path(),
    into: Annotated[
        Path | None, typer.Option(help="Folder for the pages; default: feedback/ in the course folder.")
    ] = None,
    site: Annotated[str, typer.Option(help="Address of the course's site; the pages then link to it.")] = "",
    db_url: DbUrl = "",
) -> None:
    """Write a page for every graded student: marks, mistakes with hints, pictures, and what the lesson says.

    A page includes the marks and comments given by hand in the gradebook. Pages are written where nbgrader keeps
    feedback: <student>/<assignment>/<unit>.html. Exit status: 0 all written, 1 some could not be written (they are
    listed), 2 wrong use or nothing is graded.
    """
    chosen = unit_called(unit)
    if site and not site.startswith(("https://", "http://")):
        raise stop(f"--site is an address that begins with https://, got {site!r}")
    folder = into or course_dir / "feedback"
    failed = done = 0
    with saying_what_is_wrong():
        from autograder.feedback import write_feedback

        with progress_bar(f"feedback on {unit}") as show:
            for total, written in write_feedback(chosen, course_dir, folder, frozenset(only or ()), site, db_url):
                done += 1
                show(done, total)
                if written.problem:
                    failed += 1
                    console.print(
                        f"[yellow]{literal(written.student)}[/yellow]: {literal(written.problem)}", soft_wrap=True
                    )
    console.print(
        f"{count(done - failed, 'page')}: {folder}/<student>/{chosen.assignment}/{unit}.html",
        soft_wrap=True, highlight=False, markup=False,
    )  # fmt: skip
    if failed:
        raise typer.Exit(FAULTS_FOUND)


COMMANDS: dict[Callable[..., None], str] = {feedback: "autograder feedback numeric_gradient --only student-07"}
"""Each command, with an example for its help."""
