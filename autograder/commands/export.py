"""The command ``export``, which writes the final marks to a file for another system."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.grading import CourseDir, DbUrl
from autograder.terminal import console, error_console, literal, saying_what_is_wrong, stop, unit_called
from autograder.texts import count

To = Annotated[str, typer.Option("--to", help="Format of the file: 'csv', 'canvas' or 'moodle'.")]
UnitsToExport = Annotated[list[str] | None, typer.Argument(help="Units to export; default: all that have marks.")]
List = Annotated[
    Path | None,
    typer.Option(
        help="CSV file with the class: the gradebook that Canvas exports, Moodle's participants or grades, or a table "
        "with student, name, email, id."
    ),
]
Match = Annotated[
    str, typer.Option(help="Column of the class list with the students' gradebook names; default: the best match.")
]
Without = Annotated[list[str] | None, typer.Option(help="Leave this student out; may be given several times.")]
Zeros = Annotated[bool, typer.Option("--zeros", help="Give 0 to students without a submission; default: no mark.")]
Excel = Annotated[bool, typer.Option("--excel", help="Mark the file as UTF-8, so that Excel shows all letters.")]
Output = Annotated[Path | None, typer.Option(help="File to write; default: marks_<to>.csv in the course folder.")]


def export(
    to: To,
    units: UnitsToExport = None,
    class_list: List = None,
    match: Match = "",
    without: Without = None,
    zeros: Zeros = False,
    excel: Excel = False,
    output: Output = None,
    course_dir: CourseDir = Path(),
    db_url: DbUrl = "",
) -> None:
    """Write the final marks as a file that Canvas, Moodle or a spreadsheet reads.

    A mark given by hand replaces the automatic one, and late penalties are subtracted. A student in the class list
    without a submission gets no mark, which is not 0. If a graded student is not in the list, or a student is listed
    twice, that is an error and nothing is written. Exit status: 0 written, 2 nothing written.
    """
    from autograder.gradebook.database import Database
    from autograder.term.export import TARGETS, write_table
    from autograder.term.export import export as export_marks

    if to not in TARGETS:
        raise stop(f"--to is one of {', '.join(TARGETS)}, got {to!r}")
    chosen = [unit_called(name) for name in dict.fromkeys(units or ())]
    path = output or course_dir / f"marks_{to}.csv"
    if class_list and path.resolve() == class_list.resolve():
        raise stop(f"--output {path} is the class list itself; name another file")
    with saying_what_is_wrong():
        database = Database(course_dir, db_url)
        done, table = export_marks(to, database, chosen, class_list, match, without or (), zeros)
        write_table(table, path, excel)
    for one in done.marks:
        absent = done.without_submission(one)
        marks = f"{count(len(one.points), 'mark')} of {count(one.points_possible, 'point')}"
        console.print(f"{one.unit}: {marks}", highlight=False)
        if absent:
            mark = "0" if zeros else "no mark"
            console.print(
                f"  {mark} without a submission: {literal(', '.join(absent))}", soft_wrap=True, highlight=False
            )
        if one.to_look_at:
            names = literal(", ".join(sorted(one.to_look_at)))
            error_console.print(
                f"[yellow]  still to be looked at by hand[/yellow]: {names}", soft_wrap=True, highlight=False
            )
    console.print(f"marks:     {path}", soft_wrap=True, highlight=False, markup=False)
    if next_step := TARGETS[to].next_step(done):
        console.print(f"next:      {next_step}", soft_wrap=True, highlight=False, markup=False)


COMMANDS: dict[Callable[..., None], str] = {
    export: "autograder export --to canvas numeric_gradient --class-list canvas_grades.csv",
}
"""Each command, with an example for its help."""
