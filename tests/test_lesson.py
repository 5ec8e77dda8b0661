"""Reading lessons: what a cell becomes, and that every fault is told with its file and line."""

import ast

import nbformat
import pytest

from autograder.authoring.build import build
from autograder.authoring.lesson import BEGIN, END, LessonError, read_lesson, with_solution_marks
from autograder.authoring.question_points import QuestionPoints
from autograder.site.fill import fill
from course import UNITS
from course.check import load

GOOD = """# A lesson

```{code-cell}
:given: setup
x = 1
```

```{code-cell}
:answer: mean_of_squares
```

```{code-cell}
:check: mean_of_squares
```
"""


def read(text, tmp_path):
    path = tmp_path / "lesson.md"
    path.write_text(text, encoding="utf-8")
    return read_lesson(load("start_here"), path)


def test_what_cells_become(tmp_path):
    text, setup, answer, check = read(GOOD, tmp_path).cells
    assert text.cell_type == "markdown" and setup.source == "x = 1"
    assert setup.metadata.nbgrader.locked and not setup.metadata.nbgrader.grade
    assert answer.metadata.nbgrader.solution and BEGIN in answer.source and END in answer.source
    assert check.source == 'check("mean_of_squares")' and check.metadata.nbgrader.points == 0


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        (":answer: mean_of_squares", ":answer: nonsense", 9, "no task has an answer called 'nonsense'"),
        (":check: mean_of_squares", ":check: nonsense", 13, "start_here has no task called 'nonsense'"),
        (":given: setup\nx = 1", ":answer: mean_of_squares", 8, "answer mean_of_squares stands already in line 4"),
        (":given: setup\nx = 1", ":check: mean_of_squares", 12, "check mean_of_squares stands already in line 4"),
        (":given: setup\nx = 1", ":show: nonsense", 4, "the reference has no 'nonsense'"),
        (":check: mean_of_squares", "", 1, "task mean_of_squares is not used: no cell says :check: mean_of_squares"),
        (":answer: mean_of_squares", "", 1, "no cell says :answer: mean_of_squares"),
        (":given: setup", "---\n[\n---", 1, "options cannot be read"),
    ],
)  # fmt: skip
def test_faults_are_told_with_file_and_line(right, wrong, line, words, tmp_path):
    with pytest.raises(LessonError) as error:
        read(GOOD.replace(right, wrong), tmp_path)
    assert words in str(error.value)
    assert str(error.value).startswith(f"{tmp_path}/lesson.md:{line}: ")


QUESTION = """
+++ {"question": "smaller"}

### Predict: smaller

Which is smaller?

**Model answer**

The *first*.

+++

Text that belongs to no question.
"""


@pytest.fixture
def worth_a_point(monkeypatch):
    """Every question is."""
    monkeypatch.setattr(QuestionPoints, "of", lambda points, unit, name: 1)


def test_a_question_without_points_is_nbgraders_business_in_nothing(tmp_path):
    (tmp_path / "lesson.md").write_text(GOOD + QUESTION, encoding="utf-8")
    for path in build(load("start_here"), tmp_path, tmp_path / "lesson.md"):
        asked, answer, _ = nbformat.read(path, as_version=4).cells[-3:]
        assert asked.source == "### Predict: smaller\n\nWhich is smaller?" and answer.source == "YOUR ANSWER HERE"
        assert answer.id == "smaller" and "nbgrader" not in asked.metadata and "nbgrader" not in answer.metadata
        assert "first" not in path.read_text() and validated(path)


@pytest.mark.usefixtures("worth_a_point")
def test_a_question_is_a_locked_text_and_a_cell_that_a_person_marks(tmp_path):
    asked, answer, after = read(GOOD + QUESTION, tmp_path).cells[-3:]
    assert asked.source == "### Predict: smaller\n\nWhich is smaller?" and "Model answer" not in answer.source
    assert answer.source == f"<!-- {BEGIN} -->\n\nThe *first*.\n\n<!-- {END} -->"
    assert after.source == "Text that belongs to no question." and "nbgrader" not in after.metadata
    assert {asked.cell_type, answer.cell_type} == {"markdown"}
    for cell, name, marks in ((asked, "question_smaller", {"locked"}), (answer, "smaller", {"grade", "solution"})):
        said = cell.metadata.nbgrader
        assert (said.grade_id, said.cell_type, cell.id) == (name, "markdown", name)
        assert {mark for mark in ("grade", "solution", "locked", "task") if said[mark]} == marks
    assert answer.metadata.nbgrader.points == 1 and "points" not in asked.metadata.nbgrader


@pytest.mark.usefixtures("worth_a_point")
def test_students_are_asked_and_see_no_model_answer(tmp_path):
    (tmp_path / "lesson.md").write_text(GOOD + QUESTION, encoding="utf-8")
    worked, released = build(load("start_here"), tmp_path, tmp_path / "lesson.md")
    asked, answer, after = nbformat.read(released, as_version=4).cells[-3:]
    assert answer.source == "YOUR ANSWER HERE" and answer.metadata.get("editable", True)
    assert asked.source.endswith("Which is smaller?") and asked.metadata.editable is False
    assert "nbgrader" not in after.metadata and "first" not in released.read_text()
    assert validated(released)
    page = fill(*(nbformat.read(path, as_version=4) for path in (released, worked)))  # of the course's site
    assert asked.source in [cell.source for cell in page.cells] and "first" not in nbformat.writes(page)


def validated(path):
    """Whether nbgrader takes a notebook for a sound one."""
    from nbgrader.preprocessors import CheckCellMetadata

    CheckCellMetadata().preprocess(nbformat.read(path, as_version=4), {})
    return True


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("**Model answer**", "The model answer: **Model answer**", 17, "question smaller needs a text, one line"),
        ("The *first*.", "", 17, "question smaller needs a text, one line"),
        ("The *first*.", "a\n\n**Model answer**\n\nb", 17, "question smaller needs a text, one line"),
        ("### Predict: smaller\n\nWhich is smaller?", "", 17, "question smaller needs a text, one line"),
        ('"smaller"', '"Smaller2"', 17, "a question cannot be called 'Smaller2'"),
        ('"smaller"', '"answer_smaller"', 17, "a question cannot be called 'answer_smaller'"),
        ('"smaller"', "5", 17, "a question cannot be called '5'"),
        ('"smaller"', '"mean_of_squares"', 17, "question mean_of_squares has the name of a task or of an answer"),
        ("+++\n\nText that belongs to no question.", QUESTION, 28, "question smaller stands already in line 17"),
    ],
)  # fmt: skip
def test_faults_of_questions_are_told_with_file_and_line(right, wrong, line, words, tmp_path):
    with pytest.raises(LessonError) as error:
        read((GOOD + QUESTION).replace(right, wrong, 1), tmp_path)
    assert words in str(error.value)
    assert str(error.value).startswith(f"{tmp_path}/lesson.md:{line}: ")


def test_ids_stay_when_another_cell_changes(tmp_path):
    before = {cell.id for cell in read(GOOD, tmp_path).cells}
    after = {cell.id for cell in read(GOOD.replace("# A lesson", "# New words"), tmp_path).cells}
    assert len(before & after) == 3


def test_solution_marks_go_around_each_body():
    source = 'class A:\n    """Doc."""\n\n    def f(self):\n        """Doc."""\n        # why\n        return 1\n'
    source += "\n    def g(self):\n        return 2\n"
    marked = with_solution_marks(source)
    assert marked.count(BEGIN) == marked.count(END) == 2
    assert ast.dump(ast.parse(marked)) == ast.dump(ast.parse(source))
    assert marked.index(BEGIN) < marked.index("# why") < marked.index("return 1") < marked.index(END)


@pytest.mark.parametrize("name", UNITS)
def test_a_stub_keeps_signature_and_docstring_only(name):
    unit = load(name)
    for task in unit.tasks.values():
        for answer in task.answers:
            source = unit.reference_source(answer)
            assert "def " in source.splitlines()[0] or "class " in source.splitlines()[0]
            assert ast.get_docstring(ast.parse(source).body[0])  # type: ignore[arg-type]
