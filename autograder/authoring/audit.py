"""Proving the checks: known mistakes are rejected and named, generated ones rejected, alternatives accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.authoring.mutants import Mutant, form, mutants, pairs
from course.check import Alternative, BrokenCheck, Expected, Task, Unit, Verdict, judge, observe
from course.check.comparing import compare
from course.check.observing import Observing
from course.check.plain import UNANSWERED, decode
from course.check.variants import scope_of

AUDIT_SEED = 20
NOTHING = {
    "is the stub": f"raise NotImplementedError({UNANSWERED!r})",
    "returns None": "return None",
    "always raises": "raise ValueError('wrong')",
}
"""Answers that must earn nothing, and the bodies of their functions."""
MUTANT_SECONDS = 2.0  # of processor time for a part; some mutants never end


@dataclass
class TaskAudit:
    """The audit of one task: how many known mistakes were rejected and named, how many alternatives accepted.

    Of the wrong answers that were ``generated``, so many were ``killed``, which is to say rejected, and so many are
    declared ``equivalent``; ``marks`` are the points that each mistake earned, ``steady`` says that they do not depend
    on the seed, and ``idle`` that answers which do nothing earn nothing.
    """

    unit: str
    task: str
    points: float
    mistakes: int = 0
    rejected: int = 0
    named: int = 0
    alternatives: int = 0
    accepted: int = 0
    generated: int = 0
    killed: int = 0
    equivalent: int = 0
    steady: bool = True
    idle: bool = True
    faults: list[str] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether no wrong answer passes, every right one does, and no mark depends on the seed."""
        known = self.rejected == self.mistakes and self.accepted == self.alternatives
        return self.steady and self.idle and known and self.settled == self.generated

    @property
    def settled(self) -> int:
        """How many generated answers were rejected or are declared equivalent."""
        return self.killed + self.equivalent

    def to_json(self) -> dict[str, Any]:
        counts = (
            "points", "mistakes", "rejected", "named", "alternatives", "accepted", "generated", "killed", "equivalent",
        )  # fmt: skip
        return {key: getattr(self, key) for key in counts}


def audit_task(expected: Expected) -> TaskAudit:
    """Judge the reference, each mistake and each alternative of a task as if a student had sent it in."""
    unit, task = expected.unit, expected.task
    mistakes, alternatives = unit.mistakes(task.name), unit.alternatives(task.name)
    result = TaskAudit(unit.name, task.name, task.points, mistakes=len(mistakes), alternatives=1 + len(alternatives))
    try:
        _ = expected.reference
    except BrokenCheck as broken:
        result.faults.append(str(broken))
        return result
    for right in (None, *alternatives):
        verdict = verdict_on(expected, right)
        if verdict.right:
            result.accepted += 1
        else:
            name = right.name if right else "the reference itself"
            result.faults.append(f"right answer rejected: {name}\n{verdict}")
    for what, body in NOTHING.items():
        sources = [f"def {answer}(*args, **more):\n    {body}\n" for answer in task.answers]
        answers = [Alternative(task.name, name, what, one) for name, one in zip(task.answers, sources, strict=True)]
        earned = judge(expected, observe(task, scope_of(unit, task, *answers), expected.seed)).points
        if earned:
            result.idle = False
            result.faults.append(f"an answer that {what} earns {earned:g} points")
    for mistake in mistakes:
        verdict = verdict_on(expected, mistake)
        result.marks[mistake.name] = verdict.points
        if verdict.right:
            result.faults.append(f"wrong answer accepted: {mistake.name}")
            continue
        result.rejected += 1
        if verdict.mistake == mistake.name:
            result.named += 1
        else:
            result.faults.append(f"wrong answer not named: {mistake.name} (got {verdict.mistake})")
    return result


def audit_over(unit: Unit, task: Task, seeds: Sequence[int], twice: int = 0) -> TaskAudit:
    """Audit a task with each seed. The result has the lowest counts, every fault, and the marks that vary with it.

    Wrong answers are generated too and tried with the first seed: all with one change, ``twice`` with two.
    """
    first = Expected(unit, task, seeds[0])
    result = audit_task(first)
    if not result.accepted:
        return result
    for seed in seeds[1:]:
        other = audit_task(Expected(unit, task, seed))
        for count in ("rejected", "named", "accepted"):
            setattr(result, count, min(getattr(result, count), getattr(other, count)))
        result.faults += [f"with seed {seed}, {fault}" for fault in other.faults]
        for mistake, points in result.marks.items():
            if (now := other.marks.get(mistake, points)) != points:
                result.steady = False
                earned = f"{points:g} points with seed {seeds[0]}, {now:g} with seed {seed}"
                result.faults.append(f"marks depend on the seed: {mistake} ({earned})")
    try_mutants(first, result, twice)
    return result


def try_mutants(expected: Expected, result: TaskAudit, twice: int) -> None:
    """Count the generated wrong answers that are rejected, or that are declared equivalent; the others are faults."""
    unit, task = expected.unit, expected.task
    declared = {(one.answer, form(one.source)) for one in unit.equivalents(task.name)}

    def accepted(mutant: Mutant) -> bool:
        """Whether a mutant is not rejected. It is counted."""
        key = mutant.answer, form(mutant.source)
        lives = key in declared or survives(expected, Alternative(task.name, mutant.answer, mutant.name, mutant.source))
        result.generated += 1
        result.equivalent += key in declared
        result.killed += not lives
        if lives and key not in declared:
            result.faults.append(f"generated answer accepted: {mutant.answer}, {mutant.name}")
        return lives

    rng = np.random.default_rng(expected.seed)
    for answer in task.answers:
        reference = unit.reference_source(answer)
        killed = [one for one in mutants(answer, reference) if not accepted(one)]
        for mutant in pairs(reference, killed, twice, rng):
            accepted(mutant)
    for one in unit.equivalents(task.name):
        if not survives(expected, one):
            result.faults.append(f"declared equivalent, but rejected: {one.answer}, {one.name}")


def survives(expected: Expected, variant: Alternative) -> bool:
    """Whether an answer gets every part right. Parts are observed until one is wrong."""
    task = replace(expected.task, seconds=min(expected.task.seconds, MUTANT_SECONDS))
    try:
        observing = Observing(task, scope_of(expected.unit, task, variant), expected.seed)
    except Exception:
        return False  # its definition fails
    return all(
        compare(decode(want), decode(observing[part]), expected.task).equal for part, want in expected.reference.items()
    )


def verdict_on(expected: Expected, variant: Alternative | None) -> Verdict:
    """The verdict on the reference (None) or a variant of it."""
    scope = scope_of(expected.unit, expected.task, variant)
    return judge(expected, observe(expected.task, scope, expected.seed))
