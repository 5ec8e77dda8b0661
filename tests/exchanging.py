"""An exchange in which students hand in by hand, and nbgrader's collecting with the course's settings."""

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path

import pytest
from handing_in import UNIT
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from once import made_once
from traitlets.config.loader import PyFileConfigLoader

import autograder
from autograder.gradebook.handed_in import in_words

ME = getuser()
LONG_AGO = "2026-01-01 10:00:00.000000 UTC"
NAME, CHANGE = "the name of its folder in the exchange", "the last change to its folder in the exchange"


def ago(**span):
    """The time so long ago, as nbgrader writes it."""
    return in_words(datetime.now(UTC) - timedelta(**span))


def seconds(time):
    """A time as nbgrader writes it, in seconds."""
    return datetime.strptime(time, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC).timestamp()


def minute(time):
    """A time as findings show it."""
    return time[: len("2026-01-01 10:00")]


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


class Exchange:
    """An exchange, and a course folder with the course's settings to collect into."""

    def __init__(self, folder):
        self.folder, self.root = folder / "course", folder / "exchange"
        self.inbound = self.root / "gradients" / "inbound"
        for made in (self.folder, self.inbound):
            made.mkdir(parents=True)
        self.root.chmod(0o1777)

    def collected(self, student=ME):
        return self.folder / "submitted" / student / UNIT.assignment

    def hand_in(self, student=ME, time="", text="right", stamp="", mark="random"):
        """A folder of ``inbound`` that bears a student's name, made by whoever runs this, by default now."""
        time = time or ago()
        folder = self.inbound / f"{student}+{UNIT.assignment}+{time}+{mark}"
        folder.mkdir()
        (folder / f"{UNIT.name}.ipynb").write_text(text)
        (folder / "timestamp.txt").write_text(stamp or time)
        return folder

    def collect(self, **settings):
        """What the log of nbgrader's collecting says."""
        config = PyFileConfigLoader("nbgrader_config.py", str(Path(autograder.__file__).parent)).load_config()
        config.CourseDirectory.root = str(self.folder)
        config.Exchange.root = str(self.root)
        config.ExchangeCollect.update(settings)
        done = NbGraderAPI(CourseDirectory(config=config), config=config).collect(UNIT.assignment)
        assert done["success"], done["error"]
        return done.get("log", "")

    def due(self, time):
        """Set when the unit is due."""
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}", "gradients") as book:
            book.update_or_create_assignment(UNIT.assignment, duedate=time)


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory):
    """A gradebook that knows no assignment. nbgrader takes seconds to make one."""

    def make(folder):
        Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "gradients").close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader starts alembic by name
        return made_once(tmp_path_factory, "empty-gradebook", make) / "gradebook.db"


@pytest.fixture
def exchange(tmp_path, empty_gradebook):
    made = Exchange(tmp_path)
    shutil.copy(empty_gradebook, made.folder)
    return made
