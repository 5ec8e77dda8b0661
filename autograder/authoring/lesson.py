"""Reading a lesson: ``course/<unit>/lesson.md`` -> the worked notebook, in nbgrader's source format.

A lesson is a MyST notebook. The options of a code cell say what it becomes:

| option          | becomes                                                                      |
|-----------------|------------------------------------------------------------------------------|
| ``:answer: f``  | f of ``reference.py``, its body between nbgrader's solution marks            |
| ``:check: t``   | ``check("t")``, worth the task's points                                      |
| ``:show: g``    | g of ``reference.py``, complete, for the student to read and use             |
| ``:given: name``| the cell's own code, locked: a student's changes to it are undone in grading |
| none of them    | the cell's own code, free to be changed                                      |

A text that begins with ``+++ {"question": "name"}`` is a question: what stands before the line ``**Model answer**``,
and a cell for the student's answer. If the course gives it points, a person marks it: the text is locked, and the
worked notebook has the model answer. Every other text stays as it is.
"""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path
from typing import Any

import nbformat
from jupytext.myst import MystMetadataParsingError, myst_to_notebook
from nbformat import NotebookNode

from autograder.authoring.marks import BEGIN, END, MODEL_ANSWER, TEXT_STUB
from autograder.authoring.question_points import QuestionPoints
from autograder.authoring.times import fill_minutes
from autograder.cells import TEXT_OF
from autograder.course import current
from autograder.errors import UserError
from course.check import Unit
from course.check.sources import functions_of, split

CELL_KINDS = {"code": ("answer", "check", "show", "given"), "markdown": ("question",)}
MODEL_ANSWER_LINE = re.compile(rf"^{re.escape(MODEL_ANSWER)}[ \t]*$", re.MULTILINE)
QUESTION_NAME = re.compile(r"[a-z_]+")
TAKEN = ("answer_", "show_", "given_", TEXT_OF)  # how nbgrader's names of other cells begin


class LessonError(UserError):
    """A fault in a lesson, with the file and line where it stands."""

    def __init__(self, path: Path, line: int, message: str):
        super().__init__(f"{path}:{line}: {message}")


def lesson_path(unit: Unit) -> Path:
    return unit.folder / "lesson.md"


def read_lesson(unit: Unit, path: Path | None = None) -> NotebookNode:
    """The worked notebook of a unit. Raises LessonError, FileNotFoundError, WrongCourse."""
    path = path or lesson_path(unit)
    try:
        lesson = myst_to_notebook(path.read_text(encoding="utf-8"), add_source_map=True)
    except MystMetadataParsingError as error:
        raise LessonError(path, 1, f"a cell's options cannot be read: {error}") from error
    lines = [line + 1 for line in lesson.metadata.pop("source_map")]  # for a code cell, the line of its first option
    notebook = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    seen: dict[tuple[str, str], int] = {}
    points = QuestionPoints(current())
    for cell, line in zip(lesson.cells, lines, strict=True):
        kind, name = cell_kind(cell)
        if kind and (kind, name) in seen:
            raise LessonError(path, line, f"{kind} {name} stands already in line {seen[kind, name]}")
        seen[kind, name] = line
        try:
            if kind == "question":
                notebook.cells += _question(unit, cell, name, points.of(unit.name, name))
            else:
                notebook.cells.append(_convert(unit, cell, kind, name))
        except (LookupError, ValueError) as error:
            raise LessonError(path, line, str(error.args[0])) from error
    _require_complete(unit, path, set(seen))
    points.require_known(unit.name, {name for kind, name in seen if kind == "question"})
    _give_ids(unit, notebook)
    fill_minutes(notebook)  # after the ids, which stay when a lesson takes longer
    nbformat.validate(notebook)
    return notebook


def cell_kind(cell: NotebookNode) -> tuple[str, str]:
    """A cell's kind (one of ``CELL_KINDS``) and the name in its option; two empty strings for an ordinary cell."""
    for kind in CELL_KINDS.get(cell.cell_type, ()):
        if kind in cell.metadata:
            return kind, str(cell.metadata[kind])
    return "", ""


def _convert(unit: Unit, cell: NotebookNode, kind: str, name: str) -> NotebookNode:
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source)
    tags = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
    source, marks = cell.source, {}
    if kind == "answer":
        guards = not unit.task_of(name).refusing
        source, marks = (
            with_solution_marks(unit.reference_source(name), guards),
            _nbgrader(f"answer_{name}", solution=True),
        )
    elif kind == "check":
        points = unit.task_called(name).points
        source, marks = f'check("{name}")', _nbgrader(name, grade=True, locked=True, points=points)
    elif kind == "show":
        source, marks = unit.reference_source(name).rstrip(), _nbgrader(f"show_{name}", locked=True)
    elif kind == "given":
        marks = _nbgrader(f"given_{name}", locked=True)
    return nbformat.v4.new_code_cell(source, metadata={**tags, **marks})


def _question(unit: Unit, cell: NotebookNode, name: str, points: float) -> list[NotebookNode]:
    """The cell with a question's text, and the cell for the answer. Raises ValueError for a fault.

    Without points nobody marks the answer, so nbgrader is told of neither.
    """
    answers = {answer for task in unit.tasks.values() for answer in task.answers}
    if not QUESTION_NAME.fullmatch(name) or name.startswith(TAKEN):
        raise ValueError(f"a question cannot be called {name!r}: use a-z and _, and begin with none of {TAKEN}")
    if name in answers or name in unit.tasks:
        raise ValueError(f"question {name} has the name of a task or of an answer: give it another")
    text, *rest = (part.strip() for part in MODEL_ANSWER_LINE.split(cell.source))
    if not text or len(rest) != 1 or not rest[0]:
        raise ValueError(f"question {name} needs a text, one line **Model answer**, and the model answer below it")
    if not points:
        unmarked = {"question": name}
        return [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_markdown_cell(TEXT_STUB, metadata=unmarked)]
    asked = _nbgrader(f"{TEXT_OF}{name}", cell_type="markdown", locked=True)
    answered = _nbgrader(name, cell_type="markdown", grade=True, solution=True, points=points)
    answer = f"<!-- {BEGIN} -->\n\n{rest[0]}\n\n<!-- {END} -->"
    return [
        nbformat.v4.new_markdown_cell(text, metadata=asked),
        nbformat.v4.new_markdown_cell(answer, metadata=answered),
    ]


def _nbgrader(grade_id: str, **settings: Any) -> dict[str, dict[str, Any]]:
    fixed = {"schema_version": 3, "cell_type": "code", "grade_id": grade_id, "task": False}
    kinds = {"grade": False, "solution": False, "locked": False}
    return {"nbgrader": dict(sorted((fixed | kinds | settings).items()))}


def with_solution_marks(source: str, guards: bool = True) -> str:
    """Put the body of each function, after its docstring, between nbgrader's solution marks.

    ``guards``: leave before them the guards that open the body, and what they need, for the student to have.
    """
    lines = source.rstrip().splitlines()
    for function in reversed(functions_of(ast.parse(source))):
        given, rest = split(function)
        if not guards:
            given, rest = [], given + rest
        if rest:
            indent = " " * rest[0].col_offset
            lines.insert(function.end_lineno or len(lines), indent + END)
            lines.insert(_line_before(function, given), indent + BEGIN)
    return "\n".join(lines)


def _line_before(function: ast.FunctionDef, given: list[ast.stmt]) -> int:
    """The number of the line after which an answer begins: below the guards, the docstring, or the function's head."""
    if given or ast.get_docstring(function) is not None:
        return (given or function.body)[-1 if given else 0].end_lineno or 0
    return function.body[0].lineno - 1


def _require_complete(unit: Unit, path: Path, seen: set[tuple[str, str]]) -> None:
    """Check that the lesson has the answers and the check of every task. Raises LessonError."""
    for task in unit.tasks.values():
        for needed in [("check", task.name), *(("answer", name) for name in task.answers)]:
            if needed not in seen:
                raise LessonError(path, 1, f"task {task.name} is not used: no cell says :{needed[0]}: {needed[1]}")


def _give_ids(unit: Unit, notebook: NotebookNode) -> None:
    """Give each cell an id that stays when other cells change: nbgrader's name of it, or a hash of its text."""
    taken: set[str] = set()
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            wanted = cell.metadata.nbgrader.grade_id
        elif "question" in cell.metadata:
            wanted = cell.metadata.question
        else:
            text = f"{unit.name} {cell.cell_type} {cell.source}"
            wanted = hashlib.sha256(text.encode()).hexdigest()[:8]
        number, cell.id = 2, wanted
        while cell.id in taken:
            number, cell.id = number + 1, f"{wanted}-{number}"
        taken.add(cell.id)
