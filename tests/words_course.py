"""A teacher's own course, on another subject: one small unit in some folder, with or without questions."""

import os
import subprocess
from contextlib import closing
from textwrap import dedent

import nbformat
from running import AUTOGRADER, contents

from autograder.course import COURSE_VARIABLE
from autograder.gradebook.database import Database

ASSIGNMENT = "00_words"
RIGHT = "def vowels(text):\n    return sum(text.count(vowel) for vowel in 'aeiou')"
UNIT = {
    "__init__.py": '"""Words."""\n',
    "check.py": '''
        """A task about words."""

        from course.check import Unit

        unit = Unit("words")


        @unit.task(points=2)
        def vowels(answer, rng):
            letters = "".join(rng.choice(list("aeiouxyz"), size=20))
            return {
                "drawn letters": lambda: answer.vowels(letters + "aux"),
                "no letters": lambda: answer.vowels(""),
            }
        ''',
    "reference.py": '''
        """The right answer."""


        def vowels(text):
            """How many vowels (a, e, i, o, u) a text has."""
            return sum(text.count(vowel) for vowel in "aeiou")
        ''',
    "mistakes.py": '''
        """What goes wrong."""

        from course.words.check import unit

        unit.mistake_in("vowels", "the u is missing", {"aeiou": "aeio"}, "Count the u too.")


        @unit.alternative("letter by letter")
        def vowels(text):
            return len([letter for letter in text if letter in "aeiou"])
        ''',
    "lesson.md": """
        # Words

        ```{code-cell}
        :given: setup
        from course.check import Check

        check = Check("words")
        ```

        ```{code-cell}
        :answer: vowels
        ```

        ```{code-cell}
        :check: vowels
        ```

        ```{code-cell}
        check.all()
        ```
        """,
}


def make_course(root, course="", **files):
    """A course folder with that unit; ``course`` is more of its ``course.toml``, ``files`` replace the unit's."""
    (root / "course.toml").write_text(f'units = ["words"]\n{course}')
    (root / "units" / "words").mkdir(parents=True, exist_ok=True)
    for name, text in {**UNIT, **files}.items():
        (root / "units" / "words" / name).write_text(dedent(text).lstrip())
    return root


def autograder(folder, *words, code=0):
    """What a command says in this course."""
    environment = os.environ | {COURSE_VARIABLE: str(folder), "COLUMNS": "200"}
    done = subprocess.run([*AUTOGRADER, *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def hand_in(folder, student, **cells):
    """A submission: the released notebook with some cells filled in, by their ids."""
    notebook = nbformat.read(folder / "notebooks" / ASSIGNMENT / "words.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = cells.get(cell.id, cell.source)
    place = folder / "submitted" / student / ASSIGNMENT
    place.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place / "words.ipynb")


def grades(folder):
    """Each score as (automatic, by hand, whether it waits for a person), by student and cell."""
    return {(student, cell): (auto, manual, bool(waits))
            for student, cell, auto, manual, waits in contents(folder / "gradebook.db")[1]}  # fmt: skip


def mark(folder, student, cell, points, said="", about=""):
    """Give points and a comment as formgrader does; ``about`` is the cell of the comment, if it is another one."""
    with closing(Database(folder).open()) as book:
        grade = book.find_grade(cell, "words", ASSIGNMENT, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment(about or cell, "words", ASSIGNMENT, student).manual_comment = said
        book.db.commit()


def comments(folder, student):
    """What a person said to a student, by cell."""
    with closing(Database(folder).open_existing()) as book:
        submitted = book.find_submission_notebook("words", ASSIGNMENT, student)
        return {one.name: one.manual_comment for one in submitted.comments if one.manual_comment}
