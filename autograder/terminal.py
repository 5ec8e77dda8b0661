"""What the commands share to write to the terminal: messages, progress bars, errors and exit statuses."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

from autograder.course import current
from autograder.errors import UserError, line_for
from autograder.texts import visible

if TYPE_CHECKING:
    from course.check import Unit

FAULTS_FOUND, WRONG_USE, INTERRUPTED = 1, 2, 130

console = Console()
error_console = Console(stderr=True)

UnitName = Annotated[str, typer.Argument(help="Name of a unit, such as numeric_gradient.", show_default=False)]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the result to this file as JSON.")]


def unit_called(name: str) -> Unit:
    """The unit of this name. If there is none, prints that and raises typer.Exit, without loading any unit."""
    try:
        return current().unit(name)
    except UserError as error:
        raise stop(line_for(error)) from error


def literal(text: str) -> str:
    """An untrusted text made safe to print with Rich: no markup, no control characters."""
    return escape(visible(text, also="\n"))


def stop(message: str) -> typer.Exit:
    """Print what is wrong. The caller raises what this returns."""
    error_console.print(f"[bold red]error:[/bold red] {literal(message)}", highlight=False, soft_wrap=True)
    return typer.Exit(WRONG_USE)


def write_json(path: Path | None, data: Any) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


class Rate(ProgressColumn):
    """A column with the number of items done per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar, shown only in a terminal. Call the function that it yields with the number done and the total."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), Rate(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=error_console, transient=False, disable=not error_console.is_terminal) as progress:
        bar = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Within the block, Ctrl-C or SIGTERM raises KeyboardInterrupt, so that workers and kernels can be ended.

    A second one ends this process at once, and its workers and kernels end a little later.
    """
    asked = False

    def stop_now(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            os._exit(INTERRUPTED)
        asked = True
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
        yield
        return
    before = {number: signal.signal(number, stop_now) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
        if asked:  # Python lost the exception, raised in a callback or a destructor
            raise KeyboardInterrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def saying_what_is_wrong() -> Iterator[None]:
    """Turn a UserError, an OSError or an interruption into a one-line message and the command's exit status."""
    try:
        with stopping_cleanly():
            yield
    except (UserError, OSError) as error:
        raise stop(line_for(error)) from error
    except KeyboardInterrupt:
        again = shlex.join(["autograder", *(word for word in sys.argv[1:] if word != "--again")])
        said = f"\nstopped; what is written is kept. Go on with: {literal(again)}"
        error_console.print(said, highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
