"""Naming what is wrong with an answer: a known mistake, two of them at once, or what its results have in common."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from course.check.comparing import says_something
from course.check.expected import Expected
from course.check.plain import Raised
from course.check.symptoms import symptom_of
from course.check.task import Mistake
from course.check.verdict import Part

PATIENCE = 10.0
"""Seconds for which pairs of mistakes are tried for one answer. What was observed is kept, so for the next answer to
the task the search goes on. Only names depend on it, and only where an answer takes long, as with TensorFlow."""


@dataclass(frozen=True)
class Diagnosis:
    """A mistake with its hint, or a symptom, or neither."""

    mistake: str | None = None
    hint: str = ""
    symptom: str | None = None


def diagnose(
    expected: Expected, got: Mapping[str, Any], parts: Sequence[Part], foreign: Sequence[str] = ()
) -> Diagnosis:
    """What is known of a wrong answer. ``got``: what was observed of it, decoded, part by part. ``foreign``: names of
    the notebook that it uses beside its arguments."""
    wrong = [part.name for part in parts if not part.right]
    right = [part.name for part in parts if part.right]
    search = Search(expected, got, wrong, right)
    found = search.single() or search.of_each_answer() or search.pair()
    if found:
        names = dict.fromkeys(mistake.name for mistake in found)
        hints = dict.fromkeys(mistake.hint for mistake in found)
        return Diagnosis(" and ".join(names), " ".join(hints))
    if foreign:
        return Diagnosis(symptom=NOT_ITS_OWN.format(names=", ".join(foreign)))
    return Diagnosis(symptom=symptom_of(expected, got, parts))


NOT_ITS_OWN = "The answer uses {names} of the notebook. Use only what it is given: it is checked with other values."


class Search:
    """A search among the known mistakes of a task for those that explain an answer. Parts are observed as needed."""

    def __init__(self, expected: Expected, got: Mapping[str, Any], wrong: list[str], right: list[str]):
        self.expected, self.task, self.got = expected, expected.task, got
        self.wrong, self.right = wrong, right
        self.numbers = range(len(expected.known))
        self._known_same: dict[tuple[int, str], bool] = {}

    def single(self) -> list[Mistake]:
        """The first mistake that did the same as the answer in every part."""
        every = self.wrong + self.right
        return next(([self._mistake(i)] for i in self.numbers if all(self._same(i, name) for name in every)), [])

    def of_each_answer(self) -> list[Mistake]:
        """Of a task with several answers: for each, a mistake that explains all wrong parts which depend on it."""
        if len(self.task.answers) < 2:
            return []
        found = []
        for answer in self.task.answers:
            candidates = [i for i in self.numbers if self._mistake(i).answer == answer]
            own = [name for name in self.wrong if any(not self._harmless(i, name) for i in candidates)]
            if own:
                found += [self._mistake(i) for i in candidates if self._explains(i, own)][:1]
        return found

    def _explains(self, i: int, own: list[str]) -> bool:
        return (
            all(self._same(i, name) for name in own)
            and all(self._harmless(i, name) for name in self.right)
            and any(self._tells(name) for name in own)
        )

    def pair(self) -> list[Mistake]:
        """Two mistakes that together do what the answer does. Nothing is concluded from parts that raised."""
        if any(isinstance(self.got[name], Raised) for name in self.wrong) or not any(map(self._tells, self.wrong)):
            return []
        candidates = [i for i in self.numbers if all(self._harmless(i, name) for name in self.right)]
        until = time.monotonic() + PATIENCE
        for i, j in combinations(candidates, 2):
            if time.monotonic() > until:
                break
            if self._may_be(i, j) and self.expected.same_both(i, j, self.got):
                return [self._mistake(i), self._mistake(j)]
        return []

    def _may_be(self, i: int, j: int) -> bool:
        """Whether two mistakes can explain every wrong part: where only one has an effect, that must be seen."""
        for name in self.wrong:
            if self._harmless(i, name) and not self._same(j, name):
                return False
            if self._harmless(j, name) and not self._same(i, name):
                return False
        return True

    def _mistake(self, i: int) -> Mistake:
        return self.expected.known[i]

    def _same(self, i: int, name: str) -> bool:
        if (i, name) not in self._known_same:
            self._known_same[i, name] = self.expected.same(i, name, self.got[name])
        return self._known_same[i, name]

    def _harmless(self, i: int, name: str) -> bool:
        """Whether a mistake gets a part right."""
        return self.expected.harmless(i, name)

    def _tells(self, name: str) -> bool:
        return not isinstance(self.got[name], Raised) and says_something(self.got[name])
