"""What is said of a wrong answer that is no known mistake: two of them at once, or a symptom with what to do."""

import numpy as np
import pytest

from course.check import Expected, judge, load, observe
from course.check.practice import practised
from course.check.sources import merged
from course.check.surroundings import SURROUNDINGS, surroundings
from course.check.variants import define, scope_of

UNIT = load("numeric_gradient")


def verdict_on(task, answer, seed=7, **more):
    """The verdict on an answer: a function, or edits of the reference."""
    task = UNIT.tasks[task]
    expected = Expected(UNIT, task, seed)
    scope = scope_of(UNIT, task) | more
    if isinstance(answer, dict):
        source = UNIT.reference_source(task.name)
        for old, new in answer.items():
            assert source.count(old) == 1
            source = source.replace(old, new)
        define(source, "<an answer>", scope)
    else:
        scope[task.name] = answer
    return judge(expected, observe(task, scope, seed) | {SURROUNDINGS: surroundings(task, scope)})


# --- two at once ----------------------------------------------------------------------------------

PAIRS = [
    ("central_difference", {"/ (2 * h)": "/ h", "return gradient": "return gradient.ravel()"},
     "divided by h instead of 2h and flattened"),
    ("jacobian", {"/ (2 * h)": "/ h", "axis=1": "axis=0"}, "transposed and divided by h instead of 2h"),
    ("relative_error", {"np.max(": "np.mean(", ", np.finfo(float).tiny": ", 0"},
     "the mean instead of the largest and 0/0 is not a number"),
]  # fmt: skip


@pytest.mark.parametrize(("task", "edits", "named"), PAIRS)
def test_two_mistakes_at_once_are_both_named(task, edits, named):
    verdict = verdict_on(task, edits)
    assert set(str(verdict.mistake).split(" and ")) == set(named.split(" and "))
    hints = [known.hint for known in UNIT.mistakes(task) if known.name in verdict.mistake]
    assert len(hints) == 2 and all(hint in verdict.hint for hint in hints)


def test_each_answer_of_a_task_has_its_own_mistake():
    unit = load("sgd_steps")
    task = unit.tasks["momentum"]
    expected = Expected(unit, task, 3)
    keras, torch = (next(m for m in expected.known if m.answer == answer) for answer in task.answers)
    verdict = judge(expected, observe(task, scope_of(unit, task, keras, torch), 3))
    assert verdict.mistake == " and ".join(dict.fromkeys((keras.name, torch.name)))


def test_a_mistake_is_not_named_for_an_answer_that_only_raises_as_it_does():
    verdict = verdict_on("central_difference", {"if h <= 0:": "if h <= 1:"})
    assert verdict.mistake is None and "refuses a valid input" in verdict.symptom and verdict.points == 0


def test_sources_are_merged_token_by_token():
    source = "def f(a, b):\n    c = a + b  # their sum\n    return c * 2\n"
    one, other = source.replace("a + b", "a - b"), source.replace("* 2", "* 3")
    assert merged(source, one, other) == source.replace("a + b", "a - b").replace("* 2", "* 3")
    assert merged(source, one, source.replace("a + b", "a * b")) is None


# --- symptoms -------------------------------------------------------------------------------------

REFERENCE = UNIT.reference


def after(change):
    """An answer that does something to the right gradient."""
    return lambda f, x, h=1e-5: change(REFERENCE.central_difference(f, x, h))


def shifted(gradient):
    return gradient + 1


def first_only(gradient):
    gradient.ravel()[1:] = 7
    return gradient


SYMPTOMS = {
    "returns nothing": (after(lambda g: None), "Nothing is returned"),
    "sometimes nothing": (after(lambda g: g if g.ndim == 1 else None), "For some inputs nothing is returned"),
    "a function": (after(lambda g: g.sum), "A function is returned"),
    "a generator": (after(lambda g: (n for n in g)), "A generator is returned"),
    "a list around it": (after(lambda g: [g, "note"][:1]), "axis of length 1|list around it"),
    "complex": (after(lambda g: g + 0j), "Complex numbers"),
    "a factor": (after(lambda g: 5 * g), "5 times the right one"),
    "a sign": (after(lambda g: np.where(g > 0, -g, g)), "signs are not"),
    "zero": (after(lambda g: 0 * g), "0 everywhere"),
    "not a number": (after(lambda g: g / 0 * 0), "NaN or infinity"),
    "in another order": (after(lambda g: g[::-1]), "another order|reverse order|Some entries"),
    "a constant more": (after(shifted), "off by the same amount"),
    "nearly right": (after(lambda g: g * 1.001 + 1e-4 * g.ravel()[0]), "close, but not the right one"),
    "one entry only": (after(first_only), "Only the first entry"),
    "an integer": (after(lambda g: g.astype(int)), "cut to whole ones"),
    "one number": (after(lambda g: g.sum()), "One number is returned"),
    "of one shape": (after(lambda g: np.ones((2, 5))), "whatever the input"),
    "a text": (after(lambda g: str(g)), "A text is returned"),
}  # fmt: skip


@pytest.mark.parametrize("what", SYMPTOMS)
def test_a_symptom_says_what_was_seen(what):
    answer, says = SYMPTOMS[what]
    with np.errstate(all="ignore"):
        verdict = verdict_on("central_difference", answer)
    assert not verdict.right and verdict.mistake is None
    assert any(text in verdict.symptom for text in says.split("|")), verdict
    assert verdict.symptom in str(verdict) and verdict.symptom.endswith((".", "?"))


def without_zeros(a, b):
    a, b = np.atleast_1d(a), np.atleast_1d(b)
    keep = (a != 0) & (b != 0)
    return np.max(np.abs(a - b)[keep] / (np.abs(a) + np.abs(b))[keep], initial=0)


def test_one_number_is_not_explained_as_an_array_would_be():
    """A single 0 is no array of zeros, and the same number everywhere is no integer dtype."""
    verdict = verdict_on("relative_error", without_zeros)
    assert verdict.symptom == "Right except for: zeros. Try the answer with such an input."
    verdict = verdict_on("relative_error", lambda a, b: np.float64(1))
    assert "whole ones" not in str(verdict.symptom) and "0 everywhere" not in str(verdict.symptom)


def changing(f, x, h=1e-5):
    gradient = REFERENCE.central_difference(f, x, h)
    x += 1
    return gradient


def test_an_input_that_is_changed_is_told():
    verdict = verdict_on("central_difference", changing)
    assert "changes what it was given" in verdict.symptom and 1 < verdict.points < 2


ERRORS = {
    "x @ np.ones(17)": "shapes do not fit",
    "undefined + 1": "the name undefined has no value",
    "x[100]": "goes beyond the end",
    "f(x, 3, 4)": "other arguments than it takes",
    "x + 'a'": "values that it does not take",
    "None + x": "a None is used",
    "1 / 0": "divided by 0",
    "np.max(x, x)": "Python needs a whole one",
    "x.no_such_thing": "does not have",
}


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_is_explained_with_its_line(code):
    verdict = verdict_on("central_difference", {"above = f(x)": f"above = f(x)\n        {code}"})
    assert verdict.points == 0 and ERRORS[code] in verdict.symptom and verdict.symptom.startswith("Line ")


def test_a_value_of_the_notebook_is_told():
    point = np.array([1.0, 2.0, 4.0])
    verdict = verdict_on(
        "central_difference", {"np.array(x, dtype=float)": "np.array(point, dtype=float)"}, point=point
    )
    assert verdict.symptom.startswith("The answer uses point of the notebook")


def test_functions_and_constants_of_the_notebook_are_not_told():
    edits = {"np.array(x, dtype=float)": "helper(x) * STEP"}
    verdict = verdict_on("central_difference", edits, helper=np.array, STEP=2.0)
    assert "of the notebook" not in (verdict.symptom or "")


HOSTILE = ["x" * 10_000, [["a"]], {"a": 1}, [1] * 50, 7, None, ["__import__('os')"], ["a b"]]


@pytest.mark.parametrize("names", HOSTILE)
def test_forged_names_say_nothing(names):
    task = UNIT.tasks["jacobian"]
    seen = observe(task, scope_of(UNIT, task, UNIT.mistakes("jacobian")[0]), 7) | {SURROUNDINGS: names}
    assert judge(Expected(UNIT, task, 7), seen).mistake == UNIT.mistakes("jacobian")[0].name


# --- practice -------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", UNIT.tasks)
def test_practice_names_what_the_grader_names(task):
    """With sketches of what mistakes do, and with what they do."""
    task = UNIT.tasks[task]
    here = practised(UNIT, task)
    there = Expected(UNIT, task, here.seed)
    for known in UNIT.mistakes(task.name):
        seen = observe(task, scope_of(UNIT, task, known), here.seed)
        assert judge(here, seen) == judge(there, seen)
        assert judge(here, seen).mistake == known.name
