"""Where the submissions of a unit lie in a class's folder, and what lies elsewhere than expected."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from autograder.errors import UserError
from autograder.findings import LISTED
from autograder.texts import shown
from course.check import Unit

HANDED_IN = (".ipynb", ".zip", ".py", ".html", ".tar", ".gz", ".7z", ".rar")  # what students hand in
MOST_ENTRIES = 200  # entries of a student's folder that are looked at
DEEPEST_FOLDER = 3  # folders within each other
OURS = {"source", "release", "solutions", "notebooks", "autograded", "feedback", "records", "reports", "downloaded"}
"""Folders of a course folder that hold no submissions. They matter if submissions lie in the course folder itself."""
ASSIGNMENT = re.compile(r"\d\d_")  # how names of units' folders begin


class NoSubmissions(UserError):
    """There is nothing to grade."""


def find_submissions(unit: Unit, folder: Path) -> list[tuple[str, Path]]:
    """The students who submitted the unit, each with a path that should be a folder. Raises NoSubmissions."""
    wanted = expected_place(unit, folder)
    if not folder.is_dir():
        raise NoSubmissions(f"there is no folder {folder}; submissions are expected as {wanted}")
    found = [(shown(path.name), path / unit.assignment) for path in _students(folder)]
    found = [(student, path) for student, path in found if _may_be_there(path)]
    if not found:
        where = "; ".join(f"{path} lies elsewhere" for path in misplaced(unit, folder)[:5])
        more = f" ({where})" if where else ""
        raise NoSubmissions(f"{folder} holds no submission of {unit.name}; they are expected as {wanted}{more}")
    return found


def expected_place(unit: Unit, folder: Path) -> str:
    """Where a submission is looked for."""
    return f"{folder}/<student>/{unit.assignment}/{unit.name}.ipynb"


def misplaced(unit: Unit, folder: Path) -> list[str]:
    """Paths below the class's folder of what looks like a submission of the unit, but lies elsewhere than expected.

    Of each student a few are named, and further ones are only counted.
    """
    found: list[str] = []
    for path in _students(folder):
        if path.name in OURS:
            continue
        if path.is_symlink() or not path.is_dir():
            ours = path.name == f"results_{unit.name}.html"
            found += [shown(path.name)] if path.suffix.lower() in HANDED_IN and not ours else []
        elif not _may_be_there(path / unit.assignment):
            strayed = [each.relative_to(folder).as_posix() for each in islice(_strayed(unit, path, 1), MOST_ENTRIES)]
            found += map(shown, strayed[:LISTED])
            more = len(strayed) - LISTED
            if more > 0:
                found.append(f"{shown(path.name)}/: {more} more{'' if len(strayed) < MOST_ENTRIES else ' at least'}")
    return found


def _strayed(unit: Unit, folder: Path, depth: int) -> Iterator[Path]:
    """What may be a submission, in a student's folder that has none in the right place.

    That is a file outside of any assignment's folder, and a file or folder whose name is nearly the unit's.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in islice(entries, MOST_ENTRIES))
    except OSError:
        return
    for name, is_folder in found:
        path = folder / name
        alike = _plain(unit.name) in _plain(path.stem)
        if name.startswith("."):
            continue
        if is_folder and not alike:
            if depth < DEEPEST_FOLDER and not ASSIGNMENT.match(name):
                yield from _strayed(unit, path, depth + 1)
        elif is_folder or (path.suffix.lower() in HANDED_IN and (alike or depth == 1)):
            yield path


def _plain(name: str) -> str:
    """A name without what people write in different ways: letter case, blanks, hyphens, forms of Unicode."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def _students(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]


def _may_be_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # nobody may look: that is a finding, not an absence
        return True
    return True
