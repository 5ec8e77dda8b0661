"""Judging: equal values are equal however they are written, and every difference is said in words."""

from dataclasses import replace
from graphlib import CycleError

import numpy as np
import pytest

from autograder.authoring.audit import audit_task
from course.check import BrokenCheck, Expected, Part, State, Verdict, judge, load, observe
from course.check.comparing import EQUAL, alike, compare, differs
from course.check.expected import require_sound
from course.check.judging import with_points
from course.check.observing import not_defined
from course.check.parts import raises
from course.check.plain import Judged, Opaque, Raised, caught, decode, encode
from course.check.task import Task
from course.check.unit import Unit

TASK = Task("numeric_gradient", "f", 1, lambda a, rng: {}, ("f",))


def told(want, got):
    return compare(decode(encode(want)), decode(encode(got)), TASK)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (np.array([1.0, 2.0]), [1, 2]), (2.0, 2), (np.float64(0.1), 0.1), (2.0, np.array(2.0)), (1j, 1j + 0),
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
        (1.0, 1 + 0j, "got complex ones"), (1.0 + 2j, 1 + 1j, "1+1j"),
        (np.inf, 1.0, "expected inf"), (1.0, np.float32(1.001), "1.001"), ("a", None, "None"),
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
    assert alike(raised(ValueError("dense_3: config={'a': 1}")), raised(ValueError("dense_4: config={}")), TASK)
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


@pytest.mark.parametrize(
    "nothing",
    [
        {"raised": "", "message": "", "line": None, "code": ""}, {"opaque": ""},
        {"judged": "", "given": None, "did": None},
        {"raised": "E", "message": "", "line": None, "code": "", "bases": [""]},
        None, "", [], {"dict": []}, encode([]), encode(np.nan), encode(object()), encode(caught(ValueError())),
        encode(caught(ValueError(), asked="ValueError")), encode(Judged("names_the_entry", None, None)),
    ],
)  # fmt: skip
def test_what_says_nothing_is_wrong(expected, nothing):
    verdict = judge(expected, dict.fromkeys(expected.reference, nothing), "")
    assert verdict.points == 0 and not any(part.right for part in verdict.parts)
    assert verdict.state is State.WRONG and verdict.mistake is None and all(part.reason for part in verdict.parts)


def test_a_part_that_is_missing_is_wrong_whatever_is_said_of_it(expected):
    verdict = judge(expected, {}, "")
    assert verdict.points == 0 and verdict.state is State.WRONG


def test_a_verdict_without_parts_is_not_right():
    verdict = Verdict("f", 0.0, 1.0, ())
    assert not verdict.right and not verdict.unanswered and not verdict.undefined and verdict.state is State.WRONG


def test_states_are_told_by_what_was_observed_and_not_by_words(expected):
    parts = expected.reference

    def state_of(error):
        return judge(expected, dict.fromkeys(parts, encode(caught(error)))).state

    assert state_of(NotImplementedError("write your answer here")) is State.UNANSWERED
    assert state_of(NameError(not_defined("central_difference"))) is State.UNDEFINED
    assert state_of(NameError(not_defined("numpy"))) is State.WRONG
    assert state_of(ValueError("NotImplementedError")) is State.WRONG
    wrong = dict.fromkeys(parts, "NotImplementedError: as text")
    assert judge(expected, wrong).state is State.WRONG


def judged_task(judge):
    return Task("numeric_gradient", "f", 1, lambda a, rng: {}, ("f",), judges={"near": judge})


def test_what_the_unit_judges_is_judged_here_from_what_was_given():
    def near(given, did):
        return EQUAL if abs(did - given) <= 1 else differs(f"{did:g} is far from {given:g}")

    task = judged_task(near)
    want, right, wrong = (decode(encode(Judged("near", 5.0, did))) for did in (5.0, 5.9, 7.0))
    assert compare(want, right, task) is EQUAL
    assert compare(want, wrong, task).reason == "7 is far from 5"
    forged = decode(encode(Judged("near", 7.0, 7.0)))
    assert not compare(want, forged, task).equal, "what was given is not for the answer to say"
    assert "KeyError" in compare(want, caught(KeyError("x")), task).reason
    assert alike(wrong, decode(encode(Judged("near", 5.0, 7.0 + 1e-12))), task) and not alike(wrong, right, task)
    assert not alike(want, np.zeros(3), task) and not alike(Opaque("a thing"), np.zeros(3), task)


@pytest.mark.parametrize(
    "judge",
    [lambda given, did: True, lambda given, did: None, lambda given, did: "", lambda given, did: 1 / 0, lambda: EQUAL],
)
def test_a_judge_that_comes_to_no_conclusion_finds_nothing_right(judge):
    value = decode(encode(Judged("near", 5.0, 5.0)))
    assert compare(value, value, judged_task(judge)).equal is False
    assert compare(value, value, TASK).equal is False, "there is no judge of that name"


def test_a_judge_is_given_a_bounded_amount():
    seen = []

    def judge_all(given, did):
        seen.append(did)
        return EQUAL

    task = judged_task(judge_all)
    want = decode(encode(Judged("near", 5.0, 5.0)))
    for large in (["x" * 9000] * 3, np.zeros(30_000), [[np.zeros(90)] * 20] * 20, Raised("E", "x" * 30_000)):
        assert not compare(want, Judged("near", None, large), task).equal
    assert not seen


def test_parts_earn_their_share(expected):
    """Four parts, of which one is wrong, and a condition, which counts as far as the parts are right."""
    observed = dict(expected.reference)
    observed["whole numbers"] = encode(None)
    verdict = judge(expected, observed)
    assert verdict.points == pytest.approx(2 * (3 / 5 + 3 / 4 * 1 / 5))
    assert [part.name for part in verdict.parts if not part.right] == ["whole numbers"]
    assert sum(part.points for part in verdict.parts) == pytest.approx(verdict.points)
    assert sum(part.worth for part in verdict.parts) == pytest.approx(2)


def judged_with(weights, conditions, right):
    """The points of a task of 4 with parts a, b and c, of which some are right."""
    task = Task("numeric_gradient", "three", 4, lambda a, rng: {}, ("three",), weights=weights, conditions=conditions)
    parts = [Part(name, State.RIGHT if name in right else State.WRONG) for name in "abc"]
    return [round(part.points, 9) for part in with_points(task, parts)]


def test_weights_and_conditions():
    assert judged_with({}, (), "ab") == pytest.approx([4 / 3, 4 / 3, 0], abs=1e-8)
    assert judged_with({"a": 2}, (), "a") == [2, 0, 0]
    assert judged_with({"a": 2}, ("c",), "ac") == pytest.approx([2, 0, 1 * 2 / 3], abs=1e-8)
    assert judged_with({}, ("c",), "c") == [0, 0, 0]  # a condition alone is no merit
    assert judged_with({}, ("c",), "ab") == pytest.approx([4 / 3, 4 / 3, 0], abs=1e-8)


@pytest.mark.parametrize(
    ("more", "fault"),
    [({"weights": {"no such part": 2}}, "no part called 'no such part'"), ({"conditions": ("all",)}, "conditions")],
)
def test_a_weight_or_condition_of_no_part_is_a_fault(more, fault):
    task = Task("numeric_gradient", "one", 1, lambda a, rng: {}, ("one",), **more)
    with pytest.raises(BrokenCheck, match=fault):
        require_sound(task, {"all": encode(1.0)})


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


def unit_with(**parts):
    """A unit with one task, which has these parts. Its reference is that of another unit."""
    unit = Unit("numeric_gradient")

    @unit.task(points=2)
    def jacobian(answer, rng):
        return parts

    return unit, unit.tasks["jacobian"]


BROKEN = {
    "a slip in the check": (lambda: int("x"), "the reference itself raised ValueError"),
    "no function": (3.0, "a part must be a function without arguments"),
    "nothing": (lambda: None, "nothing to compare"),
    "an empty text": (lambda: "", "nothing to compare"),
    "an empty list": (list, "nothing to compare"),
    "lists of nothing": (lambda: [None, [np.zeros(0)], {"a": ""}], "nothing to compare"),
    "NaN": (lambda: np.full(3, np.nan), "nothing to compare"),
    "no plain data": (object, "nothing to compare"),
    "no plain data in a list": (lambda: ["a", object()], "not right by its own check"),
    "a judge that there is not": (lambda: Judged("nobody", 1, 1), "no judge called 'nobody'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_check_in_which_the_reference_fails_is_a_fault_of_the_unit(what):
    part, said = BROKEN[what]
    unit, task = unit_with(good=lambda: 1.0, bad=part)
    expected = Expected(unit, task, 5)
    with pytest.raises(BrokenCheck, match=f"numeric_gradient, jacobian: bad: .*{said}"):
        judge(expected, observe(task, {}, 5))
    audit = audit_task(Expected(unit, task, 5))
    assert not audit.sound and not audit.accepted and said in audit.faults[0]


def test_a_check_without_parts_is_a_fault_of_the_unit():
    unit, task = unit_with()
    for fault in (task, replace(task, observe=lambda a, rng: None), replace(task, observe=lambda a, rng: 1 / 0)):
        with pytest.raises(BrokenCheck, match=r"numeric_gradient, jacobian: its check .*the fault is in the unit"):
            _ = Expected(unit, fault, 5).reference


def test_refusing_is_right_where_the_task_says_so():
    unit, task = unit_with(refused=lambda: raises(ValueError, lambda: int("x")), value=lambda: 1.0)
    expected = Expected(unit, task, 5)
    assert judge(expected, expected.reference).right and audit_task(expected).accepted
