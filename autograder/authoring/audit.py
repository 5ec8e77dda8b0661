"""Proving the checks: every known mistake is rejected and named, every alternative accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from course.check import Alternative, BrokenCheck, Expected, Task, Unit, Verdict, judge, observe
from course.check.variants import scope_of

AUDIT_SEED = 20


@dataclass
class TaskAudit:
    """The audit of one task: how many known mistakes were rejected and named, how many alternatives accepted.

    ``marks`` are the points that each mistake earned; ``steady`` says that they do not depend on the seed.
    """

    unit: str
    task: str
    points: float
    mistakes: int = 0
    rejected: int = 0
    named: int = 0
    alternatives: int = 0
    accepted: int = 0
    steady: bool = True
    faults: list[str] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether no wrong answer passes, every right one does, and no mark depends on the seed."""
        return self.steady and self.rejected == self.mistakes and self.accepted == self.alternatives

    def to_json(self) -> dict[str, Any]:
        counts = ("points", "mistakes", "rejected", "named", "alternatives", "accepted")
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


def audit_over(unit: Unit, task: Task, seeds: Sequence[int]) -> TaskAudit:
    """Audit a task with each seed. The result has the lowest counts, every fault, and the marks that vary with it."""
    result = audit_task(Expected(unit, task, seeds[0]))
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
    return result


def verdict_on(expected: Expected, variant: Alternative | None) -> Verdict:
    """The verdict on the reference (None) or a variant of it."""
    scope = scope_of(expected.unit, expected.task, variant)
    return judge(expected, observe(expected.task, scope, expected.seed))


def audit_table(audits: list[TaskAudit]) -> Table:
    """All audits, a row each, with the sums below."""
    table = Table(title="What the checks prove", show_footer=True, title_justify="left")
    table.add_column("unit", "all")
    table.add_column("task", f"{len(audits)} tasks")
    pairs = (("rejected", "mistakes"), ("named", "mistakes"), ("accepted", "alternatives"))
    for done, of in pairs:
        total = f"{sum(getattr(a, done) for a in audits)} of {sum(getattr(a, of) for a in audits)}"
        table.add_column(f"{of}\n{done}", total, justify="right")
    for a in audits:
        counts = [(getattr(a, done), getattr(a, of)) for done, of in pairs]
        cells = [f"[{'green' if n == of else 'red'}]{n} of {of}[/]" for n, of in counts]
        table.add_row(a.unit, a.task, *cells)
    return table
