"""No function that a unit's kernel can import does a task, not even if a function that it calls is replaced by one that
keeps its arguments."""

import importlib
import inspect
from dataclasses import replace

import pytest
from sampled import every

from autograder.sandbox.view import allowed_modules, is_pictures
from course import UNITS
from course.check import Expected, judge, load, observe

SEED = 3
VISIBLE = [
    (name, module)
    for name in UNITS
    for module in sorted(allowed_modules(name))
    if not is_pictures(module) and module != f"course.{name}.check"
]


class Kept(BaseException):
    """Raised with the arguments that a replaced function was given."""


def functions_of(module):
    return [
        thing for thing in vars(module).values() if inspect.isfunction(thing) and thing.__module__ == module.__name__
    ]


def called_by(function, module):
    """The names of the functions and classes of its module that a function uses."""
    return [name for name in function.__code__.co_names if callable(vars(module).get(name))]


def as_answers(function, module):
    """A function as an answer; and answers that return the arguments which it gave to a function that it calls."""

    def taking(name, number):
        def answer(*args, **kwargs):
            def keep(*given, **named):
                raise Kept(given)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(module, name, keep)
                try:
                    return function(*args, **kwargs)
                except Kept as kept:
                    return kept.args[0][number]

        return answer

    yield "", function
    for name in called_by(function, module):
        yield from ((f", and what it gives to {name}", taking(name, number)) for number in range(2))


@pytest.mark.parametrize(("unit_name", "module"), every(6, VISIBLE))
def test_no_function_that_may_be_imported_does_a_task(unit_name, module):
    home, unit = importlib.import_module(module), load(unit_name)
    for task in unit.tasks.values():
        expected = Expected(unit, task, SEED)
        for function in functions_of(home):
            for how, answer in as_answers(function, home):
                seen = observe(replace(task, seconds=2.0), dict.fromkeys(task.answers, answer), SEED)
                assert judge(expected, seen).points <= task.points / 4, f"{function.__name__} does {task.name}{how}"
