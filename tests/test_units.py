"""The proof of every check: wrong answers rejected and named, right ones accepted, nothing for doing nothing."""

import inspect
import json
import sys
from functools import lru_cache

import numpy as np
import pytest
from sampled import every, few, rest

from autograder.authoring.audit import audit_task
from course import UNITS
from course.check import Expected, Unit, judge, load, observe
from course.check.plain import decode, encode
from course.check.unit import UnknownUnit
from course.check.variants import scope_of
from course.custom_graph.operations import ReLU

TASKS = [(name, task) for name in UNITS for task in load(name).tasks]
SEEDS = (0, 1, 2**63)


@lru_cache
def expected_of(unit_name, task_name, seed):
    """What the reference and the mistakes of a task look like; observed once for all tests here."""
    unit = load(unit_name)
    return Expected(unit, unit.tasks[task_name], seed)


AUDITED = few([(*task, SEEDS[:1]) for task in TASKS], lambda case: case[1] != "keras_fit")
AUDITED += [rest(*task, SEEDS[1:]) for task in TASKS if task[1] != "keras_fit"]  # which takes a minute a seed


@pytest.mark.parametrize(("unit_name", "task_name", "seeds"), AUDITED)
def test_checks_are_proven(unit_name, task_name, seeds):
    """Whatever the seed: wrong answers rejected and named, right ones accepted, and the marks the same."""
    audits = [audit_task(expected_of(unit_name, task_name, seed)) for seed in seeds]
    for audit in audits:
        assert audit.sound and audit.named >= 0.95 * audit.mistakes, audit.faults
        assert audit.mistakes >= 6 and audit.alternatives >= 1 + 3
        assert audit.marks == audits[0].marks


def always_raises(*args, **kwargs):
    raise ValueError("wrong")


DO_NOTHING = {
    "returns None": lambda *a, **k: None,
    "returns its last argument": lambda *a, **k: a[-1] if a else None,
    "returns zero": lambda *a, **k: 0.0,
    "returns text": lambda *a, **k: "right",
    "raises a ValueError": always_raises,
    "returns NaN": lambda *a, **k: float("nan"),
    "returns zeros": lambda *a, **k: np.zeros(np.shape(a[-1]) if a else ()),
    "is equal to anything": lambda *a, **k: type("Equal", (), {"__eq__": lambda self, other: True})(),
}


@pytest.mark.parametrize(
    ("unit_name", "task_name", "what"), every(8, [(*task, what) for task in TASKS for what in DO_NOTHING])
)
def test_doing_nothing_earns_nothing(unit_name, task_name, what):
    expected = expected_of(unit_name, task_name, SEEDS[0])
    scope = dict.fromkeys(expected.task.answers, DO_NOTHING[what])
    assert judge(expected, observe(expected.task, scope, expected.seed)).points == 0


@pytest.mark.parametrize(("unit_name", "task_name"), every(6, TASKS))
def test_returning_an_argument_earns_little(unit_name, task_name):
    """A part may ask for what was given: such parts must not be many."""
    expected = expected_of(unit_name, task_name, SEEDS[0])
    scope = dict.fromkeys(expected.task.answers, lambda *a, **k: a[0] if a else None)
    assert judge(expected, observe(expected.task, scope, expected.seed)).points <= expected.task.points / 4


def every_entry(loss, parameters, gradients, epsilon=1e-3, threshold=1e-4):
    raise ValueError(f"{ {name: list(np.ndindex(np.shape(value))) for name, value in parameters.items()} }")


GUESSES = {
    "shares that were seen": ("training", "accuracy", lambda P, labels: 0.7 if len(P) == 10 else 0.75),
    "errors that were seen": (
        "numeric_gradient",
        "relative_error",
        lambda a, b: {6: 1 / 3, 2: 1.0, 1: 1 / 11, 3: 0.5 if np.ravel(a)[0] else 0.2}[np.size(a)],
    ),
    "every entry named": ("softmax_network", "gradient_check", every_entry),
    "an operation that is given": ("custom_graph", "softplus", ReLU),
}


@pytest.mark.parametrize("what", GUESSES)
def test_a_guess_earns_little(what):
    unit_name, task_name, guess = GUESSES[what]
    for seed in SEEDS:
        expected = expected_of(unit_name, task_name, seed)
        scope = dict.fromkeys(expected.task.answers, guess)
        assert judge(expected, observe(expected.task, scope, seed)).points <= expected.task.points / 4


@pytest.mark.parametrize("unit_name", UNITS)
def test_no_check_holds_an_answer(unit_name):
    """A notebook may import the check of its own unit, and whatever that module holds."""
    unit = load(unit_name)
    module = sys.modules[f"course.{unit_name}.check"]
    own = [thing for name, thing in vars(module).items() if callable(thing) and inspect.getmodule(thing) is module]
    for task in unit.tasks.values():
        for thing in own:
            if thing is not task.observe:
                expected = expected_of(unit_name, task.name, SEEDS[0])
                seen = observe(task, dict.fromkeys(task.answers, thing), SEEDS[0])
                assert judge(expected, seen).points <= task.points / 4, (thing, task.name)


def in_float32(value):
    """What was observed, with every float64 number as float32."""
    if isinstance(value, list):
        return [in_float32(item) for item in value]
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        with np.errstate(over="ignore"):
            return value.astype(np.float32)
    return value


@pytest.mark.parametrize("seeds", [SEEDS[:1], rest(SEEDS[1:])], ids=["one seed", "two more"])
@pytest.mark.parametrize(("unit_name", "task_name"), [t for t in TASKS if t[0] in ("numeric_gradient", "sgd_steps")])
def test_a_mistake_gains_nothing_in_float32(unit_name, task_name, seeds):
    """float32 is compared with a larger tolerance, in which a mistake must not vanish."""
    for seed in seeds:
        expected = expected_of(unit_name, task_name, seed)
        for mistake, _ in expected.mistakes:
            seen = observe(expected.task, scope_of(expected.unit, expected.task, mistake), seed)
            single = {part: encode(in_float32(decode(value))) for part, value in seen.items()}
            assert judge(expected, single).points <= judge(expected, seen).points, mistake.name


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
        load("nonsense")
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
