"""Judging: points part by part, and the name of a known mistake.

``judge`` sees plain data only. Where marks count, it runs outside the answer's process, so nothing
that an answer patches or forges reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from course.check.comparing import compare, says_something
from course.check.diagnosis import diagnose
from course.check.observing import Observations, Observing, not_defined, observe
from course.check.plain import STUB, UNANSWERED, Opaque, Raised, decode
from course.check.sources import merged
from course.check.task import BrokenCheck, Mistake, Task
from course.check.unit import Unit
from course.check.variants import scope_of
from course.check.verdict import Part, State, Verdict


class Expected:
    """What the reference and each known mistake of a task look like when observed with one seed."""

    def __init__(self, unit: Unit, task: Task, seed: int):
        self.unit, self.task, self.seed = unit, task, seed
        self._harmless: dict[tuple[int, str], bool] = {}
        self._both: dict[tuple[int, int], Mapping[str, Any] | None] = {}

    @cached_property
    def reference(self) -> Observations:
        """What was observed of the reference. Raises BrokenCheck where no answer can be compared with it."""
        seen = self.observe_reference()
        require_sound(self.task, seen)
        return seen

    def observe_reference(self) -> Observations:
        return observe(self.task, scope_of(self.unit, self.task), self.seed)

    @cached_property
    def mistakes(self) -> list[tuple[Mistake, Mapping[str, Any]]]:
        return [(mistake, self._observing(mistake)) for mistake in self.unit.mistakes(self.task.name)]

    def _observing(self, *mistakes: Mistake) -> Mapping[str, Any]:
        return Observing(self.task, scope_of(self.unit, self.task, *mistakes), self.seed)

    def harmless(self, number: int, part: str) -> bool:
        """Whether the mistake of that number gets a part right."""
        if (number, part) not in self._harmless:
            want, got = (decode(seen[part]) for seen in (self.reference, self.mistakes[number][1]))
            self._harmless[number, part] = compare(want, got, self.task).equal
        return self._harmless[number, part]

    def both(self, one: int, other: int) -> Mapping[str, Any] | None:
        """What an answer does that makes two known mistakes; None where they cannot be made together."""
        if (one, other) not in self._both:
            self._both[one, other] = self.observe_both(one, other)
        return self._both[one, other]

    def observe_both(self, one: int, other: int) -> Mapping[str, Any] | None:
        first, second = self.mistakes[one][0], self.mistakes[other][0]
        if first.answer != second.answer:
            return self._observing(first, second)
        source = merged(self.unit.reference_source(first.answer), first.source, second.source)
        return self._observing(replace(first, source=source)) if source else None


def require_sound(task: Task, reference: Observations) -> None:
    """Make sure that the check accepts the reference, and no answer that does nothing. Raises BrokenCheck."""
    if not reference:
        raise BrokenCheck(task, "its check has no parts")
    if unknown := sorted({*task.weights, *task.conditions} - set(reference)):
        raise BrokenCheck(task, f"it has no part called {unknown[0]!r}, which has a weight or is a condition")
    if set(reference) <= set(task.conditions):
        raise BrokenCheck(task, "all its parts are conditions")
    for name, value in reference.items():
        want = decoded(reference, name)
        if isinstance(want, Raised) and not want.asked:
            raise BrokenCheck(task, f"{name}: the reference itself raised {want}")
        if not says_something(want):
            raise BrokenCheck(task, f"{name}: the reference gave nothing to compare with ({value!r:.80})")
        if not (found := compare(want, want, task)).equal:
            raise BrokenCheck(task, f"{name}: the reference is not right by its own check ({found.reason})")


def judge(expected: Expected, observed: Any, missing: str = "this part was not reached") -> Verdict:
    """The verdict on an answer, from what was observed of it and of the reference with the same seed.

    ``observed`` may be anything: malformed and missing parts earn nothing. ``missing`` is the reason that is given for
    a missing part. Raises BrokenCheck.
    """
    task = expected.task
    given = observed if isinstance(observed, Mapping) else {}
    parts = with_points(
        task,
        [
            _judge_part(name, decode(want), decoded(given, name), task)
            if name in given
            else Part(name, State.WRONG, missing)
            for name, want in expected.reference.items()
        ],
    )
    verdict = Verdict(task.name, round(sum(part.points for part in parts), 2), task.points, parts)
    if verdict.right or verdict.unanswered or verdict.undefined or not set(expected.reference) <= set(given):
        return verdict
    found = diagnose(expected, {part.name: decoded(given, part.name) for part in parts}, parts)
    return replace(verdict, mistake=found.mistake, hint=found.hint, symptom=found.symptom)


def with_points(task: Task, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with their worth, by their weights, and with the points that each earned.

    A condition that is met earns its worth in the proportion in which the parts that are no conditions are right.
    """
    weight = {part.name: task.weights.get(part.name, 1.0) for part in parts}
    merits = [part for part in parts if part.name not in task.conditions]
    right = sum(weight[part.name] for part in merits if part.right) / sum(weight[part.name] for part in merits)
    unit = task.points / sum(weight.values())
    return tuple(
        replace(
            part,
            worth=unit * weight[part.name],
            points=part.right * unit * weight[part.name] * (right if part.name in task.conditions else 1.0),
        )
        for part in parts
    )


def _judge_part(name: str, want: Any, got: Any, task: Task) -> Part:
    if isinstance(got, Raised) and got.kind == STUB and UNANSWERED in got.message:
        return Part(name, State.UNANSWERED, str(got))
    if isinstance(got, Raised) and got.message in map(not_defined, task.answers):
        return Part(name, State.UNDEFINED, str(got))
    found = compare(want, got, task)
    return Part(name, State.RIGHT if found.equal is True else State.WRONG, found.reason)


def decoded(observed: Mapping[str, Any], name: str) -> Any:
    try:
        return decode(observed[name])
    except (ValueError, RecursionError) as error:
        return Opaque(f"an unreadable observation ({error})")
