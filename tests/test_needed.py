"""Which cells run in grading: all that a mark can depend on, and no demonstration besides."""

from copy import deepcopy

import nbformat
import pytest

from autograder.code import names_of
from autograder.course import NOTEBOOKS, PROJECT, notebook_path
from autograder.intake import released
from autograder.intake.relevance import unneeded
from autograder.running.execute import CHECKS_ALL
from course import UNITS
from course.check import load


def cell(source, key, **nbgrader):
    metadata = {"nbgrader": nbgrader} if nbgrader else {}
    return nbformat.v4.new_code_cell(source, id=key, metadata=metadata)


RELEASE = nbformat.v4.new_notebook(
    cells=[
        cell("import math", "setup", locked=True),
        cell("size = 3\ntable = [1] * size", "table"),
        cell("table[0] = 7", "touch"),
        cell("print(table)", "show"),
        cell("other = math.pi", "other"),
        cell("for x in range(3):\n    print(x)", "loop"),
        cell("def answer(x):\n    return x", "answer", solution=True),
    ]
)


def left_out(answer="def answer(x):\n    return x", extra=()):
    notebook = deepcopy(RELEASE)
    notebook.cells[-1].source = answer
    notebook.cells += [cell(source, f"extra{n}") for n, source in enumerate(extra)]
    return unneeded(notebook, RELEASE)


def test_demonstrations_that_nothing_uses_are_left_out():
    assert left_out() == {"table", "touch", "show", "other", "loop"}


def test_a_local_name_is_not_the_notebooks():
    assert left_out("def answer(table):\n    x = table\n    return [x for x in x]") == left_out()


@pytest.mark.parametrize(
    "answer",
    [
        "def answer(x):\n    return table[0] + x",
        "def answer(x):\n    def inner():\n        return table\n    return inner()",
        "answer = lambda x, table=table: x",
        "def answer(x):\n    global table\n    table = table + [x]",
        "table += [1]\ndef answer(x):\n    return x",
        "del table\ndef answer(x):\n    return x",
        "if True:\n    del table\ndef answer(x):\n    return x",
        "class answer:\n    table = table",
        "def answer(x):\n    class inner:\n        table += [0]\n    return inner.table",
    ],
)
def test_what_an_answer_uses_runs_with_all_that_binds_or_touches_it(answer):
    assert left_out(answer) == {"other", "loop"}


def test_what_an_extra_cell_uses_runs():
    assert "other" not in left_out(extra=["print(other)"])


def test_a_changed_demonstration_runs():
    notebook = deepcopy(RELEASE)
    notebook.cells[3].source = "print(table, 'mine')"
    assert unneeded(notebook, RELEASE) == {"other", "loop"}


@pytest.mark.parametrize(
    "extra",
    [
        "%timeit 1 + 1", "print(globals())", "exec('1')", "!ls", "import __main__", "from math import *", "def (",
        "import builtins\nbuiltins.eval('table')", "import IPython\nIPython.get_ipython().user_ns['table']",
        "answer.__globals__['table']", "import sys\nsys._getframe().f_globals", "Out[2]", "t = _", "t = _3",
        "__builtins__", "import inspect\ninspect.currentframe()", "print(In)", "(n for n in 'a').gi_frame",
        "a.ag_frame",
    ],
)  # fmt: skip
def test_everything_runs_where_code_may_reach_any_name(extra):
    assert left_out(extra=[extra]) == set()


def test_names_of_a_cell():
    names = names_of("import numpy as np\ny = [f(n) for n in z]\ndef g(a):\n    return a + b")
    assert names is not None
    assert names.bound == {"np", "y", "g"} and {"f", "z", "b"} <= names.used and not {"a", "n"} & names.used


@pytest.mark.parametrize("name", UNITS)
def test_a_lesson_ends_with_a_cell_that_checks_everything_and_bears_on_no_mark(name):
    unit = load(name)
    cells = [cell for cell in released(unit).cells if cell.cell_type == "code"]
    assert cells[-1].source == CHECKS_ALL and cells[-1].id in unneeded(released(unit), released(unit))
    assert CHECKS_ALL not in [cell.source for cell in cells[:-1]]


@pytest.mark.parametrize("name", UNITS)
def test_no_demonstration_of_the_course_sets_what_answers_depend_on(name):
    """Every setting for the whole notebook stands in a locked cell, which always runs."""
    unit = load(name)
    release = released(unit)
    notebook = nbformat.read(PROJECT / notebook_path(unit, NOTEBOOKS), as_version=4)
    without = unneeded(notebook, release)
    setters = ("random.seed", "torch.manual_seed", "set_random_seed", "set_floatx", "set_printoptions", "tf.config",
               "set_default_dtype", "filterwarnings", "rcParams", "seterr(", "setLevel")  # fmt: skip
    for one in notebook.cells:
        if one.id in without:
            assert not [word for word in setters if word in one.source], one.source
