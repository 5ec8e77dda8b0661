"""What the cells of a unit's notebook are to nbgrader: checks of tasks, and answers that a person marks."""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode

TEXT_OF = "question_"
"""How nbgrader's names of the cells with the text of a question begin; the rest is the question's name."""


def task_of(cell: NotebookNode) -> str:
    """The task that a check cell checks; an empty text for every other cell."""
    marks = cell.metadata.get("nbgrader", {})
    return marks["grade_id"] if marks.get("grade") and not marks.get("solution") else ""


def question_of(cell: NotebookNode) -> str:
    """The question that a cell is for the answer to; an empty text for every other cell."""
    marks = cell.metadata.get("nbgrader", {})
    return marks["grade_id"] if marks.get("grade") and marks.get("solution") else ""


def questions_in(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """The cells for answers to questions, by the name of the question."""
    return ((name, cell) for cell in notebook.cells if (name := question_of(cell)))
