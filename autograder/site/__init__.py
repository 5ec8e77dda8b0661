"""The course as a static site: what students see, with the outputs and pictures that right answers give.

| module    | does                                                                          |
|-----------|-------------------------------------------------------------------------------|
| ``run``   | runs the worked notebooks, once for as long as nothing changes                |
| ``fill``  | puts their outputs into the released notebooks; writes these and the home page |
| ``conf``  | what Sphinx is told, with the pieces ``mathml``, ``terms`` and ``static``       |
| ``links`` | looks at every link of the finished pages                                     |

The pages need no network and no JavaScript, and hold no answer.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.site.fill import write_home, write_lesson
from autograder.site.links import external_links, link_faults
from autograder.site.run import CellFailed, run_worked
from course.check import Unit

__all__ = ["CellFailed", "NotASite", "SiteFaults", "build_site"]

MADE_BY_SPHINX = ".buildinfo"  # which Sphinx writes into what it makes


class SiteFaults(RuntimeError):
    """What is wrong with the pages, a line each. They were not put in place."""

    def __init__(self, faults: list[str]):
        super().__init__("\n".join(faults))
        self.faults = faults


class NotASite(FileExistsError):
    """The folder for the site holds something else, which must not be lost."""


def build_site(
    units: list[Unit], into: Path, cache: Path, show: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, list[str]]:
    """Build the pages of some units in the folder ``into``, in place of a site that is there.

    ``cache`` keeps the outputs of the worked notebooks; ``show`` is told how many cells have run. Returns the links
    that leave the site, each with the pages that it stands on. Raises CellFailed, NotASite, SiteFaults, LessonError,
    and NotBuilt where a notebook is missing; then what was there stays.
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
        faults = _make_pages(source, made) or link_faults(made)
        if faults:
            raise SiteFaults(faults)
        if into.exists():
            shutil.rmtree(into)
        shutil.copytree(made, into)
    return external_links(into)


def _make_pages(source: Path, made: Path) -> list[str]:
    """Let Sphinx make HTML of the pages in ``source``; returns its warnings."""
    from sphinx.application import Sphinx
    from sphinx.util.console import strip_colors
    from sphinx.util.docutils import docutils_namespace

    warnings = io.StringIO()
    with docutils_namespace():
        sphinx = Sphinx(source, Path(__file__).parent, made, made.parent / "doctrees", "html", status=None,
                        warning=warnings, freshenv=True)  # fmt: skip
        sphinx.build()
    return strip_colors(warnings.getvalue()).replace(f"{source}/", "").splitlines()
