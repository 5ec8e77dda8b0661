"""Marks out: the files that Canvas, Moodle and spreadsheets read."""

import csv
import shutil
import sqlite3
from contextlib import closing

import pytest
from commands import run_command
from running import UNIT

from autograder.gradebook.database import Database
from autograder.term.export.table import FORMULA_SIGNS, text_cell
from course.check.verdict import rounded

STUDENTS = [f"student-{number:02d}" for number in range(1, 31)]
CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,Essay (7),01 Numeric gradient (77),Final Score"
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =HYPERLINK(1)", "＝1", "Zoë, «x»", '"quoted"', "<b>bold</b>"]


@pytest.fixture
def course(graded_class, tmp_path):
    """A course folder with the gradebook of a class of 30."""
    shutil.copy(graded_class.folder / "gradebook.db", tmp_path)
    return tmp_path


@pytest.fixture
def totals(graded_class):
    return {student: sum(mark["points"] for mark in marks.values()) for student, marks in graded_class.marks.items()}


def change(course, sql, *values):
    with closing(sqlite3.connect(course / "gradebook.db")) as db, db:
        assert db.execute(sql, values).rowcount > 0


def exported(course, to, *words):
    """The rows that a target gets, and what was said."""
    code, output = run_command("export", "--to", to, "--course-dir", course, *words)
    assert code == 0, output
    with (course / f"marks_{to}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file)), output


def refused(course, to, *words):
    """What is said where nothing is written."""
    before = {path.name: path.read_bytes() for path in course.iterdir()}
    code, output = run_command("export", "--to", to, "--course-dir", course, *words)
    assert code == 2 and output.count("error:") == 1, output
    assert before == {path.name: path.read_bytes() for path in course.iterdir()}
    return output


def written(path, lines, separator=","):
    path.write_text("\n".join(line.replace(",", separator) for line in lines), encoding="utf-8")
    return path


def canvas_list(course, students=STUDENTS, names=None):
    """A gradebook as Canvas exports it, with a hidden assignment, and the test student at its end."""
    path = course / "canvas.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(CANVAS.split(","))
        rows.writerow(["", "", "", "", "", "Manual Posting", "", ""])
        rows.writerow(["    Points Possible", "", "", "", "", "5", "10", "(read only)"])
        for number_, student in enumerate(students, start=1):
            name = names[number_ - 1] if names else f"Name {number_}"
            rows.writerow([name, 1000 + number_, f"sis{number_}", student, "Group A", "4", "", "80"])
        rows.writerow(["Student, Test", "999", "", "0123456789abcdef", "Group A", "", "", ""])
    return path


def test_canvas_gets_its_own_columns_and_the_points_possible(course, totals):
    rows, output = exported(course, "canvas", "--class-list", canvas_list(course))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01 Numeric gradient (77)"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "10"]
    assert rows[2][:5] == ["Name 1", "1001", "sis1", "student-01", "Group A"]
    assert {row[3]: float(row[5]) for row in rows[2:32]} == pytest.approx(totals)
    assert rows[32:] == [["Student, Test", "999", "", "0123456789abcdef", "Group A", ""]]
    assert "in Canvas: Grades, Import" in output and "does not know" not in output


def test_canvas_is_told_of_an_assignment_that_it_must_make(course):
    path = canvas_list(course)
    path.write_text(path.read_text().replace("01 Numeric gradient (77)", "Homework 1 (77)"))
    rows, output = exported(course, "canvas", "--class-list", path)
    assert rows[0][-1] == UNIT.name and "does not know yet: numeric_gradient" in output


@pytest.mark.parametrize("title", ["numeric_gradient", "Numeric Gradient (5)", "01_numeric_gradient (12)"])
def test_an_assignment_is_found_by_its_name(course, title):
    path = canvas_list(course)
    path.write_text(path.read_text().replace("01 Numeric gradient (77)", title))
    assert exported(course, "canvas", "--class-list", path)[0][0][-1] == title


def test_two_assignments_of_one_name_are_not_guessed_between(course):
    path = canvas_list(course)
    path.write_text(path.read_text().replace("Essay (7)", "numeric gradient (7)"))
    output = refused(course, "canvas", "--class-list", path)
    assert "several assignments called numeric_gradient: numeric gradient (7), 01 Numeric gradient (77)" in output


def test_canvas_keeps_what_it_has_for_who_handed_nothing_in(course):
    path = canvas_list(course, [*STUDENTS, "excused", "absent"])
    path.write_text(path.read_text().replace("excused,Group A,4,,", "excused,Group A,4,EX,"))
    rows, output = exported(course, "canvas", "--class-list", path)
    assert [row[5] for row in rows[-3:]] == ["EX", "", ""]
    assert "no mark without a submission: excused, absent" in output
    rows, output = exported(course, "canvas", "--class-list", path, "--zeros")
    assert [row[5] for row in rows[-3:]] == ["EX", "0", "0"] and "0 without a submission" in output


def test_who_is_left_out_is_not_in_the_table(course):
    path = canvas_list(course, [*STUDENTS, "absent"])
    rows, _ = exported(course, "canvas", "--class-list", path, "--without", "student-01", "--zeros")
    assert (
        "student-01" not in [row[3] for row in rows]
        and len(rows) == len(exported(course, "canvas", "--class-list", path)[0]) - 1
    )
    output = refused(course, "canvas", "--class-list", path, "--without", "nobody")
    assert "no student is called 'nobody'" in output


def test_a_plain_table_names_students_whatever_column_they_are_found_by(course, totals):
    path = written(course / "list.csv", ["login;full name", *(f"{student};x" for student in STUDENTS)], ";")
    rows, _ = exported(course, "csv", "--class-list", path, "--match", "login")
    assert [row[0] for row in rows[1:]] == list(STUDENTS)


def test_moodle_gets_what_it_matches_and_a_hyphen_for_no_grade(course, totals):
    lines = ["First name,Last name,Email address,Groups", *(f"A,B,{student},x" for student in [*STUDENTS, "absent"])]
    rows, output = exported(course, "moodle", "--class-list", written(course / "moodle.csv", lines))
    assert rows[0] == ["First name", "Last name", "Email address", UNIT.name]
    assert {row[2]: float(row[3]) for row in rows[1:31]} == pytest.approx(totals)
    assert rows[31] == ["A", "B", "absent", "-"] and "identify users by the column 'Email address'" in output
    assert not (course / "marks_moodle.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_moodle_in_another_language_needs_the_columns_name(course):
    path = written(course / "moodle.csv", ["Vorname,Anmeldename", *(f"A,{student}" for student in STUDENTS)])
    assert "--match COLUMN" in refused(course, "moodle", "--class-list", path)
    rows, _ = exported(course, "moodle", "--class-list", path, "--match", "anmeldename")
    assert rows[0] == ["Anmeldename", UNIT.name] and len(rows) == 31


def test_a_plain_table_needs_no_list(course, totals):
    change(course, "update student set last_name = 'L', first_name = 'F', email = 'a@b.org' where id = 'student-01'")
    rows, _ = exported(course, "csv", UNIT.name)
    assert rows[0] == ["student", "name", "email", "id", UNIT.name] and len(rows) == 31
    assert ["student-01", "L, F", "a@b.org", "", rounded(totals["student-01"])] in rows
    exported(course, "csv", "--excel")
    assert (course / "marks_csv.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,")


def test_final_marks_are_nbgraders(course, totals):
    """By hand before automatic, extra credit, less what being late costs, and never below nothing."""
    cell = "(select id from base_cell where name = 'jacobian')"
    of = """notebook_id in (select submitted_notebook.id from submitted_notebook join submitted_assignment
        on submitted_notebook.assignment_id = submitted_assignment.id where student_id = ?)"""
    auto = f"select auto_score from grade where cell_id = {cell} and {of}"
    with closing(sqlite3.connect(course / "gradebook.db")) as db:
        ((before,),) = db.execute(auto, ["student-01"]).fetchall()
    change(course, f"update grade set manual_score = 1.25, extra_credit = 0.5 where cell_id = {cell} and {of}",
           "student-01")  # fmt: skip
    change(course, f"update grade set needs_manual_grade = 1 where cell_id = {cell} and {of}", "student-02")
    late = "update submitted_notebook set late_submission_penalty = ? where id in (select notebook_id from grade where "
    change(course, f"{late} {of})", 1.5, "student-02")
    change(course, f"{late} {of})", 50, "student-03")
    rows, output = exported(course, "csv")
    marks = {row[0]: float(row[-1]) for row in rows[1:]}
    expected = {
        "student-01": totals["student-01"] - before + 1.75,
        "student-02": max(0, totals["student-02"] - 1.5),
        "student-03": 0,
    }
    assert marks == pytest.approx({**totals, **expected})
    assert "still to be looked at by hand: student-02" in output


def test_an_extension_is_no_submission(course):
    with Database(course).open() as book:
        book.add_student("later")
        book.update_or_create_submission(UNIT.assignment, "later")
    rows, output = exported(course, "csv")
    assert ["later", "", "", "", ""] in rows and "no mark without a submission: later" in output


def test_every_unknown_and_doubled_student_is_named_and_nothing_written(course):
    (course / "marks_canvas.csv").write_text("marks of yesterday")
    path = canvas_list(course, [*STUDENTS[2:], "student-05", "student-07"])
    output = refused(course, "canvas", "--class-list", path)
    assert "column 'SIS Login ID': not in it: 'student-01', 'student-02'" in output
    assert "in it more than once: 'student-05', 'student-07'" in output
    path = canvas_list(course, STUDENTS[2:])
    rows, _ = exported(course, "canvas", "--class-list", path, "--without", "student-01", "--without", "student-02")
    assert len(rows) == 2 + 28 + 1


def test_students_are_found_by_one_column_only(course):
    """A student's name in the gradebook may be another's number in another column of the list."""
    path = canvas_list(course, [f"login{number}" for number in range(30)])
    path.write_text(path.read_text().replace("sis", "student-0").replace("student-01,login0", "student-01,student-02"))
    output = refused(course, "canvas", "--class-list", path)
    assert "column 'SIS User ID': not in it: 'student-10'" in output


@pytest.mark.parametrize("to", ["canvas", "moodle", "csv"])
def test_names_are_shown_and_not_calculated(course, to):
    names = [*HOSTILE, *["x"] * 20]
    path = canvas_list(course, names=names)
    if to != "canvas":
        header = {"moodle": ["Username", "First name"], "csv": ["student", "name"]}[to]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *zip(STUDENTS, names, strict=True)])
    rows, _ = exported(course, to, "--class-list", path)
    column = 0 if to == "canvas" else 1
    shown = [row[column] for row in rows if any(student in row for student in STUDENTS)]
    stripped = [name.strip() for name in HOSTILE]
    assert shown[:10] == [f"'{name}" if name.startswith(FORMULA_SIGNS) else name for name in stripped]
    assert len(rows) >= 31 and not any(cell.startswith(FORMULA_SIGNS) for cell in shown)


def test_rows_of_canvas_that_are_no_students_are_not_in_a_plain_table(course):
    path = canvas_list(course)
    rows, _ = exported(course, "csv", "--class-list", path, "--match", "SIS Login ID", "--zeros")
    assert len(rows) == 32 and all(row[0] for row in rows)


def test_what_a_system_matches_is_left_as_it_is(course):
    change(course, "update student set id = '=odd' where id = 'student-01'")
    change(course, "update submitted_assignment set student_id = '=odd' where student_id = 'student-01'")
    rows, _ = exported(course, "canvas", "--class-list", canvas_list(course, ["=odd", *STUDENTS[1:]]))
    assert rows[2][3] == "=odd"
    assert exported(course, "csv")[0][1][0] == "'=odd"


@pytest.mark.parametrize("cell", ["=1", "\t=1", " -1", "\rx", "＠x", "+", "@"])
def test_no_text_is_a_formula(cell):
    assert text_cell(cell) == f"'{cell}" and text_cell(f"x{cell.strip()}") == f"x{cell.strip()}"


@pytest.mark.parametrize("cell", ["x;=1;y", "x; +1", ";@SUM(A1)", "x\t-1", "x\n=1"])
def test_nor_is_a_piece_of_one_where_a_spreadsheet_separates_cells_otherwise(cell):
    for separator in ";\t\n":
        assert not any(piece.lstrip().startswith(FORMULA_SIGNS) for piece in text_cell(cell).split(separator))
    assert text_cell(cell).replace("'", "") == cell


@pytest.mark.parametrize(("points", "shown"), [(10, "10"), (0, "0"), (8.20001, "8.2"), (2 / 3, "0.67"), (100.0, "100")])
def test_points_are_written_as_every_system_reads_them(points, shown):
    assert rounded(points) == shown


def test_wrong_use_is_told(course):
    assert "--to is one of csv, canvas, moodle, got 'excel'" in refused(course, "excel")
    assert "--to canvas needs --class-list FILE: take the file that Canvas exports" in refused(course, "canvas")
    assert "no unit" in refused(course, "csv", "nonsense").lower()
    assert "no marks of tf_tape" in refused(course, "csv", UNIT.name, "tf_tape")
    path = written(course / "list.csv", ["ID,Student", *(f"{student},x" for student in STUDENTS)])
    output = refused(course, "canvas", "--class-list", path)
    assert "has no column 'Section', but ID, Student; take the file that Canvas exports" in output
    assert "is the class list itself" in refused(course, "csv", "--class-list", path, "--output", path)
    assert "No such file" in refused(course, "csv", "--class-list", course / "none.csv")


def test_no_gradebook_is_made_by_looking_for_one(tmp_path):
    assert "there is no gradebook" in refused(tmp_path, "csv")
    assert not list(tmp_path.iterdir())


def test_marks_from_postgresql(postgres, graded_class, tmp_path, totals):
    words = ["--submissions", graded_class.folder / "submitted", "--course-dir", tmp_path, "--db-url", postgres]
    assert run_command("grade", UNIT.name, *words, "--only", "student-01", "--only", "student-02")[0] == 0
    rows, output = exported(tmp_path, "csv", "--db-url", postgres)
    assert [row[-1] for row in rows[1:]] == [rounded(totals[student]) for student in STUDENTS[:2]]
    assert "tell-nobody" not in output
