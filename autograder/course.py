"""The course that is graded: its units, where their notebooks lie, and how nbgrader sees its folder."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import course
from autograder.errors import UserError
from course import OWN_UNITS, UNITS, settings
from course.errors import UnknownUnit

if TYPE_CHECKING:
    from traitlets.config import Config

    from course.check import Unit

PACKAGE = Path(course.__file__).resolve().parent
"""The folder of the package ``course``."""
PROJECT = PACKAGE.parent
SOLUTIONS, NOTEBOOKS, OWN, FILE = "solutions", "notebooks", "units", settings.FILE
COURSE_VARIABLE = settings.COURSE_VARIABLE
"""Environment variable: the folder of the course, if it is not the one that comes with the autograder."""


class WrongCourse(UserError):
    """A ``course.toml`` that cannot be read, or that names a unit that does not exist."""


@dataclass(frozen=True)
class Course:
    """A course: the names of its units in order, and the folder with its ``notebooks/`` and ``solutions/``.

    Its own units lie in the folder's ``units/``, each with the files that a built-in one has. A task whose answer is
    borrowed earns ``borrowed_share`` of its points. ``question_points`` is what the file says of questions, see
    ``autograder/authoring/question_points.py``.
    """

    root: Path = PROJECT
    names: tuple[str, ...] = UNITS
    borrowed_share: float = settings.BORROWED_SHARE
    question_points: Any = field(default=0, hash=False)

    @classmethod
    def in_folder(cls, root: Path) -> Course:
        """The course that ``course.toml`` in a folder describes, such as ``units = ["one", "two"]``.

        Raises WrongCourse, WrongSetting.
        """
        path = root / FILE
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WrongCourse(f"{path}: {error}") from error
        names = said.get("units")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise WrongCourse(f'{path}: units must be a list of names, such as units = ["numeric_gradient"]')
        missing = [name for name in names if name not in UNITS and not (root / OWN / name / "check.py").is_file()]
        if missing:
            raise WrongCourse(f"{path}: there is no unit {missing[0]}, nor {root / OWN / missing[0] / 'check.py'}")
        share = settings.borrowed_share_in(said, path)
        return cls(root.resolve(), tuple(names), share, said.get("question_points", 0))

    def use(self) -> Course:
        """Make this the course of this process, and of the processes that it starts."""
        own = str(self.root / OWN)
        if self.root != PROJECT and own not in course.__path__:
            course.__path__.append(own)
            os.environ[OWN_UNITS] = os.pathsep.join(filter(None, [os.environ.get(OWN_UNITS), own]))
        os.environ[COURSE_VARIABLE] = str(self.root)
        return self

    def unit(self, name: str) -> Unit:
        """The unit of that name. Raises UnknownUnit, before any unit is loaded."""
        if name not in self.names:
            raise UnknownUnit(name, self.names)
        from course.check import load

        unit = load(name)
        unit.number = self.names.index(name)
        return unit

    @property
    def units(self) -> list[Unit]:
        """All units, in order."""
        return [self.unit(name) for name in self.names]

    def own_units(self) -> list[Path]:
        """The folders of the units that are the course's own."""
        return [self.root / OWN / name for name in self.names if name not in UNITS]

    def assigned(self, assignment: str) -> Unit | None:
        """The unit whose assignment in nbgrader has this name; None if there is none."""
        name = assignment.partition("_")[2]
        unit = self.unit(name) if name in self.names else None
        return unit if unit and unit.assignment == assignment else None

    def notebook(self, unit: Unit, folder: str = NOTEBOOKS) -> Path:
        """Where a unit's notebook lies: the released one or, with ``folder`` ``solutions``, the worked one."""
        return self.root / notebook_path(unit, folder)


def current() -> Course:
    """The course of this process: the one that ``COURSE`` names, or the one that comes with the autograder."""
    return _in_folder(os.environ.get(COURSE_VARIABLE, ""))


@cache
def _in_folder(root: str) -> Course:
    return Course.in_folder(Path(root)).use() if root and Path(root) != PROJECT else Course()


def notebook_path(unit: Unit, folder: str) -> Path:
    """Where a unit's notebook lies below the folder of its course."""
    return Path(folder) / unit.assignment / f"{unit.name}.ipynb"


def nbgrader_config(root: Path) -> Config:
    """The settings of ``nbgrader_config.py`` for a course that lives in ``root``."""
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(Path(__file__).parent)).load_config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.update(folders(root))
    return config


def folders(root: Path) -> dict[str, str]:
    """The folders where nbgrader finds and releases the assignments of a course folder: its own ``source`` and
    ``release`` if the folder has a ``source``, or else those of the course's units."""
    if (root / "source").is_dir():
        return {"source_directory": "source", "release_directory": "release"}
    return {"source_directory": SOLUTIONS, "release_directory": NOTEBOOKS}


def course_directory(root: Path) -> Any:
    """nbgrader's CourseDirectory for a folder, configured by the folder's own ``nbgrader_config.py`` if it has one."""
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config, PyFileConfigLoader

    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root.resolve())
    return CourseDirectory(config=config)
