"""Only an answer earns points: whatever helper of a check is forged, an unwritten answer has none.

An answer runs in the process that observes it, so it can replace every function there, but not what judges.
"""

import inspect
import itertools
import json
import sys
from operator import itemgetter

import pytest
from sampled import every, one_of_each, rest

from course import UNITS
from course.check import Expected, judge, load, observe
from course.check.expected import decoded
from course.check.plain import UNANSWERED, caught

TASKS = [(name, task) for name in UNITS for task in load(name).tasks]
SEED, ANOTHER = 3, 4
unit_of = itemgetter(0)
THESE_VERY_NUMBERS = {"neuron_kernel", "three_neurons"}
"""Tasks that are to write down numbers which the lesson gives: their right answers are the same with every seed."""


def unwritten(*args, **kwargs):
    raise NotImplementedError(UNANSWERED)


def fails(*args, **kwargs):
    raise ValueError("wrong")


class Nameless(Exception):
    """An exception that says nothing at all."""


Nameless.__name__ = ""


def fails_without_a_word(*args, **kwargs):
    raise Nameless


def constant(value):
    return lambda *args, **kwargs: value


FORGERIES = {
    "returns None": constant(None),
    "returns True": constant(True),
    "returns 1": constant(1.0),
    "returns a text": constant("right"),
    "returns its first argument": lambda *args, **kwargs: args[0] if args else None,
    "returns its last argument": lambda *args, **kwargs: args[-1] if args else None,
    "calls its last argument": lambda *args, **kwargs: args[-1](),
    "raises a ValueError": fails,
    "raises what has no name": fails_without_a_word,
    "returns a refusal": constant(caught(ValueError("theta, kappa, omega"), asked="ValueError")),
    "returns nothing as JSON": constant({"raised": "", "message": "", "line": None, "code": ""}),
}


def helpers(*prefixes):
    """(module, name) of every function and class of the course in the loaded modules whose names start so."""
    never = (".reference", ".mistakes", ".pictures")
    return [
        (module, name)
        for path, module in list(sys.modules.items())
        if path.startswith(prefixes) and not path.endswith(never)
        for name, thing in list(vars(module).items())
        if (inspect.isfunction(thing) or inspect.isclass(thing)) and str(thing.__module__).startswith("course.")
    ]


def earned_by_forging(unit_name, task_name, prefix):
    """What earned points for an answer that is not written."""
    unit = load(unit_name)
    task = unit.tasks[task_name]
    expected = Expected(unit, task, SEED)
    another = Expected(unit, task, ANOTHER).reference
    seen_before = itertools.cycle([decoded(another, part) for part in another])
    forgeries = FORGERIES | {"returns what was right with another seed": lambda *a, **k: next(seen_before)}
    scope = dict.fromkeys(task.answers, unwritten)
    found, observed = [], 0
    for (module, name), what in itertools.product(helpers(prefix), forgeries):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, name, forgeries[what])
            try:
                seen = observe(task, scope, SEED)
            except Exception:
                continue  # nothing is observed, as nothing is of a check that failed
        observed += 1
        if judge(expected, seen).points:
            found.append(f"{module.__name__}.{name} {what}")
    assert observed, "every forgery broke the check"
    return found


@pytest.mark.parametrize(("unit_name", "task_name"), one_of_each(unit_of, TASKS))
def test_forged_helpers_earn_nothing(unit_name, task_name):
    assert not earned_by_forging(unit_name, task_name, f"course.{unit_name}.")


@pytest.mark.parametrize(
    ("unit_name", "task_name"), [("start_here", "mean_of_squares"), rest("custom_graph", "softplus")]
)
def test_what_observes_may_be_forged_too(unit_name, task_name):
    assert not earned_by_forging(unit_name, task_name, "course.check")


@pytest.mark.parametrize(("unit_name", "task_name"), every(4, TASKS))
def test_no_right_observation_is_always_the_same(unit_name, task_name):
    """Otherwise an answer that has seen one could just return it. Where several are right, the judge decides."""
    unit = load(unit_name)
    task = unit.tasks[task_name]
    first, *others = (Expected(unit, task, seed).reference for seed in range(SEED, SEED + 4))
    merits = [part for part in first if part not in task.conditions]  # a condition alone earns nothing
    constant = [part for part in merits if all(other[part] == first[part] for other in others)]
    undecided = [part for part in constant if '"judged"' not in json.dumps(first[part])]
    assert bool(undecided) == (task_name in THESE_VERY_NUMBERS), undecided


ANSWERS = {"raises what has no name": fails_without_a_word, "raises a ValueError": fails}


@pytest.mark.parametrize(
    ("unit_name", "task_name", "what"), every(6, [(*task, what) for task in TASKS for what in ANSWERS])
)
def test_an_answer_that_only_raises_earns_nothing(unit_name, task_name, what):
    unit = load(unit_name)
    expected = Expected(unit, unit.tasks[task_name], SEED)
    seen = observe(expected.task, dict.fromkeys(expected.task.answers, ANSWERS[what]), SEED)
    assert judge(expected, json.loads(json.dumps(seen))).points == 0
