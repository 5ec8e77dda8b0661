"""The code of references, mistakes and alternatives, made runnable as if a student had written it."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable
from typing import Any

from course.check.plain import UNANSWERED
from course.check.task import Alternative, Task
from course.check.unit import Unit


def scope_of(unit: Unit, task: Task, *variants: Alternative | None) -> dict[str, Any]:
    """What a notebook defines once one task is answered: by the reference, or by variants of some of its answers.

    Every other answer of the unit is still unwritten, as in the notebook that students receive, so a
    task that relies on another one's answer fails here.
    """
    scope = dict(vars(unit.reference))
    for other in unit.tasks.values():
        scope |= {name: _unwritten(name) for name in other.answers}
    instead = {variant.answer: variant for variant in variants if variant}
    for name in task.answers:
        chosen = instead.get(name)
        source = chosen.source if chosen else unit.reference_source(name)
        define(source, f"<{unit.name}: {name}{', ' + chosen.name if chosen else ''}>", scope)
    return scope


def _unwritten(name: str) -> Callable:
    def unwritten(*args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(UNANSWERED)

    unwritten.__name__ = name
    return unwritten


def define(source: str, filename: str, scope: dict[str, Any]) -> None:
    """Execute source in scope; tracebacks show its lines under the given file name."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # of wrong answers that a program made
        code = compile(source, filename, "exec")
    exec(code, scope)
