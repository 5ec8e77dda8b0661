"""How many minutes a unit takes, by a stated rule: the sum of four things, rounded to the nearest 5.

| what       | minutes                | why                                                                   |
|------------|------------------------|-----------------------------------------------------------------------|
| the text   | a word in 1/130        | to understand a text with many new concepts: 130 words a minute       |
| its code   | a line in 1/8          | the fastest reading that still finds faults: 500 lines an hour        |
| a task     | 3, and 1 for each line | to read what is asked; then to write, check and mend a line a minute  |
| a question | 4                      | to think, and to write two or three sentences                         |

The first rate is that of E. Barre, A. Brown and J. Esarey's *Course Workload Estimator* (Rice University,
cte.rice.edu/workload), the second the upper end of what J. Cohen recommends in *Best Kept Secrets of Peer Code Review*
(SmartBear 2006). The other two are our own estimates. A line of a task is a line of the right answer, without its
docstring and what the stub gives. Hints, model answers, sources and tables of words do not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.authoring.marks import BEGIN, END, MODEL_ANSWER

WORDS_A_MINUTE = 130
LINES_A_MINUTE = 8
MINUTES_A_TASK, MINUTES_A_LINE = 3, 1
MINUTES_A_QUESTION = 4
ROUNDED_TO = 5

PLACE = "{minutes}"
"""What a lesson writes where its minutes shall stand."""

UNREAD = re.compile(
    r"<details>.*?</details>"  # hints
    rf"|{BEGIN}.*?{END}"  # what students do not get
    rf"|^{re.escape(MODEL_ANSWER)}$.*"  # to the end of its cell
    r"|^## (?:The words|Sources)$.*?(?=^## |\Z)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Times:
    """The minutes of a unit: for its text and code, its tasks, and its questions."""

    reading: float
    tasks: float
    questions: float

    @property
    def total(self) -> int:
        """All of them, rounded to 5."""
        return max(ROUNDED_TO, round((self.reading + self.tasks + self.questions) / ROUNDED_TO) * ROUNDED_TO)


def times_of(worked: NotebookNode) -> Times:
    """The minutes of a unit, by its worked notebook."""
    code = [cell for cell in worked.cells if cell.cell_type == "code"]
    solutions = sum(len(solution_lines(cell.source)) for cell in code)
    lines = sum(len(lines_of(cell.source)) for cell in code) - solutions
    words = sum(len(words_of(cell.source)) for cell in worked.cells if cell.cell_type == "markdown")
    tasks = sum(1 for cell in code if cell.metadata.get("nbgrader", {}).get("grade"))
    questions = sum(1 for cell in worked.cells if cell.cell_type == "markdown" and asks(cell))
    return Times(
        words / WORDS_A_MINUTE + lines / LINES_A_MINUTE,
        MINUTES_A_TASK * tasks + MINUTES_A_LINE * solutions,
        float(MINUTES_A_QUESTION * questions),
    )


def asks(cell: NotebookNode) -> bool:
    """Whether a markdown cell is where a question is answered."""
    marked = cell.metadata.get("nbgrader", {}).get("grade")
    return bool(marked) or "question" in cell.metadata or MODEL_ANSWER in cell.source


def words_of(text: str) -> list[str]:
    """The words that somebody reads of a markdown cell. A formula is as many words as it is written with."""
    return [word for word in UNREAD.sub("", text).split() if re.search(r"\w", word)]


def lines_of(code: str) -> list[str]:
    """The lines of code that are not empty, without nbgrader's marks."""
    return [line for line in code.splitlines() if line.strip() and line.strip() not in (BEGIN, END)]


def solution_lines(code: str) -> list[str]:
    """The lines that a student writes: those between nbgrader's solution marks."""
    return [line for part in code.split(BEGIN)[1:] for line in lines_of(part.split(END)[0])]


def fill_minutes(worked: NotebookNode) -> None:
    """Put the unit's minutes where the lesson says ``{minutes}``."""
    minutes = str(times_of(worked).total)
    for cell in worked.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(PLACE, minutes)
