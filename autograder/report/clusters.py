"""Clusters of wrong answers that no known mistake explains. The answers in one cluster behave the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.records import Record
from autograder.report.gathering import GradedUnit
from course.check import Part, Task, Verdict
from course.check.comparing import alike
from course.check.expected import decoded
from course.check.plain import Judged, Opaque, Raised


@dataclass(frozen=True)
class AnswerCluster:
    """Students whose wrong answers to a task behave the same in every part, within the task's tolerance.

    ``number`` is the cluster's place among the task's, the largest first. ``verdict`` is the first student's.
    """

    task: Task
    number: int
    records: tuple[Record, ...]

    @property
    def verdict(self) -> Verdict:
        return self.records[0].verdicts[self.task.name]

    @property
    def students(self) -> list[str]:
        return [record.student for record in self.records]

    @property
    def peculiar(self) -> bool:
        """Whether some wrong part gave numbers or a text. Errors, nothing, NaN and zeros are too common to tell."""
        seen = _seen(self.records[0], self.task)
        return any(_says_something(seen[part.name]) for part in self.verdict.parts if not part.right)


def is_unnamed(record: Record, task: str) -> bool:
    """Whether an answer is wrong in a way that has no name yet.

    An answer that is missing because its cell failed does not count, nor does one that was not observed. A finding says
    why. Nor does one whose task was borrowed: it began as everybody's.
    """
    verdict = record.verdicts.get(task)
    if verdict is None or verdict.borrowed or verdict.mistake:
        return False
    if verdict.right or verdict.unanswered or verdict.undefined:
        return False
    return record.observations is None or bool(record.observations.get(task))


def _says_something(value: Any) -> bool:
    if isinstance(value, list | dict):
        return any(map(_says_something, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) or (isinstance(value, np.ndarray) and bool(np.nan_to_num(value).any()))


def clusters(graded: GradedUnit, task: Task) -> list[AnswerCluster]:
    """The clusters of unnamed wrong answers to a task, the largest first.

    Only answers that got the same inputs are compared: those that were graded in one run.
    """
    comparable: dict[Any, list[tuple[dict[str, Any], list[Record]]]] = defaultdict(list)
    for record in graded.records:
        if is_unnamed(record, task.name):
            seen = _seen(record, task)
            groups = comparable[record.seeds.get(task.name), *(_kind(name, value) for name, value in seen.items())]
            for first, members in groups:
                if all(alike(first[name], seen[name], task) for name in seen):
                    members.append(record)
                    break
            else:
                groups.append((seen, [record]))
    found = [members for groups in comparable.values() for _, members in groups]
    found.sort(key=lambda members: (-len(members), members[0].student))
    return [AnswerCluster(task, number, tuple(members)) for number, members in enumerate(found, start=1)]


def _seen(record: Record, task: Task) -> dict[str, Any]:
    """What was observed, part by part. A part that was not observed is represented by the verdict's reason."""
    observed = (record.observations or {}).get(task.name)
    given = observed if isinstance(observed, Mapping) else {}
    return {
        part.name: _told_apart_by(decoded(given, part.name), part) if part.name in given else Opaque(part.reason)
        for part in record.verdicts[task.name].parts
    }


def _told_apart_by(value: Any, part: Part) -> Any:
    """What is compared of an observation.

    An exception's message is left out, since students word it differently. If the unit judges the part itself, that
    judgement is compared.
    """
    if isinstance(value, Judged):
        return part.reason or part.state
    return Raised(value.kind, "") if isinstance(value, Raised) else value


def _kind(name: str, value: Any) -> Any:
    """The kind of a value: only answers with values of the same kinds are compared number by number."""
    if isinstance(value, np.ndarray):
        return name, value.shape
    return name, value.kind if isinstance(value, Raised | Opaque) else type(value).__name__
