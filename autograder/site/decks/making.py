"""Making the decks of some units: slides as Markdown, then as HTML."""

from __future__ import annotations

import shutil
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.lesson import lesson_path
from autograder.authoring.outline import outline_of
from autograder.site.decks.slides import deck
from autograder.site.pages import make_pages
from course.check import Unit


def make_decks(units: list[Unit], worked: dict[str, NotebookNode], source: Path, made: Path) -> list[str]:
    """Make a deck for each unit, with the outputs of its worked notebook, and a page that lists them.

    What Sphinx reads goes to ``source``, a new folder, and the decks to ``made``. Returns Sphinx's warnings.
    """
    source.mkdir()
    for unit in units:
        outline = outline_of(lesson_path(unit).read_text(encoding="utf-8"))
        (source / f"{unit.assignment}.md").write_text(deck(unit, outline, worked[unit.name]), encoding="utf-8")
    names = "\n".join(unit.assignment for unit in units)
    (source / "index.md").write_text(f"# Slides\n\n```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n", encoding="utf-8")
    faults = make_pages(source, Path(__file__).parent, made, "revealjs")
    _leave_out_unused(made)
    return faults


def _leave_out_unused(made: Path) -> None:
    """Remove what of reveal.js no deck uses: its plugins, its themes, some of which fetch fonts, and its sources."""
    engine = made / "_static" / "revealjs"
    for part in ("plugin", "css", "dist/theme"):
        shutil.rmtree(engine / part)
    for unused in [*(engine / "dist").glob("*.map"), *(engine / "dist").glob("*.esm.js")]:
        unused.unlink()
