"""The page that a student receives: marks, mistakes, pictures, and what the lesson says about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.feedback import wording
from autograder.feedback.by_hand import ByHand
from autograder.feedback.figures import Figure
from autograder.feedback.lesson import Section, sections, slug, title_of
from autograder.feedback.questions import AskedQuestion
from autograder.html.page import render
from autograder.records import Record
from course.check import Unit, Verdict


@dataclass(frozen=True)
class Feedback:
    """All that a page tells a student: the grade record, what was added by hand, and a figure for each task.

    ``errors`` maps an answer to the error that ended its cell. ``site`` is the address of the course's site, if there
    is one.
    """

    unit: Unit
    record: Record
    by_hand: ByHand = field(default_factory=ByHand)
    figures: dict[str, Figure] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    site: str = ""
    questions: list[AskedQuestion] = field(default_factory=list)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on the unit's tasks that were graded, in the order of the lesson."""
        return [self.record.verdicts[task] for task in self.unit.tasks if task in self.record.verdicts]

    def points(self, task: str) -> float | None:
        """The points of a task: those given by hand, else the grader's; None where there are none yet."""
        verdict = self.record.verdicts.get(task)
        return self.by_hand.points.get(task, verdict.points if verdict else None)

    @property
    def total(self) -> float:
        """The sum of points less the late penalty, at least 0, as nbgrader and ``autograder export`` count."""
        earned = [self.points(task) for task in self.unit.tasks] + [question.points for question in self.questions]
        return max(0.0, sum(points or 0.0 for points in earned) - self.by_hand.penalty)

    @property
    def most(self) -> float:
        """The points that the tasks and the questions can earn together."""
        return self.unit.points + sum(question.most for question in self.questions)

    @property
    def title(self) -> str:
        """The title of the unit's lesson."""
        return title_of(self.unit.name)

    @property
    def explained(self) -> list[Section]:
        """The sections of the lesson that the page shows: those with a task that is not right."""
        wrong = {verdict.task for verdict in self.verdicts if not verdict.right}
        return [section for section in sections(self.unit.name) if wrong.intersection(section.tasks)]

    def section_of(self, verdict: Verdict) -> Section | None:
        """The section of the lesson in which a task stands."""
        return next((section for section in sections(self.unit.name) if verdict.task in section.tasks), None)

    def address(self, section: Section) -> str:
        """Where a section stands on the course's site."""
        return f"{self.site.rstrip('/')}/{self.unit.assignment}.html#{slug(section.title)}"

    def not_defined(self, verdict: Verdict) -> list[str]:
        """Why answers were not defined when their check ran, and what to do; empty if all were defined."""
        missing = wording.missing_answers(verdict)
        return [*wording.reasons_undefined(missing, self.errors), wording.AGAIN] if missing else []


def feedback_page(feedback: Feedback) -> str:
    """The page as HTML that loads no other file."""
    return render("feedback/page.html.j2", feedback=feedback, wording=wording)
