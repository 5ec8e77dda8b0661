"""Running an answer: what it raises, prints or never finishes is that part's observation alone."""

import logging
import sys
import warnings

import numpy as np
import pytest

from course.check.observing import _silence, not_defined, observe
from course.check.parts import raises
from course.check.plain import Raised, decode
from course.check.task import Task


def observed(answer, *, parts=None, seconds=10.0):
    scope: dict = {}
    exec(compile(answer, "<answer>", "exec"), scope)
    task = Task("numeric_gradient", "f", 1, parts or (lambda a, rng: {"part": lambda: a.f(3)}), ("f",), seconds=seconds)
    return {name: decode(value) for name, value in observe(task, scope, 1).items()}


def test_value_and_seed():
    def parts(answer, rng):
        x = rng.normal(size=3)
        return {"part": lambda: answer.f(x)}

    first = observed("def f(x): return 2 * x", parts=parts)["part"]
    again = observed("def f(x): return x + x", parts=parts)["part"]
    np.testing.assert_array_equal(first, again)


def test_an_error_names_the_line_of_the_answer():
    seen = observed("import math\ndef f(x):\n    y = x\n    return math.sqrt(-y)")["part"]
    assert seen.kind == "ValueError" and seen.line == 4


def test_one_part_that_fails_leaves_the_others():
    seen = observed(
        "def f(x):\n    if x == 3: raise KeyError('k')\n    return x",
        parts=lambda a, rng: {"first": lambda: a.f(3), "second": lambda: a.f(4)},
    )
    assert isinstance(seen["first"], Raised) and seen["second"] == 4


def test_a_missing_answer_is_named():
    seen = observed("g = 1")["part"]
    assert seen == Raised("NameError", "f is not defined: run the cell that defines it")


@pytest.mark.parametrize("error", ["SystemExit(3)", "RecursionError()", "Exception", "BaseException('x')"])
def test_everything_raised_is_caught(error):
    assert isinstance(observed(f"def f(x): raise {error}")["part"], Raised)


def test_an_error_that_cannot_be_read():
    seen = observed("class E(Exception):\n    def __str__(self): return 1/0\ndef f(x): raise E")["part"]
    assert seen.kind == "E" and "could not be read" in seen.message


@pytest.mark.parametrize("body", ["while True: pass", "import time; time.sleep(10_000)"])
def test_an_endless_part_ends(body):
    seen = observed(f"def f(x):\n    try:\n        {body}\n    except Exception: pass", seconds=0.2)["part"]
    assert seen.kind == "TimeoutError"


def test_what_sleeps_or_waits_for_the_processor_has_more_time():
    assert observed("import time\ndef f(x):\n    time.sleep(2.2)\n    return x", seconds=2.0)["part"] == 3


SLOW = "import time\nend = time.thread_time() + 2\nwhile time.thread_time() < end: pass\nready = 5"


@pytest.mark.parametrize("importing", ["import slow", "slow = __import__('importlib').import_module('slow')"])
def test_an_import_is_not_the_answers_time_and_is_never_broken_off(importing, tmp_path, monkeypatch):
    (tmp_path / "slow.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slow", raising=False)
    seen = observed(
        f"def f(x):\n    {importing}\n    return slow.ready",
        parts=lambda a, rng: {"first": lambda: a.f(3), "second": lambda: a.f(4)},
        seconds=1.0,
    )
    assert seen == {"first": 5, "second": 5}


def test_what_swallows_the_end_of_its_time_ends_all_the_same():
    swallowing = "for _ in range(3):\n        try:\n            while True: pass\n        except BaseException: pass"
    seen = observed(f"def f(x):\n    {swallowing}\n    return x", seconds=0.2)["part"]
    assert isinstance(seen, np.ndarray) or seen.kind == "TimeoutError"


def test_a_refusal_is_observed_as_it_is():
    def parts(answer, rng):
        return {"part": lambda: ["a", raises(ValueError, lambda: answer.f(3))]}

    derived = observed("class Odd(ValueError): pass\ndef f(x): raise Odd('x is odd')", parts=parts)["part"][1]
    assert (derived.kind, derived.asked, derived.bases[0]) == ("Odd", "ValueError", "ValueError")
    assert observed("def f(x): return x", parts=parts)["part"] == ["a", 3]
    assert observed("def f(x): raise NotImplementedError", parts=parts)["part"].kind == "NotImplementedError"
    assert observed("g = 1", parts=parts)["part"] == Raised(
        "NameError", not_defined("f") + "run the cell that defines it"
    )


def test_printing_and_warnings_are_dropped(capsys):
    logging.getLogger("framework").addHandler(logging.StreamHandler(sys.stderr))
    chatter = "print('hello'); print('err', file=sys.stderr); warnings.warn('w')"
    chatter += "; logging.getLogger('framework').error('e')"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert observed(f"import logging, sys, warnings\ndef f(x):\n    {chatter}\n    return x")["part"] == 3
    assert capsys.readouterr() == ("", "")
    assert sys.stdout.writable()


def test_no_order_of_ending_leaves_anything_silent():
    """Blocks that are left in another order than they nest: threads do so, and generators that are collected late."""
    before = sys.stdout, sys.stderr, list(warnings.filters)
    first, second = _silence(), _silence()
    first.__enter__()
    second.__enter__()
    assert logging.root.manager.disable == logging.CRITICAL and sys.stdout is not before[0]
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert logging.root.manager.disable == logging.NOTSET
    assert (sys.stdout, sys.stderr, list(warnings.filters)) == before


def test_code_that_bears_the_name_of_an_import_is_no_import():
    """Else an answer would have as much time as it likes."""
    endless = "exec(compile('def f(x):\\n    while True: pass', '<frozen importlib._bootstrap>', 'exec'))"
    assert observed(endless, seconds=0.3)["part"].kind == "TimeoutError"


def test_what_a_cell_has_set_for_numpy_costs_no_marks():
    with np.errstate(all="raise"):
        assert observed("import numpy as np\ndef f(x): return np.exp(-1000.0 * x)")["part"] == 0
