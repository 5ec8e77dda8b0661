"""nbgrader's database: where it is, opening it, and messages for when that fails."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import course_directory
from autograder.errors import UserError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine

BUSY_SECONDS = 30  # how long SQLite waits while another program, such as formgrader, writes
COURSE_ID = "gradients"
UPGRADE = "if an older nbgrader made it, run 'nbgrader db upgrade' in the course folder"


class NoGradebook(UserError):
    """nbgrader's database cannot be opened, read or written."""


class Database:
    """The database of a course folder: ``db_url``, or the one that the folder's ``nbgrader_config.py`` names, or else
    ``gradebook.db`` in the folder. Raises NoGradebook."""

    def __init__(self, root: Path, db_url: str = ""):
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import SQLAlchemyError

        try:
            course = course_directory(root)
            given = db_url or course.db_url
        except Exception as error:  # whatever the configuration does
            raise NoGradebook(f"{root / 'nbgrader_config.py'} cannot be used: {_line(error)}") from error
        try:
            self.url: URL = make_url(given)
        except (SQLAlchemyError, ValueError) as error:
            example = "postgresql+psycopg://user@host/name"
            raise NoGradebook(f"the gradebook's address is no database URL, such as {example}") from error
        self.config = course.config
        self.course_id = course.course_id or COURSE_ID
        if self.url.get_backend_name() == "sqlite" and "timeout" not in self.url.query:
            self.url_with_patience = self.url.update_query_dict({"timeout": str(BUSY_SECONDS)})
        else:
            self.url_with_patience = self.url

    def __str__(self) -> str:
        """The database's URL, with its password hidden."""
        return self.url.render_as_string(hide_password=True)

    @property
    def full_url(self) -> str:
        """The database's URL with its password, for opening it. It must not be shown."""
        return self.url_with_patience.render_as_string(hide_password=False)

    def open(self) -> Any:
        """nbgrader's Gradebook; a database that is missing is created. Raises NoGradebook."""
        from nbgrader.api import Gradebook
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SAWarning

        warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")  # about nbgrader's own queries
        with self.told():
            engine = create_engine(self.url_with_patience)
            try:
                _create_tables(engine)
            finally:
                engine.dispose()
            return Gradebook(self.full_url, self.course_id)

    def open_to_read(self) -> Any:
        """nbgrader's Gradebook; None if it is a file that does not exist. A file is opened read only.

        Raises NoGradebook.
        """
        if self.url.get_backend_name() != "sqlite":
            return self.open()
        from nbgrader.api import Gradebook

        if not self.url.database or not Path(self.url.database).is_file():
            return None
        address = f"{Path(self.url.database).resolve().as_uri()}"
        url = self.url_with_patience.set(database=address).update_query_dict({"mode": "ro", "uri": "true"})
        with self.told():
            return Gradebook(url.render_as_string(hide_password=False), course_id="")  # a named one would be added

    def open_existing(self) -> Any:
        """nbgrader's Gradebook, as ``open_to_read`` opens it. Raises NoGradebook, also if there is no file."""
        book = self.open_to_read()
        if book is None:
            raise NoGradebook(f"there is no gradebook {self}; name the folder that holds it: --course-dir")
        return book

    def marks_by_hand(self, assignment: str) -> dict[tuple[str, str], float]:
        """The scores that a person changed, by student and cell. Raises NoGradebook.

        A score is the one set by hand, or else the grader's, plus extra credit. Nothing is written. Without a gradebook
        there are no such scores.
        """
        file = self.url.database if self.url.get_backend_name() == "sqlite" else None
        if file and not Path(file).is_file():
            return {}
        from nbgrader.api import Assignment, BaseCell, Grade, SubmittedAssignment, SubmittedNotebook
        from sqlalchemy import create_engine, func, or_, select

        tables = [model.__table__ for model in (Grade, SubmittedNotebook, SubmittedAssignment, Assignment, BaseCell)]
        grade, notebook, handed_in, assigned, cell = tables
        score = func.coalesce(grade.c.manual_score, grade.c.auto_score, 0.0) + func.coalesce(grade.c.extra_credit, 0.0)
        query = (
            select(handed_in.c.student_id, cell.c.name, score)
            .select_from(grade)
            .join(cell, grade.c.cell_id == cell.c.id)
            .join(notebook, grade.c.notebook_id == notebook.c.id)
            .join(handed_in, notebook.c.assignment_id == handed_in.c.id)
            .join(assigned, handed_in.c.assignment_id == assigned.c.id)
            .where(assigned.c.name == assignment, or_(grade.c.manual_score.isnot(None), grade.c.extra_credit > 0))
        )
        with self.told():
            engine = create_engine(self.url_with_patience)
            try:
                with engine.connect() as connection:
                    return {(student, task): float(points) for student, task, points in connection.execute(query)}
            finally:
                engine.dispose()

    @contextlib.contextmanager
    def told(self, of_data: bool = True) -> Iterator[None]:
        """Turn database errors into NoGradebook, with a message in one line and without the password.

        If ``of_data`` is false, errors about the data to be written are raised unchanged, since the database is not at
        fault.
        """
        from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

        try:
            yield
        except ImportError as error:
            install = "; install it with: pip install -e '.[postgres]'" if "psycopg" in str(error) else ""
            raise NoGradebook(f"the gradebook {self} needs a package: {error}{install}") from error
        except SQLAlchemyError as error:
            refused = isinstance(error, StatementError) and not isinstance(error, DBAPIError)
            if not of_data and (refused or isinstance(error, DataError | IntegrityError)):
                raise
            why = _line(getattr(error, "orig", None) or error)
            if self.url.password:
                why = why.replace(str(self.url.password), "***")
            if "locked" in why:
                why += f" for {BUSY_SECONDS} s by another program: wait for it or close it, then go on"
            elif "no such column" in why or "does not exist" in why or "has no column" in why:
                why += f"; {UPGRADE}"
            raise NoGradebook(f"the gradebook {self} cannot be used: {why}") from error


def _create_tables(engine: Engine) -> None:
    """Create the tables of an empty database in one transaction, with the schema version that nbgrader upgrades by.

    nbgrader itself creates them one by one, and starts a program to ask for the version.
    """
    from nbgrader.api import Base
    from nbgrader.dbutil import ALEMBIC_DIR
    from sqlalchemy import inspect, text

    if inspect(engine).get_table_names():
        return
    from alembic.script import ScriptDirectory

    number = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # which Python's sqlite3 leaves out before CREATE
        Base.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:number)"), {"number": number})


def _line(error: BaseException) -> str:
    """An exception's message in one line, or the name of its type if it has none."""
    return " ".join(str(error).split())[:300] or type(error).__name__
