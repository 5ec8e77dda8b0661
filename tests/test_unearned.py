"""What earns marks although the task was not done: nudging, other units' answers, code of the checks."""

import importlib
import inspect
import sys
import types
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from nudged import AT_ONCE, NUDGED
from nudging import WAYS, Way
from sampled import every

import course
from autograder.sandbox.view import allowed_modules
from course import UNITS
from course.check import Expected, judge, load, observe

LONG_ONES = {  # tasks with so large arrays that there is no time for all ways of all entries
    *((unit, task) for unit, task in NUDGED if unit in ("tensor_engine", "softmax_network")),
    ("manual_backprop", "hinge_gradient"),
    ("manual_backprop", "cross_entropy_gradient"),
    ("tf_tape", "vectorised_loss"),
    ("tf_tape", "repaired_gradient"),
}
FEW = [Way("float", 1e-5), Way("float", 1e-3, halvings=1), Way("float", 2.0**40), Way("complex", 1e-20)]
FORWARD = "forward mode in any exact form is what the unit is about: a complex step, fractions, many digits"
OF_ONES_OWN = "the unit takes formulas of one's own, and a step that is exact is as good as one"
ONE_NUMBER = "the exact slope of a function of one number is its formula's, to all digits"
ALLOWED = {
    **{
        ("forward_mode", task): ({"complex", "Fraction", "Decimal", "mpf"}, FORWARD)
        for task in load("forward_mode").tasks
    },
    ("tf_tape", "vectorised_loss"): ({"complex", "Decimal", "mpf"}, OF_ONES_OWN),
    ("tf_tape", "loss_from_logits"): ({"complex", "Decimal", "mpf"}, OF_ONES_OWN),
    ("tf_tape", "repaired_gradient"): ({"complex", "Decimal", "mpf"}, OF_ONES_OWN),
    ("custom_graph", "softplus"): ({"complex", "Decimal", "mpf"}, ONE_NUMBER),
    ("torch_autograd", "swish"): ({"complex"}, ONE_NUMBER),
}
"""Ways to nudge that earn the points of a formula: in which numbers, and why. The lessons say so."""


@cache
def expected_of(unit_name, task_name):
    """What is expected of a task's answer. Mistakes are not named, since that would take most of the time."""
    expected = Expected(load(unit_name), load(unit_name).tasks[task_name], 3)
    expected.mistakes = []
    return expected


def tried(table):
    """The tasks of a table with every way to nudge that is not allowed there."""
    for task in table:
        for way in FEW if task in LONG_ONES else WAYS:
            if way.kind not in ALLOWED.get(task, ((), ""))[0]:
                yield task, way


def verdict_on(task, answers, way, seconds=None):
    scope = {name: make(way) for name, make in answers.items()}
    expected = expected_of(*task)
    return judge(expected, observe(replace(expected.task, seconds=seconds or expected.task.seconds), scope, 3))


@pytest.mark.parametrize(("task", "way"), every(6, tried(NUDGED)), ids=str)
def test_nudging_earns_the_value_alone(task, way):
    answers, points = NUDGED[task]
    seconds = 0.1 if task in LONG_ONES else None  # of the minutes that it would take
    verdict = verdict_on(task, answers, way, seconds)
    assert verdict.points <= points, verdict


@pytest.mark.parametrize(("task", "way"), every(20, tried(AT_ONCE)), ids=str)
def test_nudging_many_entries_at_once_earns_no_more(task, way):
    answers, points = AT_ONCE[task]
    seconds = 0.5 if task[1] == "sum_and_mean_rule" else None  # thousands of sums of 200,000 numbers
    verdict = verdict_on(task, answers, way, seconds)
    assert verdict.points <= points, verdict


@pytest.mark.parametrize("task", ALLOWED, ids=str)
def test_what_is_allowed_earns_all_points_and_its_lesson_says_so(task):
    answers, _ = AT_ONCE.get(task) or NUDGED[task]
    assert verdict_on(task, answers, Way("complex", 1e-100)).right
    lesson = (Path(course.__file__).parent / task[0] / "lesson.md").read_text(encoding="utf-8")
    assert "complex step" in lesson.partition("**Allowed**")[2].partition("\n\n")[0]


def test_no_code_within_a_check_goes_backward():
    """The check of neuron_loss once ran its graph backward, and an answer could take that code out of the function."""
    from course.custom_graph import check

    waiting, words = [task.observe.__code__ for task in check.unit.tasks.values()], set()
    waiting += [thing.__code__ for thing in vars(check).values() if hasattr(thing, "__code__")]
    while waiting:
        code = waiting.pop()
        waiting += [constant for constant in code.co_consts if hasattr(constant, "co_consts")]
        if "partial_derivative" in code.co_names:
            words.add(code.co_qualname)
    allowed = {name for name in words if name.startswith(("operations.", "softplus."))}
    assert words == allowed, "only the checks of operations ask for their derivatives"


def code_of(check):
    """Every function whose code a check's module holds, made runnable. Variables from enclosing functions are empty."""
    waiting = [thing.__code__ for thing in vars(check).values() if inspect.isfunction(thing)]
    waiting = [code for code in waiting if code.co_filename == check.__file__]
    while waiting:
        code = waiting.pop()
        inner = [constant for constant in code.co_consts if inspect.iscode(constant)]
        waiting += inner
        inner = [one for one in inner if one.co_name == "<lambda>" or one.co_name.isidentifier()]  # no loop's inside
        made = {one.co_name: types.FunctionType(one, vars(check)) for one in inner if not one.co_freevars}
        for one in inner:
            cells = tuple(types.CellType(made.get(name)) for name in one.co_freevars)
            yield types.FunctionType(one, vars(check), closure=cells)


@pytest.mark.parametrize("unit_name", every(3, UNITS))
def test_no_code_of_a_check_is_an_answer(unit_name):
    unit = load(unit_name)
    functions = list(code_of(sys.modules[f"course.{unit_name}.check"]))
    for name, task in unit.tasks.items():
        expected = Expected(unit, task, 3)
        for function in functions:
            seen = observe(replace(task, seconds=1), dict.fromkeys(task.answers, function), 3)
            assert judge(expected, seen).points <= task.points / 4, (name, function.__qualname__)


VISIBLE = [(name, module) for name in UNITS for module in sorted(allowed_modules(name))]


@pytest.mark.parametrize(("unit_name", "module"), VISIBLE)
def test_no_module_that_may_be_imported_holds_an_answer(unit_name, module):
    home = importlib.import_module(module)
    for task in load(unit_name).tasks.values():
        for answer in task.answers:
            assert not hasattr(home, answer) or getattr(home, answer) is task.observe, f"{module} has {answer}"
