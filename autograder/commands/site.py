"""The command that makes the course's web pages: ``site``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from autograder.terminal import FAULTS_FOUND, console, errors, progress_bar, stop, unit_called
from course import UNITS

Units = Annotated[list[str] | None, typer.Argument(help="Units to show; all if none is named.", show_default=False)]
Into = Annotated[Path, typer.Option(help="Folder for the pages; a site that is there is replaced.")]
Cache = Annotated[Path, typer.Option(help="Folder that keeps the outputs of the notebooks that have run.")]


def site(units: Units = None, into: Into = Path("build/site"), cache: Cache = Path("build/executed")) -> None:
    """Make a static site of the lessons, with the outputs and pictures that right answers give, and no answer.

    The worked notebooks are run, a few minutes for all; what has not changed is not run again.
    Exit status: 0 made, 1 a notebook does not run or a link leads nowhere (nothing is replaced), 2 wrong use.
    """
    chosen = [unit_called(name) for name in UNITS if name in {unit_called(given).name for given in units or UNITS}]
    try:
        from autograder.site import CellFailed, SiteFaults, build_site
    except ModuleNotFoundError as error:
        raise stop(f"there is no {error.name} here; install it with: pip install -e '.[site]'") from error
    from autograder.lesson import LessonError

    try:
        with progress_bar("running cells") as show:
            leaving = build_site(chosen, into, cache, show)
    except (LessonError, OSError) as error:
        raise stop(str(error)) from error
    except (CellFailed, SiteFaults) as error:
        errors.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(FAULTS_FOUND) from error
    for link, pages in leaving.items():
        console.print(f"leaves the site: {link} ({', '.join(pages)})", highlight=False, soft_wrap=True, markup=False)
    console.print(f"{len(chosen)} units: {into / 'index.html'}", highlight=False, soft_wrap=True, markup=False)


COMMANDS: dict[Callable[..., None], str] = {site: "autograder site numeric_gradient --into build/site"}
"""Each command, with an example for its help."""
