"""Reading lessons: what a cell becomes, and that every fault is told with its file and line."""

import ast

import pytest

from autograder.authoring.lesson import BEGIN, END, LessonError, read_lesson, with_solution_marks
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
