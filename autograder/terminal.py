"""What the commands share: how they speak to a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from course.check import Unit, load
from course.check.unit import UnknownUnit

FAULTS_FOUND, WRONG_USE, INTERRUPTED = 1, 2, 130

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


class Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; call what it yields with (done, of how many)."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), Rate(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=errors, transient=False) as progress:
        bar = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)
