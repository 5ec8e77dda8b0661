"""Building the notebooks: lesson and reference -> ``solutions/`` -> (nbgrader) -> ``notebooks/``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat

from autograder.course import NOTEBOOKS, SOLUTIONS, current, nbgrader_config, notebook_path
from course.check import Unit
from course.check.practice import is_recorded, practice_path


def build(unit: Unit, into: Path | None = None, lesson: Path | None = None) -> list[Path]:
    """Write the worked and the student's notebook of a unit below ``into``, by default the course's folder.

    ``lesson`` is another lesson than the unit's own. Returns their paths. Raises LessonError if the lesson has a fault.
    """
    from autograder.authoring.lesson import read_lesson

    into = into or current().root
    worked = into / notebook_path(unit, SOLUTIONS)
    worked.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(read_lesson(unit, lesson), worked)
    _release(unit, into)
    return [worked, into / notebook_path(unit, NOTEBOOKS)]


def _release(unit: Unit, root: Path) -> None:
    """Make the student's notebook with nbgrader's own generator."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    log = logging.getLogger("autograder.nbgrader")
    log.setLevel(logging.ERROR)
    config: Any = nbgrader_config(root)
    config.CourseDirectory.assignment_id = unit.assignment
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    config.GenerateAssignment.force = True
    coursedir = CourseDirectory(config=config, log=log)
    GenerateAssignment(coursedir=coursedir, config=config, log=log).start()


def stale(units: list[Unit], root: Path | None = None) -> Iterator[str]:
    """How the notebooks below ``root``, by default the course's folder, differ from what ``build`` writes, in lines."""
    root = root or current().root
    with TemporaryDirectory() as folder:
        fresh = Path(folder)
        expected = {path.relative_to(fresh) for unit in units for path in build(unit, fresh)}
        for path in sorted(expected):
            if not (root / path).exists():
                yield f"{path}: missing"
            elif (root / path).read_bytes() != (fresh / path).read_bytes():
                yield from _differing_cells(path, root / path, fresh / path)
        for unit in units:
            if not is_recorded(unit):
                yield f"{unit.name}/{practice_path(unit).name}: not recorded of the unit as it is"
        for path in _extra(root, expected, {unit.assignment for unit in units}):
            yield f"{path}: not built from any lesson"


def _differing_cells(path: Path, ours: Path, fresh: Path) -> Iterator[str]:
    try:
        old = nbformat.read(ours, as_version=4)
    except Exception as error:
        yield f"{path}: not a notebook ({error})"
        return
    before = {cell.get("id", f"number {n}"): cell for n, cell in enumerate(old.cells)}
    after = {cell.id: cell for cell in nbformat.read(fresh, as_version=4).cells}
    differing = [key for key in before | after if before.get(key) != after.get(key)]
    for key in differing:
        what = "differs" if key in before and key in after else "is missing" if key in after else "is extra"
        yield f"{path}: cell {key} {what}"
    if not differing:
        yield f"{path}: its cells are right, but their order, the metadata or the bytes differ"


def _extra(root: Path, expected: set[Path], assignments: set[str]) -> Iterator[Path]:
    """Notebooks of these assignments that no lesson makes."""
    for folder in (SOLUTIONS, NOTEBOOKS):
        for path in sorted((root / folder).glob("*/*.ipynb")):
            if path.parent.name in assignments and path.relative_to(root) not in expected:
                yield path.relative_to(root)
