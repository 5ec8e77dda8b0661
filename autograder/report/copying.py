"""Answers that are more alike than by chance, for an instructor to ask about. Nothing here proves anything.

Two answers are alike if their code is the same, apart from layout, comments and names of local variables, or if they
are wrong in the same way, which no known mistake explains. Common code does not count: the reference, what was handed
out, the unit's known variants, what many in the class wrote, and answers to tasks that were borrowed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from autograder.bounded import Budget
from autograder.records import Record
from autograder.report.answers import answers_of, form, known_forms
from autograder.report.clusters import AnswerCluster, is_unnamed
from autograder.report.gathering import GradedUnit

SHORTEST, LONG_CODE = 5, 15  # lines of code that count together with other likenesses, or by themselves
RARE = 0.02  # the share of a class that may have something in common for it still to be rare
ENOUGH = 2  # the least weight at which two students are named


@dataclass(frozen=True)
class Alike:
    """What some students have in common in one task, and how much it weighs: 1 may be chance, 2 is worth a question."""

    unit: str
    task: str
    what: str
    students: frozenset[str]
    weight: int


@dataclass(frozen=True)
class Suspicion:
    """Students to ask about what they have in common."""

    students: tuple[str, ...]
    alike: tuple[Alike, ...]


def likenesses(graded: GradedUnit, found: Iterable[AnswerCluster]) -> list[Alike]:
    """What few students of a class have in common in a unit; ``found`` are the unit's clusters."""
    few = min(max(3, int(RARE * len(graded.records))), len(graded.records) // 2)
    same_code = [one for one in _same_code(graded) if len(one.students) <= few]
    seen = {(one.task, one.students) for one in same_code}
    same_wrong = [
        Alike(graded.unit.name, cluster.task.name, "the same wrong results, which no known mistake has", students, 1)
        for cluster in found
        if cluster.peculiar
        and 2 <= len(students := frozenset(cluster.students)) <= few
        and (cluster.task.name, students) not in seen
    ]
    return same_code + same_wrong


def _same_code(graded: GradedUnit) -> Iterable[Alike]:
    """Answers of the same form, however many students wrote it."""
    unit, known = graded.unit, known_forms(graded.unit)
    task_of = {answer: task.name for task in unit.tasks.values() for answer in task.answers}
    writers: dict[tuple[str, str], list[tuple[Record, int]]] = defaultdict(list)
    for record in graded.records:
        budget = Budget()
        for answer, source in answers_of(unit, record.student, graded.course_dir).items():
            verdict = record.verdicts.get(task_of.get(answer, ""))
            if verdict is None or verdict.mistake or verdict.unanswered or verdict.borrowed:
                continue
            with budget:
                written = form(source)
            if written.lines >= SHORTEST and written.text not in known:
                writers[answer, written.text].append((record, written.lines))
    for (answer, _), those in writers.items():
        if len(those) > 1:
            task, lines = task_of[answer], min(lines for _, lines in those)
            wrong = any(is_unnamed(record, task) for record, _ in those)
            what = f"the same code of {answer}, {lines} lines{', and wrong in the same way' if wrong else ''}"
            weight = ENOUGH if wrong or lines >= LONG_CODE else 1
            yield Alike(unit.name, task, what, frozenset(record.student for record, _ in those), weight)


def questions(found: Iterable[Alike]) -> list[Suspicion]:
    """The groups of students who have enough in common, those with most in common first."""
    found = list(found)
    weights: Counter[tuple[str, ...]] = Counter()
    for one in found:
        for pair in combinations(sorted(one.students), 2):
            weights[pair] += one.weight
    asked = []
    for group in _joined({*pair} for pair, weight in weights.items() if weight >= ENOUGH):
        common: list[Alike] = []
        for one in found:
            told = any(each.unit == one.unit and each.task == one.task and group & one.students <= each.students
                       for each in common)  # fmt: skip
            if len(one.students & group) > 1 and not told:
                common.append(one)
        asked.append(Suspicion(tuple(sorted(group)), tuple(common)))
    return sorted(asked, key=lambda one: (-sum(alike.weight for alike in one.alike), one.students))


def _joined(pairs: Iterable[set[str]]) -> list[set[str]]:
    """Groups of students, made by joining the pairs that share a student."""
    groups: list[set[str]] = []
    for pair in pairs:
        apart = [group for group in groups if not group & pair]
        groups = [*apart, pair.union(*(group for group in groups if group & pair))]
    return groups
