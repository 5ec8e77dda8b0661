"""Minutes by a stated rule, and what a lesson consists of."""

from textwrap import dedent

import nbformat
import pytest

from autograder.authoring.lesson import read_lesson
from autograder.authoring.marks import BEGIN, END
from autograder.authoring.outline import numbers_in, outline_of
from autograder.authoring.times import PLACE, Times, solution_lines, times_of, words_of
from autograder.course import PROJECT, SOLUTIONS, notebook_path
from course import UNITS
from course.check import load

LESSON = """\
# 0 · A lesson

Read this first.
It is short.

**After this unit you can**

- mean what
  you say;
- say what you mean.

**Time**: about {minutes} minutes. **You need**: unit 2, and the tape of units 5 to 7; unit 9 helps.

## One thing

Some text.

```{code-cell}
x = 1

x + 1
```

```{code-cell}
:answer: mean_of_squares
```

```{code-cell}
:check: mean_of_squares
```

+++ {"question": "why_so"}

### Explain: why so

Why is it so?

**Model answer**

Because it is.

+++

## What you have learnt

- Something.

## The words

| here | PyTorch | TensorFlow | JAX | books |
|---|---|---|---|---|
| gradient | `.grad` | – | `a\\|b` | ∇f |

## Sources

- A book.
"""


def test_a_lesson_says_its_minutes(tmp_path):
    path = tmp_path / "lesson.md"
    path.write_text(LESSON, encoding="utf-8")
    notebook = read_lesson(load("start_here"), path)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert PLACE not in text and f"about {times_of(notebook).total} minutes" in text


def test_minutes_do_not_change_a_cell_s_id(tmp_path):
    path = tmp_path / "lesson.md"
    ids = []
    for text in (LESSON, LESSON.replace("x + 1\n", "x + 1\n" * 200)):
        path.write_text(text, encoding="utf-8")
        ids.append(read_lesson(load("start_here"), path).cells[0].id)
    assert ids[0] == ids[1]


def test_the_rule_adds_text_code_tasks_and_questions():
    text = "word " * 260 + "\n\n**Model answer**\n\n" + "word " * 1000
    answer = "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n\n    return y\n    ### END SOLUTION"
    marked_by_hand = {"nbgrader": {"grade": True, "solution": True}}
    cells = [
        nbformat.v4.new_markdown_cell(text),
        nbformat.v4.new_markdown_cell(f"{BEGIN}\n\n" + "word " * 1000 + f"\n\n{END}", metadata=marked_by_hand),
        nbformat.v4.new_code_cell("\n".join(["x = 1"] * 14)),
        nbformat.v4.new_code_cell(answer),
        nbformat.v4.new_code_cell('check("f")', metadata={"nbgrader": {"grade": True}}),
    ]
    assert times_of(nbformat.v4.new_notebook(cells=cells)) == Times(260 / 130 + 16 / 8, 3 + 2, 8)
    assert Times(4, 5, 4).total == 15 and Times(0, 0, 0).total == 5


def test_hints_sources_and_tables_of_words_take_no_time():
    assert words_of("one $x$ | —\n\n<details>three\n\nfour</details>\n\n## Sources\n\nfive") == ["one", "$x$"]
    assert words_of("## The words\n\nsix\n\n## Next\n\nseven") == ["Next", "seven"]
    assert solution_lines("x = 1") == []


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_takes_between_five_minutes_and_three_hours(name):
    worked = nbformat.read(PROJECT / notebook_path(load(name), SOLUTIONS), as_version=4)
    assert 5 <= times_of(worked).total <= 180 and times_of(worked).total % 5 == 0


def test_what_a_lesson_consists_of():
    outline = outline_of(LESSON)
    assert outline.title == "A lesson" and outline.introduction == "Read this first.\nIt is short."
    assert outline.objectives == ["mean what you say;", "say what you mean."]
    assert outline.needs == [2, 5, 6, 7]
    titles = ["0 · A lesson", "One thing", "What you have learnt", "The words", "Sources"]
    assert [section.title for section in outline.sections] == titles
    (question,) = outline.questions
    assert (question.name, question.title, question.text) == ("why_so", "Explain: why so", "Why is it so?")
    assert question.answer == "Because it is." and outline.learnt == ["Something."]
    assert outline.words == [["gradient", "`.grad`", "–", r"`a\|b`", "∇f"]]


def test_numbers_of_units_are_read():
    assert numbers_in("units 1, 2 and 6 to 8 (the tape, unit 9)") == [1, 2, 6, 7, 8, 9]
    assert numbers_in("Python functions") == []


@pytest.mark.parametrize("name", UNITS)
def test_lessons_have_what_the_teaching_pack_reads(name):
    unit = load(name)
    outline = outline_of((unit.folder / "lesson.md").read_text(encoding="utf-8"))
    assert dedent(outline.introduction) and 2 < len(outline.objectives) < 8 and outline.learnt
    assert all(needed < unit.number for needed in outline.needs)
