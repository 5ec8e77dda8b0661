"""Feedback to students: one page a submission, made from its grade record.

| module        | does                                                                                |
|---------------|-------------------------------------------------------------------------------------|
| ``page``      | the page: points, mistakes and hints, findings                                      |
| ``lesson``    | the sections of the lesson that explain a task                                      |
| ``figures``   | what an answer gave beside what is right, for the parts that a unit's pictures name |
| ``drawing``   | draws these figures                                                                 |
| ``by_hand``   | marks and comments that an instructor gave in the gradebook                         |
| ``questions`` | the questions that a person marks, with the student's answers                       |
| ``wording``   | reasons and findings in words for students                                          |

A page holds no code of the reference, no seed, and nothing of any other student.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.feedback.by_hand import ByHand, hand_marks
from autograder.feedback.figures import figure_of
from autograder.feedback.page import Feedback, feedback_page
from autograder.feedback.questions import questions_of
from autograder.feedback.wording import missing_answers
from autograder.grading.explain import NoRecord
from autograder.intake.files import SECRET, STAMP, note_in
from autograder.records import Record, Records, can_name_a_file
from autograder.report.answers import errors_of, graded_notebook
from autograder.texts import reason
from autograder.writing import write_whole
from course.check import Unit


@dataclass(frozen=True)
class Written:
    """The result of writing feedback on a submission: the page, or the problem."""

    student: str
    page: Path
    problem: str = ""


def feedback_on(unit: Unit, record: Record, by_hand: ByHand, site: str = "", graded: Path | None = None) -> str:
    """The page on a submission, as HTML; ``graded`` is the graded notebook, which holds the answers to questions and
    tells why an answer is missing."""
    drawn = {task: figure_of(unit, verdict, record) for task, verdict in record.verdicts.items()}
    figures = {task: figure for task, figure in drawn.items() if figure}
    errors = errors_of(graded) if graded and any(map(missing_answers, record.verdicts.values())) else {}
    questions = questions_of(unit, graded, by_hand)
    return feedback_page(Feedback(unit, record, by_hand, figures, errors, site, questions))


def write_feedback(
    unit: Unit, course_dir: Path, into: Path, only: frozenset[str] = frozenset(), site: str = "", db_url: str = ""
) -> Iterator[tuple[int, Written]]:
    """Write the page of every graded submission below ``into``, where nbgrader keeps feedback.

    Yields for each submission the total number of submissions and the result. Raises NoRecord, NoGradebook.
    """
    records = Records(course_dir, unit)
    paths = [records.path(student) for student in sorted(only)] if only else records.paths()
    if missing := [student for student in sorted(only) if not records.path(student).exists()]:
        raise NoRecord(f"{unit.name} has not been graded for {', '.join(missing)}: autograder grade {unit.name}")
    if not paths:
        raise NoRecord(f"{course_dir} holds no grade record of {unit.name}; grade first: autograder grade {unit.name}")
    with hand_marks(unit, course_dir, db_url) as added:
        for path in paths:
            record = records.read_file(path)
            if record is None:
                yield len(paths), Written(path.stem, path, f"{path} is no grade record that can be read; grade again")
                continue
            try:
                written = Written(record.student, page_path(into, record.student, unit))
                written.page.parent.mkdir(parents=True, exist_ok=True)
                graded = graded_notebook(unit, record.student, course_dir)
                text = feedback_on(unit, record, added(record.student), site, graded)
                write_whole(written.page, text, lasting=False)
                copy_names(course_dir / "submitted" / record.student / unit.assignment, written.page.parent)
            except Exception as error:  # one record never stops the others
                written = Written(record.student, path, f"{type(error).__name__}: {reason(error)}")
            yield len(paths), written


def page_path(into: Path, student: str, unit: Unit) -> Path:
    """Where nbgrader looks for a student's feedback. Raises ValueError if the student's name cannot name a folder."""
    if not can_name_a_file(student):
        raise ValueError(f"no folder can be called {student!r}; rename what was submitted and grade again")
    return into / student / unit.assignment / f"{unit.name}.html"


def copy_names(submitted: Path, into: Path) -> None:
    """Copy the files by which nbgrader's exchange knows whose feedback it releases.

    It releases nobody's feedback if one is missing or no text. So a time that a student spoiled is empty, and a secret
    random.
    """
    into.mkdir(parents=True, exist_ok=True)
    (into / STAMP).write_text(note_in(submitted, STAMP))
    (into / SECRET).write_text(note_in(submitted, SECRET) or secrets.token_hex())
