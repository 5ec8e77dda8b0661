"""The gradebook: what stays when submissions are graded again, what is said when it cannot be used, and PostgreSQL."""

import json
import os
import shutil
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy.exc
from commands import run_command, submission
from nbgrading import nbgrader
from running import UNIT, class_of, contents, points_in, records

from autograder.gradebook import database
from autograder.gradebook.database import Database, NoGradebook
from autograder.gradebook.writer import GradebookWriter
from autograder.grading.grade import Grading, grade

RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}
MANUAL = "update grade set manual_score = 1.5 where cell_id in (select id from base_cell where name = 'jacobian')"


def graded(folder, *words):
    return run_command("grade", UNIT.name, "--submissions", folder / "submitted", "--course-dir", folder, *words)


def change(folder, sql, *values):
    with closing(sqlite3.connect(folder / "gradebook.db")) as db, db:
        db.execute(sql, values)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A course folder with two graded submissions, to be copied."""
    folder = tmp_path_factory.mktemp("two")
    submission(folder / "submitted", "ada", RIGHT)
    submission(folder / "submitted", "bob", {"jacobian": RIGHT["jacobian"]})
    code, output = graded(folder)
    assert code == 0, output
    return folder


@pytest.fixture
def course(two, tmp_path):
    return Path(shutil.copytree(two, tmp_path / "course"))


def test_marks_by_hand_stay_and_ask_to_be_looked_at(course):
    change(course, MANUAL)
    assert graded(course, "--again", "--only", "ada")[0] == 0
    rows = {
        (student, task): (auto, manual, look)
        for student, task, auto, manual, look in contents(course / "gradebook.db")[1]
    }
    assert rows["ada", "jacobian"] == (2.5, 1.5, 1) and rows["ada", "complex_step"] == (1.5, None, 0)
    assert rows["bob", "jacobian"] == (2.5, 1.5, 0)


def test_what_is_set_through_nbgraders_api_stays(course):
    """Scores, extra credit and comments, as formgrader sets them, outlast grading again and regrading."""
    where = (UNIT.name, UNIT.assignment, "ada")
    with Database(course).open() as book:
        grade, comment = book.find_grade("jacobian", *where), book.find_comment("answer_jacobian", *where)
        grade.manual_score, grade.extra_credit, comment.manual_comment = 1.5, 0.5, "Well thought of."
        book.db.commit()
    for command in (["grade", "--again"], ["regrade", "--all", "--yes"]):
        folders = ["--submissions", course / "submitted", "--course-dir", course]
        assert run_command(command[0], UNIT.name, *folders, *command[1:])[0] == 0
        with Database(course).open() as book:
            grade, comment = book.find_grade("jacobian", *where), book.find_comment("answer_jacobian", *where)
            assert (grade.auto_score, grade.manual_score, grade.extra_credit, grade.score) == (2.5, 1.5, 0.5, 2)
            assert comment.comment == "Well thought of." and grade.needs_manual_grade
            assert book.find_submission(UNIT.assignment, "ada").score == UNIT.points - 0.5


def test_unanswered_cells_get_nbgraders_comment(two):
    comments = {(student, cell): said for student, cell, said in contents(two / "gradebook.db")[2]}
    assert comments["bob", "answer_jacobian"] is None and comments["ada", "answer_complex_step"] is None
    assert comments["bob", "answer_complex_step"] == "No response."


def test_late_submissions_are_nbgraders(course):
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    change(course, "update assignment set duedate = '2026-01-01 12:00:00.000000'")
    for student, when in {"ada": "2026-01-01 12:00:01 UTC", "bob": "2026-01-01 12:30:00 Europe/Berlin"}.items():
        (course / "submitted" / student / UNIT.assignment / "timestamp.txt").write_text(when)
    code, output = graded(course)
    assert code == 0 and "unchanged" not in output
    assert contents(course / "gradebook.db")[0] == [
        ("ada", "2026-01-01 12:00:01.000000", UNIT.points),
        ("bob", "2026-01-01 11:30:00.000000", None),
    ]
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        late = {each.student.id: each.total_seconds_late for each in book.assignment_submissions(UNIT.assignment)}
    assert late == {"ada": 1.0, "bob": 0.0}
    (course / "submitted" / "ada" / UNIT.assignment / "timestamp.txt").write_text("2026-01-01 11:00:00 UTC")
    assert "1 unchanged" in graded(course)[1]
    assert contents(course / "gradebook.db")[0][0] == ("ada", "2026-01-01 11:00:00.000000", None)


def test_nbgraders_notes_stand_beside_the_graded_notebook_whatever_a_student_makes_of_them(course, tmp_path):
    def beside(folder, student):
        return course / folder / student / UNIT.assignment

    (tmp_path / "elsewhere").write_text("not to be read")
    (beside("submitted", "ada") / "timestamp.txt").write_text("2026-01-01 12:00:00 UTC")
    (beside("submitted", "ada") / "submission_secret.txt").write_text("known to ada")
    (beside("submitted", "bob") / "submission_secret.txt").symlink_to(tmp_path / "elsewhere")
    assert graded(course, "--again")[0] == 0
    assert (beside("autograded", "ada") / "timestamp.txt").read_text() == "2026-01-01 12:00:00 UTC"
    assert (beside("autograded", "ada") / "submission_secret.txt").read_text() == "known to ada"
    assert (beside("autograded", "bob") / "timestamp.txt").read_text() == ""
    secret = (beside("autograded", "bob") / "submission_secret.txt").read_text()
    assert len(secret) == 64, "one that nobody knows"
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    (course / "nbgrader_config.py").write_text(
        f"c.CourseDirectory.course_id = 'x'\nc.Exchange.root = {str(exchange)!r}\n"
    )
    for step in ("generate_feedback", "release_feedback"):
        nbgrader(course, step, UNIT.assignment, config=course)
    assert len(list((exchange / "x" / "feedback").glob("*.html"))) == 2


def test_a_gradebook_that_was_deleted_is_filled_again(course):
    before = contents(course / "gradebook.db")
    (course / "gradebook.db").unlink()
    code, output = graded(course)
    assert code == 0 and "unchanged" not in output
    assert contents(course / "gradebook.db") == before
    (course / "autograded" / "ada" / UNIT.assignment / f"{UNIT.name}.ipynb").unlink()
    assert "1 unchanged" in graded(course)[1]


def test_another_program_that_writes_is_waited_for(course):
    submission(course / "submitted", "cleo", RIGHT)
    writer = sqlite3.connect(course / "gradebook.db", check_same_thread=False)
    writer.execute("begin immediate")
    timer = threading.Timer(4, writer.rollback)
    timer.start()
    code, output = graded(course)
    assert timer.finished.is_set()
    timer.join()
    writer.close()
    assert code == 0 and "cleo.json" in records(course), output


def test_a_gradebook_that_stays_locked_ends_the_run(course, monkeypatch):
    submission(course / "submitted", "cleo", RIGHT)
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    writer = sqlite3.connect(course / "gradebook.db")
    writer.execute("begin immediate")
    before = records(course)
    code, output = graded(course)
    writer.close()
    assert code == 2 and "database is locked for 1 s by another program" in output and records(course) == before


FAULTS = {
    "no penalty can be assigned": ("autograder.gradebook.lateness._affected", sqlalchemy.exc.OperationalError),
    "it is malformed": ("autograder.gradebook.writer._Rows.__call__", sqlalchemy.exc.DatabaseError),
    "a table is gone": ("autograder.gradebook.writer._Rows.__call__", sqlalchemy.exc.ProgrammingError),
}


@pytest.mark.parametrize(("where", "kind"), FAULTS.values(), ids=FAULTS)
def test_a_database_at_fault_ends_the_run_once(where, kind, course, monkeypatch):
    def fail(*_, **__):
        raise kind("a query", {}, Exception("on purpose"))

    monkeypatch.setattr(where, fail)
    told: list[object] = []
    with pytest.raises(NoGradebook, match=r"the gradebook sqlite:\S+ cannot be used: on purpose"):
        told.extend(grade(Grading(UNIT, course / "submitted", course, again=True)))
    assert not told


@pytest.mark.parametrize("kind", [sqlalchemy.exc.DataError, sqlalchemy.exc.IntegrityError])
def test_what_the_database_does_not_take_of_one_stops_nobody(kind, course, monkeypatch):
    write = GradebookWriter._write_scores

    def refuse(writer, connection, outcome):
        if outcome.record.student == "ada":
            raise kind("a query", {}, Exception("on purpose"))
        write(writer, connection, outcome)

    monkeypatch.setattr(GradebookWriter, "_write_scores", refuse)
    results = {one.student: one for _, one in grade(Grading(UNIT, course / "submitted", course, again=True))}
    assert "not graded" in str(results["ada"].findings[-1]) and results["bob"].verdicts


def test_what_is_said_of_a_gradebook_that_cannot_be_used(course):
    (course / "gradebook.db").write_bytes(b"not a database, although it is long enough to be one" * 100)
    code, output = graded(course)
    assert (
        code == 2
        and f"error: the gradebook sqlite:///{course}/gradebook.db cannot be used: file is not a database" in output
    )
    code, output = graded(course, "--db-url", "nonsense")
    assert code == 2 and "no database URL, such as postgresql+psycopg://" in output
    (course / "nbgrader_config.py").write_text("c = 1 +\n")
    code, output = graded(course)
    assert code == 2 and "nbgrader_config.py cannot be used: invalid syntax" in output


def test_an_older_gradebook_says_how_to_upgrade_it(course):
    change(course, "alter table grade drop column extra_credit")
    code, output = graded(course, "--again")
    assert (
        code == 2
        and "no such column: grade.extra_credit; if an older nbgrader made it, run 'nbgrader db upgrade'" in output
    )


def test_a_password_is_not_shown(course):
    code, output = graded(course, "--db-url", "postgresql+psycopg://me:tell-nobody@127.0.0.1:9/grades")
    assert code == 2 and "postgresql+psycopg://me:***@127.0.0.1:9/grades cannot be used" in output
    assert "tell-nobody" not in output


def test_a_new_database_is_as_nbgrader_makes_it(two, tmp_path, monkeypatch):
    from nbgrader.api import Gradebook

    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader starts alembic by name
    monkeypatch.setenv("PATH", path)
    with Gradebook(f"sqlite:///{tmp_path / 'theirs.db'}", "gradients"):
        pass
    query = "select type, name, sql from sqlite_master order by 1, 2"
    Database(tmp_path, f"sqlite:///{tmp_path / 'ours.db'}").open().close()
    with (
        closing(sqlite3.connect(tmp_path / "theirs.db")) as theirs,
        closing(sqlite3.connect(tmp_path / "ours.db")) as ours,
    ):
        assert ours.execute(query).fetchall() == theirs.execute(query).fetchall()
        for table in ("alembic_version", "course"):
            assert (
                ours.execute(f"select * from {table}").fetchall() == theirs.execute(f"select * from {table}").fetchall()
            )


def test_a_write_that_fails_leaves_nothing_behind(course, monkeypatch):
    before = contents(course / "gradebook.db")
    submission(course / "submitted", "cleo", RIGHT)

    def fail(*_, **__):
        raise ValueError("on purpose")

    monkeypatch.setattr("autograder.gradebook.writer._Rows.update", fail)
    results = [result for _, result in grade(Grading(UNIT, course / "submitted", course, only=frozenset({"cleo"})))]
    assert "not graded: ValueError: on purpose" in str(results[0].findings[-1])
    assert contents(course / "gradebook.db") == before and "cleo.json" not in records(course)


def test_no_name_leads_out_of_the_course_folder(tmp_path):
    writer = GradebookWriter(tmp_path, UNIT)
    for name in ("..", ".", "", "a/b", "../../a", "a\0b", "a\nb", "n" * 250):
        with pytest.raises(ValueError, match="no folder can be called"):
            writer.notebook_path(name)


def test_a_class_graded_into_postgresql(postgres, tmp_path):
    import sqlalchemy

    truth = class_of(8, tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\nc.CourseDirectory.db_url = {postgres!r}\n")
    code, output = graded(tmp_path, "--json", tmp_path / "m.json")
    assert code == 0 and "tell-nobody" not in output and "postgresql+psycopg://grader:***@127.0.0.1" in output
    assert json.loads((tmp_path / "m.json").read_text()) == truth and not (tmp_path / "gradebook.db").exists()
    engine = sqlalchemy.create_engine(postgres)
    with engine.begin() as connection:
        query = sqlalchemy.text("""
            select submitted_assignment.student_id, base_cell.name, grade.auto_score, grade.needs_manual_grade
            from grade
            join submitted_notebook on grade.notebook_id = submitted_notebook.id
            join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
            join base_cell on grade.cell_id = base_cell.id""")
        rows = connection.execute(query).fetchall()
        connection.execute(sqlalchemy.text(MANUAL))
    found = {(student, task): points for student, task, points, _ in rows if task in UNIT.tasks}
    assert found == points_in(truth)
    assert not any(by_hand for *_, by_hand in rows)
    assert "8 unchanged" in graded(tmp_path)[1]
    code, output = graded(tmp_path, "--again", "--only", "student-01", "--db-url", postgres)
    assert code == 0, output
    with engine.begin() as connection:
        by_hand = [student for student, task, _, by_hand in connection.execute(query) if by_hand]
    engine.dispose()
    assert by_hand == ["student-01"]
    code, output = graded(tmp_path, "--db-url", postgres.replace("tell-nobody", "tell-everybody"))
    assert code == 2 and "password authentication failed" in output and "tell-" not in output
