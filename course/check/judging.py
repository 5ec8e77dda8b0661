"""Judging: points part by part, and the name of a known mistake.

``judge`` sees plain data only. Where marks count, it runs outside the answer's process, so nothing
that an answer patches or forges reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from course.check.comparing import compare
from course.check.diagnosis import diagnose
from course.check.expected import Expected, decoded
from course.check.observing import not_defined
from course.check.plain import STUB, UNANSWERED, Raised, decode
from course.check.surroundings import foreign
from course.check.task import Task
from course.check.verdict import Part, State, Verdict


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
    got = {part.name: decoded(given, part.name) for part in parts}
    found = diagnose(expected, got, parts, foreign(expected.unit, given))
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
    if isinstance(got, Raised) and got.message.startswith(tuple(map(not_defined, task.answers))):
        return Part(name, State.UNDEFINED, str(got))
    found = compare(want, got, task)
    return Part(name, State.RIGHT if found.equal is True else State.WRONG, found.reason)
