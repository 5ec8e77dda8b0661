"""The command that writes the pages for teachers: ``teaching``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder.course import current
from autograder.terminal import FAULTS_FOUND, console, saying_what_is_wrong

Into = Annotated[
    Path | None,
    typer.Option(help="Folder for the pages; the course's docs/teaching if none is named.", show_default=False),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; list what differs and exit 1.")]


def teaching(into: Into = None, check: Check = False) -> None:
    """Write the pages for teachers: objectives, plans for class, mistakes to expect, exam questions, routes, glossary.

    They are made from the lessons, from mistakes.py, and from the files in docs/teaching/source. They hold answers.
    Exit status: 0 written, 1 with --check a page differs, 2 a file does not fit the lessons.
    """
    from autograder.teaching.pack import Pack
    from autograder.teaching.pages import pages_of, stale_pages, write_pages

    folder = into or current().root / "docs" / "teaching"
    with saying_what_is_wrong():
        pages = pages_of(Pack(current().units))
        if check:
            differing = stale_pages(pages, folder)
            for line in differing:
                console.print(line, style="red", highlight=False, soft_wrap=True, markup=False)
            console.print("Run 'autograder teaching'." if differing else f"{folder} is up to date", soft_wrap=True)
            raise typer.Exit(FAULTS_FOUND if differing else 0)
        write_pages(pages, folder)
    console.print(f"{len(pages)} pages: {folder / 'README.md'}", highlight=False, soft_wrap=True, markup=False)


COMMANDS: dict[Callable[..., None], str] = {teaching: "autograder teaching --into docs/teaching"}
"""Each command, with an example for its help."""
