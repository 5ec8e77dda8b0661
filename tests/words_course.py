"""A teacher's own course, on another subject: one small unit in some folder, with or without questions."""

import os
import subprocess
from textwrap import dedent

from running import AUTOGRADER

from autograder.course import COURSE_VARIABLE

ASSIGNMENT = "00_words"
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
