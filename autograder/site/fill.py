"""Writing what Sphinx reads: the released notebooks, filled with outputs, the home page, and the pages for teachers."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.lesson import LessonError, lesson_path
from autograder.course import current
from autograder.intake import released
from autograder.teaching.pack import Pack
from autograder.teaching.pages import HOME as HOME_OF_TEACHERS
from autograder.teaching.pages import pages_of, write_pages
from course.check import Unit

WIDGET = "application/vnd.jupyter.widget-view+json"
OUTPUT_TYPES = ("text/html", "image/svg+xml", "image/png", "image/jpeg")
DOWNLOADS = "notebooks"
"""Folder beside the pages with the released notebooks, for download."""

ABOVE = """
```{{admonition}} A page to read
:class: reading
This page shows the notebook as you get it, and what each cell shows once your answers are right. To write them, open
the notebook itself: {{download}}`{name}.ipynb <{path}>`.
```
"""

HOME = """
# A course on gradients

Jupyter notebooks that climb one ladder, from finite differences to training a network, each rung checked against the
others. Every answer is checked as it is written, and the check names the mistake.

These pages are for reading: the notebooks as you get them, with the outputs and pictures that right answers give. The
answers are yours to write, in the notebooks themselves. The [index](genindex) lists functions and terms, the
[glossary](teaching/glossary.md) says what others call them, and [for teachers](teaching/README.md) there is more.

```{{toctree}}
:hidden:

{pages}
For teachers <teaching/README>
Index <genindex>
```

## The units

{units}

## Licence

Texts, pictures and slides are under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Code is under BSD
3-Clause.
"""
TEACHING, SLIDES = "teaching", "slides"
"""Folders with the pages for teachers, and with the decks."""


def write_lesson(unit: Unit, worked: NotebookNode, source: Path) -> None:
    """Write a unit's page, which is the released notebook with the worked one's outputs, and a copy for download."""
    notebook = fill(released(unit), worked)
    path = f"{DOWNLOADS}/{unit.name}.ipynb"
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = title + "\n" + ABOVE.format(name=unit.name, path=path) + rest
    nbformat.write(notebook, source / f"{unit.assignment}.ipynb")
    (source / DOWNLOADS).mkdir(exist_ok=True)
    shutil.copy(current().notebook(unit), source / path)


def fill(release: NotebookNode, worked: NotebookNode) -> NotebookNode:
    """The released notebook, each cell with the outputs of the worked cell that has the same id."""
    outputs = {cell.id: cell.outputs for cell in worked.cells if cell.cell_type == "code"}
    for cell in release.cells:
        if cell.cell_type == "code":
            cell.outputs = [static for output in outputs[cell.id] if (static := _static(output)) is not None]
    return release


def _static(output: NotebookNode) -> NotebookNode | None:
    """An output for a page without widgets: a widget is replaced by its picture, or by None if it has none."""
    if WIDGET not in output.get("data", {}):
        return output
    data = {kind: value for kind, value in output.data.items() if kind in OUTPUT_TYPES}
    return nbformat.from_dict({**output, "data": data}) if data else None


def write_home(units: list[Unit], source: Path) -> None:
    """Write the home page: the units in order, each with its points, time and objectives."""
    pages = "\n".join(unit.assignment for unit in units)
    text = HOME.format(pages=pages, units="\n\n".join(map(_introduced, units)))
    (source / "index.md").write_text(text, encoding="utf-8")


def write_teaching(units: list[Unit], source: Path) -> None:
    """Write the pages for teachers, without answers."""
    pages = pages_of(Pack(units), answers=False, lesson=lambda unit: f"../{unit.assignment}", slides=f"../{SLIDES}")
    others = "\n".join(Path(name).stem for name in pages if name != HOME_OF_TEACHERS)
    pages[HOME_OF_TEACHERS] += f"\n```{{toctree}}\n:hidden:\n\n{others}\n```\n"
    write_pages(pages, source / TEACHING)


def _introduced(unit: Unit) -> str:
    """A unit's text on the home page, taken from its lesson's first cell. Raises LessonError if it is missing there."""
    text = released(unit).cells[0].source
    title = re.search(r"^# (.+)$", text, re.M)
    objectives = re.search(r"^(\*\*After this unit you can\*\*\n\n(?:[- ].*\n)+)", text, re.M)
    facts = re.search(r"^\*\*Time\*\*(?:.+\n?)+", text, re.M)
    if not (title and objectives and facts):
        wanted = "a title, '**After this unit you can**' with a list below, and '**Time**'"
        raise LessonError(lesson_path(unit), 1, f"the first cell has to hold {wanted}")
    return f"### [{title[1]}]({unit.assignment})\n\n{facts[0].strip()}\n\n{objectives[1]}"
