"""The course as a static site: what students see, with the outputs and pictures of right answers.

| module    | does                                                                           |
|-----------|--------------------------------------------------------------------------------|
| ``run``   | runs the worked notebooks, and again only after a change                       |
| ``fill``  | puts their outputs into the released notebooks; writes these and the home page |
| ``conf``  | configures Sphinx, with ``mathml``, ``terms`` and the folder ``static``        |
| ``pages`` | turns what was written into HTML with Sphinx                                    |
| ``links`` | checks every link of the finished pages                                        |
| ``decks`` | makes slides of the lessons                                                    |

The pages need no network and no JavaScript, and hold no answer. Slides need JavaScript.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.errors import UserError
from autograder.site.decks.making import make_decks
from autograder.site.fill import SLIDES, write_home, write_lesson, write_teaching
from autograder.site.links import external_links, link_faults
from autograder.site.pages import make_pages
from autograder.site.run import CellFailed, run_worked
from course.check import Unit

__all__ = ["CellFailed", "NotASite", "SiteFaults", "build_site"]

MADE_BY_SPHINX = ".buildinfo"  # a file that Sphinx writes beside the pages


class SiteFaults(UserError):
    """The pages have faults, one per line, and were not put in place."""

    def __init__(self, faults: list[str]):
        super().__init__("\n".join(faults))
        self.faults = faults


class NotASite(UserError):
    """The folder for the site holds something else, which must not be overwritten."""


def build_site(
    units: list[Unit], into: Path, cache: Path, show: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, list[str]]:
    """Build the pages of some units in the folder ``into``, replacing an existing site.

    ``cache`` keeps the outputs of the worked notebooks. ``show`` receives the number of cells that have run and their
    total. Returns the links that leave the site, each with the pages that hold it. Raises CellFailed, NotASite,
    SiteFaults, LessonError, and NotBuilt if a notebook is missing; then an existing site stays as it was.
    """
    if into.exists() and not (into.is_dir() and (not any(into.iterdir()) or (into / MADE_BY_SPHINX).exists())):
        raise NotASite(f"{into} holds something else than a site; name an empty folder, or one that is not there yet")
    worked = run_worked(units, cache, show)
    with TemporaryDirectory(prefix="site-") as work:
        source, made = Path(work) / "source", Path(work) / "html"
        source.mkdir()
        for unit in units:
            write_lesson(unit, worked[unit.name], source)
        write_home(units, source)
        write_teaching(units, source)
        faults = make_pages(source, Path(__file__).parent, made, "html")
        faults = faults + make_decks(units, worked, Path(work) / "decks", made / SLIDES) or link_faults(made)
        if faults:
            raise SiteFaults(faults)
        if into.exists():
            shutil.rmtree(into)
        shutil.copytree(made, into)
    return external_links(into)
