"""Which values of the notebook an answer uses beside its arguments. What is right for them may be wrong for others."""

from __future__ import annotations

import dis
import symtable
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from course.check.task import Task
from course.check.unit import Unit

SURROUNDINGS = "surroundings"
"""The key of these names beside the parts of an answer that was observed."""
MOST = 20  # names
LONGEST = 60  # characters of a name


def surroundings(task: Task, scope: Mapping[str, Any]) -> list[str]:
    """The names of values in ``scope`` that the answers to a task read. Functions, classes and modules do not count,
    nor do constants, whose names have capital letters."""
    found = {name for answer in task.answers for code in _codes_of(scope.get(answer)) for name in _globals_of(code)}
    return sorted(name for name in found if _is_value(name, scope))[:MOST]


def _is_value(name: str, scope: Mapping[str, Any]) -> bool:
    plain = name in scope and not name.startswith("_") and not name.isupper() and len(name) <= LONGEST
    return plain and not callable(scope[name]) and not issubclass(type(scope[name]), ModuleType)


def _codes_of(answer: Any) -> Iterator[CodeType]:
    functions = vars(answer).values() if isinstance(answer, type) else [answer]
    return (function.__code__ for function in functions if type(function) is FunctionType)


def _globals_of(code: CodeType) -> Iterator[str]:
    yield from (one.argval for one in dis.get_instructions(code) if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_of(constant)


def foreign(unit: Unit, observed: Mapping[str, Any]) -> list[str]:
    """The names that were observed and that no right answer uses, as far as the reference shows."""
    names = observed.get(SURROUNDINGS)
    if not isinstance(names, list) or len(names) > MOST:
        return []
    plain = [name for name in names if isinstance(name, str) and name.isidentifier() and len(name) <= LONGEST]
    return [name for name in plain if name not in _used_by_references(unit.folder / "reference.py")]


@cache
def _used_by_references(path: Path) -> frozenset[str]:
    """The global names that the functions of a file use. The file is not run."""
    tables = symtable.symtable(path.read_text(encoding="utf-8"), str(path), "exec").get_children()
    found = set()
    for table in tables:
        tables += table.get_children()
        found |= {one.get_name() for one in table.get_symbols() if one.is_global()}
    return frozenset(found)
