"""What an answer's docstring promises is done by the stub that students are given, or observed by a part."""

import ast
import builtins
import json
import re

import nbformat
import pytest

from autograder.course import NOTEBOOKS, PROJECT, notebook_path
from course import UNITS
from course.check import Expected, load
from course.check.plain import UNANSWERED
from course.check.sources import functions_of, split

ANSWERS = [(name, task.name, answer) for name in UNITS for task in load(name).tasks.values() for answer in task.answers]
UNCHANGED = re.compile(r"\b(left|leaves?|kept|stay) (alone|as (it|they) (was|were|is|are)|untouched|unchanged)\b")


def sources_of(unit_name, answer):
    """The answer's docstrings, and the guards that are given with it, as text."""
    tree = ast.parse(load(unit_name).reference_source(answer))
    functions = functions_of(tree)
    documented = [*(node for node in tree.body if isinstance(node, ast.ClassDef)), *functions]
    told = " ".join(" ".join((ast.get_docstring(node) or "").split()) for node in documented)  # type: ignore[arg-type]
    return told, [ast.unparse(statement) for function in functions for statement in split(function)[0]]


def promised_errors(told):
    """The exceptions that a docstring says are raised."""
    sentences = [said for said in re.split(r"(?<=[.;])\s", told) if re.search(r"\b[Rr]aise[sd]?\b", said)]
    names = {name for said in sentences for name in re.findall(r"\b[A-Z]\w+(?:Error|Exception)\b", said)}
    return {name for name in names if hasattr(builtins, name)}


def observed_errors(unit_name, task_name):
    """The exceptions that parts of the task ask for."""
    unit = load(unit_name)
    seen = json.dumps(Expected(unit, unit.tasks[task_name], 1).reference)
    judged = "ValueError" if '"judged"' in seen and "raised" in seen else ""
    return {*re.findall(r'"asked": "(\w+)"', seen), judged}


@pytest.mark.parametrize(("unit_name", "task_name", "answer"), ANSWERS)
def test_errors_are_raised_by_a_given_guard_or_asked_for_by_a_part(unit_name, task_name, answer):
    told, guards = sources_of(unit_name, answer)
    given = set() if load(unit_name).tasks[task_name].refusing else set(re.findall(r"raise (\w+)", " ".join(guards)))
    missing = promised_errors(told) - given
    assert not missing or missing <= observed_errors(unit_name, task_name), missing


@pytest.mark.parametrize(("unit_name", "task_name", "answer"), ANSWERS)
def test_what_is_to_be_left_alone_is_a_condition(unit_name, task_name, answer):
    told, _ = sources_of(unit_name, answer)
    if UNCHANGED.search(told):
        assert load(unit_name).tasks[task_name].conditions, told


@pytest.mark.parametrize(("unit_name", "task_name", "answer"), ANSWERS)
def test_guards_stand_in_the_stub_above_the_place_for_the_answer(unit_name, task_name, answer):
    unit = load(unit_name)
    notebook = nbformat.read(PROJECT / notebook_path(unit, NOTEBOOKS), as_version=4)
    source = next(cell.source for cell in notebook.cells if cell.id == f"answer_{answer}")
    _, guards = sources_of(unit_name, answer)
    stub = ast.unparse(ast.parse(source))
    assert UNANSWERED in stub
    for guard in guards:
        found = "\n".join(line.strip() for line in guard.splitlines()) in "\n".join(
            line.strip() for line in stub.splitlines()
        )
        assert found != unit.tasks[task_name].refusing, guard
