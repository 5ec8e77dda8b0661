"""The command that makes the course's web pages: ``site``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder.course import current
from autograder.terminal import (
    FAULTS_FOUND,
    console,
    error_console,
    progress_bar,
    saying_what_is_wrong,
    stop,
    unit_called,
)

UnitsOfSite = Annotated[
    list[str] | None, typer.Argument(help="Units to show; all if none is named.", show_default=False)
]
Into = Annotated[Path, typer.Option(help="Folder for the pages; an existing site there is replaced.")]
Cache = Annotated[Path, typer.Option(help="Folder that keeps the outputs of the notebooks that have run.")]


def site(units: UnitsOfSite = None, into: Into = Path("build/site"), cache: Cache = Path("build/executed")) -> None:
    """Make a static site of the lessons: with the outputs and pictures of right answers, but without the answers.

    This runs the worked notebooks, a few minutes for all. Notebooks that have not changed are not run again.
    Exit status: 0 made, 1 a notebook does not run or a link leads nowhere (nothing is replaced), 2 wrong use.
    """
    wanted = {unit_called(name).name for name in units or current().names}
    chosen = [unit for unit in current().units if unit.name in wanted]
    try:
        from autograder.site import CellFailed, SiteFaults, build_site
    except ModuleNotFoundError as error:
        raise stop(f"there is no {error.name} here; install it with: pip install -e '.[site]'") from error
    with saying_what_is_wrong():
        try:
            with progress_bar("running cells") as show:
                leaving = build_site(chosen, into, cache, show)
        except (CellFailed, SiteFaults) as error:
            error_console.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
            raise typer.Exit(FAULTS_FOUND) from error
    for link, pages in leaving.items():
        console.print(f"leaves the site: {link} ({', '.join(pages)})", highlight=False, soft_wrap=True, markup=False)
    console.print(f"{len(chosen)} units: {into / 'index.html'}", highlight=False, soft_wrap=True, markup=False)


COMMANDS: dict[Callable[..., None], str] = {site: "autograder site numeric_gradient --into build/site"}
"""Each command, with an example for its help."""
