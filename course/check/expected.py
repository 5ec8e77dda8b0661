"""What is expected of an answer: what the reference and the known mistakes do with the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from course.check.comparing import alike, compare, says_something
from course.check.observing import Observations, Observing, observe
from course.check.plain import Opaque, Raised, decode
from course.check.sources import merged
from course.check.task import BrokenCheck, Mistake, Task
from course.check.unit import Unit
from course.check.variants import scope_of


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
    def sources(self) -> dict[str, str]:
        """The code of the reference's answers, by their names."""
        return self.unit.sources_of(self.task)

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

    @cached_property
    def known(self) -> list[Mistake]:
        """The known mistakes; the others count them from 0."""
        return [mistake for mistake, _ in self.mistakes]

    def same(self, number: int, part: str, got: Any) -> bool:
        """Whether the mistake of that number does in a part what was observed of an answer."""
        return alike(decode(self.mistakes[number][1][part]), got, self.task)

    def same_both(self, one: int, other: int, got: Mapping[str, Any]) -> bool:
        """Whether two mistakes made together do what was observed of an answer, part by part."""
        both = self.both(one, other)
        return both is not None and all(alike(decode(both[part]), got[part], self.task) for part in got)

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
        try:
            return self._observing(replace(first, source=source)) if source else None
        except Exception:  # the definition itself fails
            return None


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


def decoded(observed: Mapping[str, Any], name: str) -> Any:
    try:
        return decode(observed[name])
    except (ValueError, RecursionError) as error:
        return Opaque(f"an unreadable observation ({error})")
