"""Judging: points part by part, and the name of a known mistake.

``judge`` sees plain data only. Where marks count, it runs outside the answer's process, so nothing
that an answer patches or forges reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from course.check.comparing import STUB, UNANSWERED, alike, compare, says_something
from course.check.observing import Observations, Observing, not_defined, observe
from course.check.plain import Opaque, Raised, decode
from course.check.unit import BrokenCheck, Mistake, Task, Unit
from course.check.variants import scope_of
from course.check.verdict import Part, State, Verdict


class Expected:
    """What the reference and each known mistake of a task look like when observed with one seed."""

    def __init__(self, unit: Unit, task: Task, seed: int):
        self.unit, self.task, self.seed = unit, task, seed

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
        return [
            (mistake, Observing(self.task, scope_of(self.unit, self.task, mistake), self.seed))
            for mistake in self.unit.mistakes(self.task.name)
        ]


def require_sound(task: Task, reference: Observations) -> None:
    """Make sure that the check accepts the reference, and no answer that does nothing. Raises BrokenCheck."""
    if not reference:
        raise BrokenCheck(task, "its check has no parts")
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

    Every part earns the same share of the points. ``observed`` may be anything: malformed and missing
    parts earn nothing. ``missing`` is the reason that is given for a missing part. Raises BrokenCheck.
    """
    task = expected.task
    given = observed if isinstance(observed, Mapping) else {}
    parts = [
        _judge_part(name, decode(want), decoded(given, name), task)
        if name in given
        else Part(name, State.WRONG, missing)
        for name, want in expected.reference.items()
    ]
    earned = sum(part.right for part in parts)
    points = round(task.points * earned / len(parts), 2)
    verdict = Verdict(task.name, points, task.points, tuple(parts))
    mistake = None if verdict.right or verdict.unanswered else recognise(expected, given)
    return replace(verdict, mistake=mistake.name, hint=mistake.hint) if mistake else verdict


def _judge_part(name: str, want: Any, got: Any, task: Task) -> Part:
    if isinstance(got, Raised) and got.kind == STUB and UNANSWERED in got.message:
        return Part(name, State.UNANSWERED, str(got))
    if isinstance(got, Raised) and got.message in map(not_defined, task.answers):
        return Part(name, State.UNDEFINED, str(got))
    found = compare(want, got, task)
    return Part(name, State.RIGHT if found.equal is True else State.WRONG, found.reason)


def recognise(expected: Expected, observed: Mapping[str, Any]) -> Mistake | None:
    """The first known mistake that did the same as the answer in every part, if any."""
    if not set(expected.reference) <= set(observed):
        return None
    got = {name: decoded(observed, name) for name in expected.reference}
    for mistake, seen in expected.mistakes:
        if all(alike(decode(seen[name]), got[name], expected.task) for name in got):
            return mistake
    return None


def decoded(observed: Mapping[str, Any], name: str) -> Any:
    try:
        return decode(observed[name])
    except (ValueError, RecursionError) as error:
        return Opaque(f"an unreadable observation ({error})")
