"""The ``course`` command."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from course import UNITS
from course.errors import UnknownUnit, UserError


def tell_version(asked: bool) -> None:
    """Print the version of what is installed, and end."""
    if asked:
        from importlib.metadata import version

        from course.doctor.software import DISTRIBUTION

        typer.echo(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Print the version, and end.")
]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def course(version: Version = False) -> None:
    """Open the course's notebooks, and look after an installation."""


@app.command(epilog="Example: course gpus --history")
def gpus(
    history: Annotated[bool, typer.Option("--history", help="Who had which GPU, as a lab's service noted it.")] = False,
) -> None:
    """List the GPUs of this machine, how busy each one is, who uses or has leased it, and who waits for one.

    Exit status: 0 there is a GPU, 1 there is none or something is wrong with one.
    """
    from course.gpu import find, leases

    if history:
        tell_history()
        return
    found = find()
    for card in found.cards:
        try:
            there = [lease for lease in leases.every() if lease.uuid == card.uuid]
            state = f", leased by {', '.join(map(str, there))}" if there else ", free" if card.idle else ""
        except OSError as error:
            state = f", who has leased it cannot be read ({error})"
        typer.echo(f"{card}{state}")
        typer.echo(f"   {card.uuid}")
    with suppress(OSError):
        if waits := leases.queue():
            typer.echo(f"for a GPU wait, in this order: {', '.join(waits)}")
    for trouble in found.troubles:
        typer.echo(trouble)
    if not found.cards and not found.troubles:
        typer.echo("no GPU on this machine; notebooks use the CPU")
    if not found.cards or found.troubles:
        raise typer.Exit(1)


def tell_history() -> None:
    """Print who had which GPU, the newest last. Raises UserError."""
    from course.gpu import history

    path = history.place()
    try:
        lines = history.read(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): a lab's hub writes it, and root reads it"
        ) from error
    for line in lines:
        told = "{from}  {to}  {account:16} GPU {card:3} {ended}".format_map(line)
        typer.echo("".join(letter if letter.isprintable() else "?" for letter in told))


@app.command(epilog="Example: course doctor --json")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False) -> None:
    """Find what is wrong with this installation, and say how to mend it.

    Exit status: 0 the course runs here, 1 something keeps it from running as it should.
    """
    from rich.console import Console
    from rich.markup import escape

    from course.doctor import examine

    diagnoses = examine()
    if as_json:
        typer.echo(json.dumps([one.to_json() for one in diagnoses], indent=1))
    console = Console(quiet=as_json)
    for one in diagnoses:
        sign = "[green]✓[/green]" if one.well else "[yellow]![/yellow]" if one.minor else "[red]✗[/red]"
        console.print(f"{sign} {escape(one.name)}: {escape(one.found)}", highlight=False, soft_wrap=True)
        if not one.well:
            console.print(f"  {escape(one.mend)}", highlight=False, soft_wrap=True)
    if not all(one.well or one.minor for one in diagnoses):
        raise typer.Exit(1)


@app.command(epilog="Example: course lab numeric_gradient")
def lab(
    unit: Annotated[str | None, typer.Argument(help="Unit whose notebook to open at once.", show_default=False)] = None,
    folder: Annotated[Path, typer.Option(help="Folder for your notebooks.")] = Path("my_work"),
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65535, show_default=False)] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
) -> None:
    """Open your notebooks in JupyterLab, on this machine only.

    The released notebooks are copied into a folder of yours, and those that are there already stay as they are. To
    begin a unit anew, rename or delete your copy.

    Exit status: 0 stopped as usual, 2 could not be opened.
    """
    from course.lab import RELEASED, bring_notebooks, require_port, serve

    try:
        notebook = notebook_of(unit) if unit else None
        if port:
            require_port(port)
        new = bring_notebooks(RELEASED, folder)
        copied = f"{len(new)} notebook{'' if len(new) == 1 else 's'} copied into"
        typer.echo(f"{copied if new else 'your notebooks are in'} {folder}")
        typer.echo("Stop with Ctrl-C; what is saved stays.")
        serve(folder, notebook, port, browser)
    except (UserError, OSError) as error:
        said = f"{error.filename or folder}: {error.strerror or error}" if isinstance(error, OSError) else error
        typer.echo(f"error: {said}", err=True)
        raise typer.Exit(2) from error


def notebook_of(name: str) -> Path:
    """Where the notebook of a unit lies among the released ones. Raises UnknownUnit."""
    if name not in UNITS:
        raise UnknownUnit(name, UNITS)
    from course.check import load

    return Path(load(name).assignment, f"{name}.ipynb")
