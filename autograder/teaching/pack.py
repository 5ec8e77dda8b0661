"""The teaching pack as data: each unit with its times, objectives, mistakes, plans and questions; routes and exam."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from autograder.authoring.lesson import lesson_path, read_lesson
from autograder.authoring.outline import Outline, outline_of
from autograder.authoring.times import Times, times_of
from autograder.course import current
from autograder.teaching.sources import FOLDER, Aim, ExamQuestion, Plan, Route, Sources, WrongSource, read_sources
from course.check import Unit
from course.check.task import Mistake

MOST_MISTAKES = 4
"""So many mistakes of a task are told: the first ones of ``mistakes.py`` that have a hint of their own."""


@dataclass(frozen=True)
class Objective:
    """What a student can do after a unit, the tasks that practise it, and the exam questions that test it."""

    text: str
    aim: Aim | None
    exam: list[ExamQuestion]


class Chapter:
    """A unit as a teacher sees it."""

    def __init__(self, unit: Unit, sources: Sources):
        self.unit, self._sources = unit, sources
        self.outline: Outline = outline_of(lesson_path(unit).read_text(encoding="utf-8"))
        self.plans: list[Plan] = [plan for plan in sources.plans if plan.unit == unit.name]

    @cached_property
    def times(self) -> Times:
        return times_of(read_lesson(self.unit))

    @cached_property
    def objectives(self) -> list[Objective]:
        """The objectives of the lesson, in its order. Raises WrongSource where an aim fits none of them, or several."""
        aims: dict[str, Aim] = {}
        for aim in (aim for aim in self._sources.aims if aim.unit == self.unit.name):
            fitting = [text for text in self.outline.objectives if aim.says.lower() in text.lower()]
            if len(fitting) != 1 or fitting[0] in aims:
                found = "another one too" if fitting else "none"
                raise WrongSource(
                    f"objectives.toml: {aim.says!r} must say one objective of {aim.unit}, and says {found}"
                )
            aims[fitting[0]] = aim
        return [Objective(text, aims.get(text), self._exam(aims.get(text))) for text in self.outline.objectives]

    def _exam(self, aim: Aim | None) -> list[ExamQuestion]:
        return [one for one in self._sources.exam if aim and (one.unit, one.objective) == (aim.unit, aim.name)]

    def mistakes(self, task: str) -> list[Mistake]:
        """The mistakes of a task that a teacher is told of."""
        by_hint = {mistake.hint: mistake for mistake in reversed(self.unit.mistakes(task))}
        return list(reversed(by_hint.values()))[:MOST_MISTAKES]


class Pack:
    """The teaching pack of some units of the course. What speaks of other units is left out."""

    def __init__(self, units: list[Unit], sources: Sources | None = None):
        sources = sources or read_sources(current().root / FOLDER)
        self.chapters = [Chapter(unit, sources) for unit in units]
        self.by_name = {chapter.unit.name: chapter for chapter in self.chapters}
        self.routes: list[Route] = [route for route in sources.routes if self._has(route.units)]
        self.exam: list[ExamQuestion] = [question for question in sources.exam if question.unit in self.by_name]
        aims = {(aim.unit, aim.name) for aim in sources.aims}
        for question in self.exam:
            if (question.unit, question.objective) not in aims:
                raise WrongSource(
                    f"exam question {question.title!r}: {question.unit} has no objective {question.objective!r}"
                )

    def _has(self, units: list[str]) -> bool:
        return set(units) <= set(self.by_name)

    @property
    def parts(self) -> dict[str, list[ExamQuestion]]:
        """The exam questions, by the part of the course that they are about."""
        return {
            part: [one for one in self.exam if one.part == part] for part in dict.fromkeys(q.part for q in self.exam)
        }

    def number_of(self, question: ExamQuestion) -> str:
        """What a question is called: its part's number and its own, such as 2.5."""
        parts = self.parts
        return f"{list(parts).index(question.part) + 1}.{parts[question.part].index(question) + 1}"

    def minutes(self, units: tuple[str, ...]) -> int:
        """The minutes that some units take together."""
        return sum(self.by_name[name].times.total for name in units)

    @property
    def words(self) -> list[tuple[list[str], Unit]]:
        """The rows of all tables of words, in alphabetical order, each with the unit that introduces the word."""
        rows = [(row, chapter.unit) for chapter in self.chapters for row in chapter.outline.words]
        return sorted(rows, key=lambda found: found[0][0].strip("*`").lower())
