"""The command that opens nbgrader's formgrader: ``formgrade``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.grading import CourseDir, DbUrl
from autograder.terminal import console, saying_what_is_wrong, stop


def formgrade(
    course_dir: CourseDir = Path(),
    port: Annotated[int, typer.Option(help="Port on this machine; default: a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")] = True,
    db_url: DbUrl = "",
) -> None:
    """Look at graded notebooks in nbgrader's formgrader: adjust marks by hand, write comments.

    Only this machine can reach it, at the address that is printed. Ctrl-C ends it. Marks and comments given there stay
    when notebooks are graded again. Its button grades units as ``autograder grade`` does. Other assignments are graded
    by the tests in their notebooks. These are confined too, but the tests run beside the answers, so an answer can
    forge its marks. Exit status: 0 ended, 2 it could not be started.
    """
    from autograder.in_nbgrader.formgrade import address, new_token, port_to_use, register_submitted, serve_formgrader

    if not course_dir.is_dir():
        raise stop(f"--course-dir {course_dir} is no folder")
    with saying_what_is_wrong():
        units = register_submitted(course_dir, db_url)
        port = port_to_use(port)
    token = new_token()
    if not units:
        console.print(
            f"no submissions yet in {course_dir / 'submitted'}", soft_wrap=True, highlight=False, markup=False
        )
    console.print(f"formgrader: {address(port, token)}", soft_wrap=True, highlight=False, markup=False)
    console.print("Ctrl-C ends it")
    serve_formgrader(course_dir, port, token, browser, db_url)


COMMANDS: dict[Callable[..., None], str] = {formgrade: "autograder formgrade --course-dir demo/numeric_gradient"}
"""Each command, with an example for its help."""
