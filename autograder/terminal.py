"""What the commands share: how they speak to a person."""

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

from autograder.texts import visible
from course.check import BrokenCheck, Unit, load
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


def literal(text: str) -> str:
    """A text that somebody else may have chosen, for printing with Rich: nothing in it is markup or obeyed by a
    terminal."""
    return escape(visible(text, also="\n"))


def stop(message: str) -> typer.Exit:
    """Say what was wrong; raise what this returns."""
    errors.print(f"[bold red]error:[/bold red] {literal(message)}", highlight=False, soft_wrap=True)
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
    """A progress bar, where a person looks on; call what it yields with (done, of how many)."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), Rate(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=errors, transient=False, disable=not errors.is_terminal) as progress:
        bar = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Ctrl-C and a request to terminate raise KeyboardInterrupt, once: what follows it can end all that was started.

    A second one ends this process at once, and with it, a little later, its workers and kernels.
    """
    asked = False

    def stop_now(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            os._exit(INTERRUPTED)
        asked = True
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only the main thread hears of signals
        yield
        return
    before = {number: signal.signal(number, stop_now) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
        if asked:  # where Python lost the exception: in a callback or a destructor
            raise KeyboardInterrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def told_errors() -> Iterator[None]:
    """Say in a line what is wrong, and end with the exit status for it."""
    from autograder.cluster import NoCluster
    from autograder.database import NoGradebook
    from autograder.explain import NoRecord
    from autograder.export import NoClassList, NoMarks
    from autograder.grade import DiskFull
    from autograder.grader import UnknownTask
    from autograder.intake import NoSubmissions, NotBuilt
    from autograder.kernels.forkserver import NoWarmKernels
    from autograder.kernels.sandbox import NoSandbox
    from autograder.reader import CannotRead
    from autograder.records import Busy
    from autograder.report.gathering import NothingGraded
    from autograder.runner import NothingRuns

    known = (Busy, BrokenCheck, CannotRead, DiskFull, NoClassList, NoCluster, NoGradebook, NoMarks, NoRecord, NoSandbox,
             NoSubmissions, NotBuilt, NothingGraded, NothingRuns, NoWarmKernels, UnknownTask)  # fmt: skip
    try:
        with stopping_cleanly():
            yield
    except known as error:
        raise stop(str(error.args[0])) from error
    except OSError as error:
        raise stop(f"{error.filename or 'a file'}: {error.strerror or error}") from error
    except KeyboardInterrupt:
        again = shlex.join(["autograder", *(word for word in sys.argv[1:] if word != "--again")])
        said = f"\nstopped; what is written is kept. Go on with: {literal(again)}"
        errors.print(said, highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
