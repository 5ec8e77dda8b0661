"""The ``course`` command."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(
    help="Look after an installation of the course.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def course() -> None:
    """Look after an installation of the course."""


@app.command(epilog="Example: course gpus")
def gpus() -> None:
    """List the GPUs of this machine, how busy each one is, and who uses or has leased it.

    Exit status: 0 there is a GPU, 1 there is none or something is wrong with one.
    """
    from course.gpu import find, leases

    found = find()
    for card in found.cards:
        who = leases.holder(card.uuid)
        typer.echo(f"{card}{f', leased by {who}' if who else '' if card.users else ', free'}")
        typer.echo(f"   {card.uuid}")
    for trouble in found.troubles:
        typer.echo(trouble)
    if not found.cards and not found.troubles:
        typer.echo("no GPU on this machine; notebooks use the CPU")
    if not found.cards or found.troubles:
        raise typer.Exit(1)


@app.command(epilog="Example: course doctor --json")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False) -> None:
    """Find what is wrong with this installation, and say how to mend it.

    Exit status: 0 all is well, 1 something is not.
    """
    from rich.console import Console
    from rich.markup import escape

    from course.doctor import examine

    diagnoses = examine()
    if as_json:
        typer.echo(json.dumps([one.to_json() for one in diagnoses], indent=1))
    console = Console(quiet=as_json)
    for one in diagnoses:
        sign = "[green]✓[/green]" if one.well else "[red]✗[/red]"
        console.print(f"{sign} {escape(one.name)}: {escape(one.found)}", highlight=False, soft_wrap=True)
        if not one.well:
            console.print(f"  {escape(one.mend)}", highlight=False, soft_wrap=True)
    if not all(one.well for one in diagnoses):
        raise typer.Exit(1)
