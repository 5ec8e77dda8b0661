"""``check("task")`` as a student calls it, outside a notebook: text on the terminal, points as its value."""

import sys
from types import ModuleType

import pytest

from course.check import Check, load

UNIT = load("numeric_gradient")


@pytest.fixture
def notebook(monkeypatch):
    """An empty ``__main__`` in which code can be run as a notebook's cells are."""
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    return lambda source: exec(compile(source, "<cell>", "exec"), vars(module))


def test_a_right_answer(notebook, capsys):
    notebook("import numpy as np\n" + UNIT.reference_source("central_difference"))
    assert Check("numeric_gradient")("central_difference") == 2.0
    said = capsys.readouterr().out
    assert "central_difference: right, 2 of 2 points" in said and "✓ whole numbers" in said


def test_a_known_mistake_is_named_with_its_hint(notebook, capsys):
    notebook("import numpy as np\n" + UNIT.reference_source("central_difference").replace("/ (2 * h)", "/ h"))
    assert Check("numeric_gradient")("central_difference") == 0.0
    said = capsys.readouterr().out
    assert "Looks like: divided by h instead of 2h" in said and "Hint: x + h and x - h lie 2h apart" in said


def test_the_line_that_raised_is_shown(notebook, capsys, tmp_path):
    source = "def central_difference(f, x, h=1e-5):\n    y = x\n    return y / undefined\n"
    (tmp_path / "cell.py").write_text(source)
    notebook(f"exec(compile({source!r}, {str(tmp_path / 'cell.py')!r}, 'exec'), globals())")
    assert Check("numeric_gradient")("central_difference") == 0.0
    assert "NameError: name 'undefined' is not defined, in line 3: return y / undefined" in capsys.readouterr().out


def test_an_unwritten_answer(notebook, capsys):
    notebook("def central_difference(*args): raise NotImplementedError('write your answer here')")
    assert Check("numeric_gradient")("central_difference") == 0.0
    assert capsys.readouterr().out == "central_difference: not answered yet, 0 of 2 points\n"


def test_an_unknown_task_or_unit_is_an_error_that_lists_what_there_is():
    with pytest.raises(LookupError, match="no task is called 'nonsense'; the tasks are forward_difference, central"):
        Check("numeric_gradient")("nonsense")
    with pytest.raises(LookupError, match="no unit is called 'nonsense'; the units are start_here"):
        Check("nonsense")
    assert repr(Check("start_here")) == "the checks of start_here: mean_of_squares"
