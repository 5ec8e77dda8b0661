"""Judging: equal values are equal however they are written, and every difference is said in words."""

from graphlib import CycleError

import numpy as np
import pytest

from course.check import Expected, judge, load
from course.check.comparing import EQUAL, alike, compare
from course.check.plain import Opaque, Raised, caught, decode, encode
from course.check.unit import Task

TASK = Task("numeric_gradient", "f", 1, lambda a, rng: {}, ("f",))


def told(want, got):
    return compare(decode(encode(want)), decode(encode(got)), TASK)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (np.array([1.0, 2.0]), [1, 2]), (2.0, 2), (np.float64(0.1), 0.1), (2.0, np.array(2.0)), (1.0, 1 + 0j),
        (np.array([0.1, 0.2]), np.array([0.1, 0.2], np.float32)), (np.zeros((2, 0)), np.zeros((2, 0))),
        ((1.0, np.arange(2)), [1, [0, 1]]), (np.nan, float("nan")), (np.inf, np.inf), (True, np.True_),
        ("a", "a"), (None, None), ({"a": 1.0}, {"a": 1}), (1.0, 1.0 + 1e-9),
        (np.array([1e-3, 1e3]), np.array([1e-3, 1e3], np.float32)),
    ],
)  # fmt: skip
def test_the_same_however_written(want, got):
    assert told(want, got) is EQUAL


@pytest.mark.parametrize(
    ("want", "got", "words"),
    [
        (np.zeros(3), None, "return"), (np.zeros((2, 3)), np.zeros((3, 2)), "shape (3, 2)"),
        (np.zeros(3), np.zeros((3, 1)), "shape (3, 1)"),
        (np.array([1.0, 2.0]), [1.0, 2.5], "expected 2 at [1], got 2.5"),
        (np.array([1.0, 2.0]), [np.nan, 2.0], "got nan"), (1.0, "1.0", "the text '1.0'"), (1.0, [1.0], "shape (1,)"),
        (1.0, object(), "an object"), (1.0, lambda: 1.0, "a function"), (1.0, True, "True"),
        (True, 1.0, "the number 1"),
        ({"a": 1.0}, {"b": 1.0}, "'b'"), ((1.0, np.zeros(2)), (1.0, np.zeros(3)), "item 1"), (1.0, 1.0001, "1.0001"),
        (1.0, 1 + 1j, "1+1j"), (np.inf, 1.0, "expected inf"), (1.0, np.float32(1.001), "1.001"), ("a", None, "None"),
    ],
)  # fmt: skip
def test_every_difference_is_said(want, got, words):
    found = told(want, got)
    assert not found.equal and words in found.reason


def raised(error, asked=""):
    return decode(encode(caught(error, asked=asked)))


def test_an_error_is_right_only_where_the_task_asks_for_it():
    asked = raised(ValueError("a"), asked="ValueError")
    assert compare(asked, raised(ValueError("b")), TASK) is EQUAL
    assert compare(asked, raised(CycleError("b")), TASK) is EQUAL, "a type derived from it"
    assert compare(["a", asked], ["a", raised(ValueError("b"))], TASK) is EQUAL
    for other in (raised(KeyError("k")), raised(NotImplementedError()), np.array(1.0), None, Opaque("ValueError")):
        assert "ValueError to be raised" in compare(asked, other, TASK).reason
    anywhere = raised(ValueError("a"))
    assert not compare(anywhere, anywhere, TASK).equal
    assert "line 3" in compare(np.array(1.0), Raised("KeyError", "k", 3, "x[k]"), TASK).reason
    assert "a thing" in compare(np.array(1.0), Opaque("a thing"), TASK).reason
    assert not compare(Opaque("a thing"), Opaque("a thing"), TASK).equal, "nobody knows whether they are equal"


def test_answers_that_raise_are_alike_if_they_say_the_same():
    assert alike(raised(ValueError("a")), raised(ValueError("a")), TASK)
    assert not alike(raised(ValueError("a")), raised(ValueError("b")), TASK)
    assert not alike(raised(ValueError("a")), raised(TypeError("a")), TASK)
    assert alike(raised(ValueError("at 0x7f01")), raised(ValueError("at 0x7f02")), TASK)
    assert alike(raised(RecursionError("in a")), raised(RecursionError("in b")), TASK)
    assert alike(raised(TypeError("a"), "ValueError"), raised(TypeError("b"), "ValueError"), TASK)


@pytest.fixture
def expected():
    unit = load("numeric_gradient")
    return Expected(unit, unit.tasks["central_difference"], 5)


@pytest.mark.parametrize("forged", [None, 3, "points", [], {}, {"x": 1}, {"whole numbers": {"dtype": "object"}}])
def test_forged_observations_earn_nothing(expected, forged):
    verdict = judge(expected, forged)
    assert verdict.points == 0 and not verdict.right and verdict.mistake is None


def test_parts_earn_their_share(expected):
    observed = dict(expected.reference)
    observed["whole numbers"] = encode(None)
    verdict = judge(expected, observed)
    assert verdict.points == pytest.approx(2 * 4 / 5)
    assert [part.name for part in verdict.parts if not part.right] == ["whole numbers"]


def test_a_mistake_is_recognised(expected):
    mistake, seen = expected.mistakes[0]
    verdict = judge(expected, seen)
    assert (verdict.mistake, verdict.hint) == (mistake.name, mistake.hint)
    assert mistake.hint in str(verdict) and "Looks like" in verdict._repr_html_()


def test_other_seeds_show_other_numbers():
    unit = load("numeric_gradient")
    task = unit.tasks["jacobian"]
    assert Expected(unit, task, 1).reference != Expected(unit, task, 2).reference
    assert not judge(Expected(unit, task, 1), Expected(unit, task, 2).reference).right
