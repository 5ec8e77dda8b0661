"""The questions of a lesson on a student's page: the text, the student's answer, and what an instructor gave for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from autograder.cells import TEXT_OF, questions_in
from autograder.course import current
from autograder.feedback.by_hand import ByHand
from autograder.feedback.lesson import HEADING, markdown
from autograder.html.sanitize import as_written
from autograder.intake import released
from course.check import Unit


@dataclass(frozen=True)
class AskedQuestion:
    """A question and its answer, as HTML; no answer if the student left it open.

    ``most`` is what an answer can earn. ``points`` are those given by hand, 0 for no answer, None if nobody has marked
    the answer yet.
    """

    name: str
    title: str
    text: Markup
    answer: Markup
    points: float | None
    most: float

    @property
    def state(self) -> str:
        """How far it is, in words."""
        if not self.answer and not self.points:
            return "no answer"
        return "not marked yet" if self.points is None else "marked by hand"


def questions_of(unit: Unit, graded: Path | None, by_hand: ByHand) -> list[AskedQuestion]:
    """The questions of a unit with the answers in a graded notebook. Raises NotBuilt."""
    answers = _answers(graded)
    found = []
    for asked in _asked(unit.name):
        written = answers.get(asked.name, asked.stub)
        answer = Markup() if written == asked.stub else Markup(as_written(written))
        points = by_hand.points.get(asked.name, None if answer else 0.0)
        found.append(AskedQuestion(asked.name, asked.title, asked.text, answer, points, asked.most))
    return found


class _Asked(NamedTuple):
    """A question as it was released: its text as HTML, and what stands in the cell for the answer."""

    name: str
    title: str
    text: Markup
    stub: str
    most: float


@cache
def _asked(unit: str) -> tuple[_Asked, ...]:
    release = released(current().unit(unit))
    texts = {cell.id: cell.source for cell in release.cells}
    found = []
    for name, cell in questions_in(release):
        text = texts.get(f"{TEXT_OF}{name}", "")
        heading = HEADING.match(text)
        title, text = (heading[2], text[heading.end() :]) if heading else (name.replace("_", " "), text)
        points = float(cell.metadata.nbgrader.points)
        found.append(_Asked(name, title, Markup(markdown(text)), cell.source, points))
    return tuple(found)


def _answers(graded: Path | None) -> dict[str, str]:
    """The texts of the cells of a graded notebook, by id; empty if it cannot be read."""
    try:
        cells = json.loads(graded.read_text(encoding="utf-8"))["cells"] if graded else []
        return {str(cell["id"]): "".join(cell["source"]) for cell in cells}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
