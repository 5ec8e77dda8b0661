"""The ``course`` command."""

from __future__ import annotations

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


@app.command(epilog="Example: course doctor --lab --json")
def doctor(
    only: Annotated[
        list[str] | None, typer.Argument(metavar="LOOK", help="Look at this only, such as packages or imports.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of objects with the keys name, state, found and mend.")
    ] = False,
    lab: Annotated[bool, typer.Option("--lab", help="Look at a lab's server too, best as root.")] = False,
) -> None:
    """Find what is wrong with this installation, and say how to mend it.

    A finding is well (✓), minor (!: the course runs all the same) or wrong (✗). Below what is not well stands the
    line that mends it. With --lab: Python for other accounts, homes, the exchange, graders, the hub's proxy, systemd.

    Exit status: 0 the course runs here, 1 something is wrong, 2 wrong use.
    """
    from course.doctor.telling import tell

    raise typer.Exit(tell(as_json, lab, only or ()))


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
