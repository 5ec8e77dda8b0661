"""The points of questions, which a person marks: 0 unless the course's ``course.toml`` gives some.

``question_points = 1`` there gives points to every question. A table ``[question_points]`` gives them to the questions
of a unit (``numeric_gradient = 1``) or to one question (``"numeric_gradient.smaller_step" = 2``).
"""

from __future__ import annotations

import math
from collections.abc import Collection

from autograder.course import FILE, Course, WrongCourse

EVERY = ""  # the name under which the points of every question of the course are kept


class QuestionPoints:
    """The points that a course gives to questions. Raises WrongCourse if its ``course.toml`` says nothing sensible."""

    def __init__(self, course: Course):
        said = course.question_points
        self.course = course
        self.points: dict[str, float] = said if isinstance(said, dict) else {EVERY: said}
        for name, given in self.points.items():
            self._require_sound(name, given)

    def _require_sound(self, name: str, given: object) -> None:
        if self.points is self.course.question_points and name.partition(".")[0] not in self.course.names:
            raise self._wrong(f"question_points names {name!r}, but the course has no such unit")
        if isinstance(given, dict):
            raise self._wrong(f'question_points: write names in quotes, "{name}.{next(iter(given), "question")}"')
        if type(given) not in (int, float) or not math.isfinite(given) or given < 0:  # type: ignore[arg-type,operator]
            of_what = f" of {name}" if name else ""
            raise self._wrong(f"question_points{of_what} must be a number of points, such as 1, not {given!r}")

    def _wrong(self, message: str) -> WrongCourse:
        return WrongCourse(f"{self.course.root / FILE}: {message}")

    def of(self, unit: str, question: str) -> float:
        """The points of a question: its own, or else those of its unit, or else those of every question."""
        return self.points.get(f"{unit}.{question}", self.points.get(unit, self.points.get(EVERY, 0)))

    def require_known(self, unit: str, questions: Collection[str]) -> None:
        """Check that a unit has every question that is named with it. Raises WrongCourse."""
        for name in self.points:
            of_unit, _, question = name.partition(".")
            if of_unit == unit and question and question not in questions:
                known = f"its questions are {', '.join(sorted(questions))}" if questions else "it has no questions"
                raise self._wrong(f"question_points names {name}, but {known}")
