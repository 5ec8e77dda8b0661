"""Building the notebooks: lesson and reference -> ``solutions/`` -> (nbgrader) -> ``notebooks/``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from traitlets.config import Config, PyFileConfigLoader

from course.check import Unit

PROJECT = Path(__file__).resolve().parent.parent
SOLUTIONS, NOTEBOOKS = "solutions", "notebooks"


def nbgrader_config(root: Path) -> Config:
    """The settings of ``nbgrader_config.py`` for a course that lives in ``root``."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(Path(__file__).parent)).load_config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.update(folders(root))
    return config


def folders(root: Path) -> dict[str, str]:
    """Where nbgrader finds and releases the assignments of a course folder: where nbgrader has them anyway, if the
    folder has its ``source``, or else where our units lie."""
    if (root / "source").is_dir():
        return {"source_directory": "source", "release_directory": "release"}
    return {"source_directory": SOLUTIONS, "release_directory": NOTEBOOKS}


def course_directory(root: Path) -> Any:
    """nbgrader's view of a course folder, as that folder's own ``nbgrader_config.py`` sets it, if there is one."""
    from nbgrader.coursedir import CourseDirectory

    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root.resolve())
    return CourseDirectory(config=config)


def notebook_path(unit: Unit, folder: str) -> Path:
    """Where a unit's notebook lies below the project's folder."""
    return Path(folder) / unit.assignment / f"{unit.name}.ipynb"


def build(unit: Unit, into: Path = PROJECT) -> list[Path]:
    """Write the worked and the student's notebook of a unit below ``into``; returns their paths.

    Raises LessonError where the lesson is at fault.
    """
    from autograder.lesson import read_lesson

    worked = into / notebook_path(unit, SOLUTIONS)
    worked.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(read_lesson(unit), worked)
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


def stale(units: list[Unit], root: Path = PROJECT) -> Iterator[str]:
    """How the notebooks below ``root`` differ from what ``build`` would write, one line each."""
    with TemporaryDirectory() as folder:
        fresh = Path(folder)
        expected = {path.relative_to(fresh) for unit in units for path in build(unit, fresh)}
        for path in sorted(expected):
            if not (root / path).exists():
                yield f"{path}: missing"
            elif (root / path).read_bytes() != (fresh / path).read_bytes():
                yield from _differing_cells(path, root / path, fresh / path)
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
