"""The proof of every check: wrong answers rejected and named, right ones accepted, nothing for doing nothing."""

import json
from functools import lru_cache

import numpy as np
import pytest

from autograder.audit import audit_task
from course import UNITS
from course.check import Expected, Unit, judge, load, observe
from course.check.unit import UnknownUnit

TASKS = [(name, task) for name in UNITS for task in load(name).tasks]
SEEDS = (0, 1, 2**63)


@lru_cache
def expected_of(unit_name, task_name, seed):
    """What the reference and the mistakes of a task look like; observed once for all tests here."""
    unit = load(unit_name)
    return Expected(unit, unit.tasks[task_name], seed)


@pytest.mark.parametrize(("unit_name", "task_name"), TASKS)
def test_checks_are_proven(unit_name, task_name):
    """Whatever the seed: wrong answers rejected and named, right ones accepted, and the marks the same."""
    audits = [audit_task(expected_of(unit_name, task_name, seed)) for seed in SEEDS]
    for audit in audits:
        assert audit.sound and audit.named >= 0.95 * audit.mistakes, audit.faults
        assert audit.mistakes >= 6 and audit.alternatives >= 1 + 3
        assert audit.marks == audits[0].marks


DO_NOTHING = {
    "returns None": lambda *a, **k: None,
    "returns its last argument": lambda *a, **k: a[-1] if a else None,
    "returns zero": lambda *a, **k: 0.0,
    "returns text": lambda *a, **k: "right",
    "returns NaN": lambda *a, **k: float("nan"),
    "returns zeros": lambda *a, **k: np.zeros(np.shape(a[-1]) if a else ()),
    "is equal to anything": lambda *a, **k: type("Equal", (), {"__eq__": lambda self, other: True})(),
}


@pytest.mark.parametrize("what", DO_NOTHING)
@pytest.mark.parametrize(("unit_name", "task_name"), TASKS)
def test_doing_nothing_earns_nothing(unit_name, task_name, what):
    expected = expected_of(unit_name, task_name, SEEDS[0])
    scope = dict.fromkeys(expected.task.answers, DO_NOTHING[what])
    assert judge(expected, observe(expected.task, scope, expected.seed)).points == 0


@pytest.mark.parametrize(("unit_name", "task_name"), TASKS)
def test_a_task_looks_at_its_answer_only_inside_its_parts(unit_name, task_name):
    task = load(unit_name).tasks[task_name]
    observed = observe(task, {}, 1)
    assert observed and all(value["raised"] == "NameError" for value in observed.values())


@pytest.mark.parametrize(("unit_name", "task_name"), TASKS)
def test_every_reference_can_be_observed(unit_name, task_name):
    observed = expected_of(unit_name, task_name, SEEDS[0]).reference
    assert "opaque" not in json.dumps(observed) and "NotImplementedError" not in json.dumps(observed)


@pytest.mark.parametrize("unit_name", UNITS[1:])
def test_a_unit_has_ten_points(unit_name):
    unit = load(unit_name)
    assert unit.points == 10 and 4 <= len(unit.tasks) <= 6


@pytest.mark.parametrize("unit_name", UNITS)
def test_names_are_unique_and_hints_are_sentences(unit_name):
    unit = load(unit_name)
    for task in unit.tasks:
        mistakes = unit.mistakes(task)
        assert len({mistake.name for mistake in mistakes}) == len(mistakes)
        assert len({mistake.source for mistake in mistakes}) == len(mistakes)
        assert all(mistake.hint.endswith((".", "!", "?")) for mistake in mistakes)


def test_declaring_a_unit_wrongly_is_an_error():
    with pytest.raises(UnknownUnit, match="numeric_gradient"):
        Unit("nonsense")
    unit = Unit("numeric_gradient")

    @unit.task(points=1)
    def central_difference(answer, rng):
        return {}

    with pytest.raises(ValueError, match="twice"):
        unit.task(points=1)(central_difference)
    with pytest.raises(ValueError, match="exactly once"):
        unit.mistake_in("central_difference", "nothing", {"no such text": "x"}, "Hint.")
    with pytest.raises(LookupError, match="no task has an answer called 'nothing'"):
        unit.mistake_in("nothing", "nothing", {}, "Hint.")
