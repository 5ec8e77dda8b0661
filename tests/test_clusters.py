"""Which wrong answers stand together, and whom the report asks about what is alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted import CLASS, DOUBLED, OWN, RENAMED, RIGHT, THIRD, THIRD_TOO
from running import UNIT

from autograder.records import Record
from autograder.report.answers import LONGEST_COMPARED, answers_of, form, known_forms
from autograder.report.clusters import clusters
from autograder.report.copying import Alike, likenesses, questions
from autograder.report.gathering import GradedUnit, graded_unit
from course.check import Part, State, Verdict
from course.check.observing import not_defined
from course.check.plain import Raised, encode

TASK = UNIT.tasks["jacobian"]


def observed(*students, parts=("a", "b"), seeds=None):
    """A class with these observations: a value for each part, or None where there was nothing to observe."""
    records = []
    for number, values in enumerate(students):
        verdict = Verdict(TASK.name, 0.0, 3.0, tuple(Part(part, State.WRONG, "wrong") for part in parts))
        seen = {TASK.name: {part: encode(one) for part, one in zip(parts, values, strict=True)}} if values else {}
        seed = {TASK.name: seeds[number] if seeds else 1}
        records.append(
            Record(f"s{number}", UNIT.name, "", "", "strict", "", seed, {TASK.name: verdict}, observations=seen)
        )
    return GradedUnit(UNIT, Path(), records)


def together(graded):
    return [cluster.students for cluster in clusters(graded, TASK)]


def test_equal_within_the_tolerance_stands_together_largest_first():
    x = np.arange(3.0)
    graded = observed([x, 1.0], [x + 1, 1.0], [x + 1 + 1e-12, 1], [x + 1.1, 1.0], [x + 1, 1.0 + 1e-9])
    assert together(graded) == [["s1", "s2", "s4"], ["s0"], ["s3"]]
    assert [cluster.number for cluster in clusters(graded, TASK)] == [1, 2, 3]


def test_every_part_must_be_equal():
    assert together(observed([1, 2], [1, 3], [2, 2])) == [["s0"], ["s1"], ["s2"]]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Raised("ValueError", "h"), Raised("ValueError", "x"), True),
        (Raised("ValueError", "h"), Raised("TypeError", "h"), False),
        (None, None, True),
        (None, "None", False),
        (np.nan, np.nan, True),
        (np.zeros(3), np.zeros((3, 1)), False),
        ([1, "a"], [1, "a"], True),
        ({"a": 1}, {"a": 2}, False),
        (object(), object(), True),
        (np.float32(1.0), 1.0 + 1e-7, True),
        (True, 1.0, False),
    ],
)
def test_what_counts_as_the_same(one, other, same):
    assert (len(together(observed([one, 0], [other, 0]))) == 1) is same


def test_answers_of_different_runs_are_not_compared():
    assert together(observed([1, 2], [1, 2], [1, 2], seeds=[1, 2, 1])) == [["s0", "s2"], ["s1"]]


def test_what_was_not_observed_at_all_is_no_wrong_answer():
    assert together(observed(None, [1, 2], None)) == [["s1"]]


@pytest.mark.parametrize("value", [None, 0.0, [0.0, np.nan], Raised("TypeError", "x"), object()])
def test_what_many_faults_give_is_no_reason_to_ask(value):
    graded = observed([value, value], [value, value], [1, 2], [3, 4], [5, 6], [7, 8])
    assert [cluster.peculiar for cluster in clusters(graded, TASK)] == [False, True, True, True, True]
    assert likenesses(graded, clusters(graded, TASK)) == []
    same = observed([1, 2], [1, 2], [value, value], [3, 4], [5, 6], [7, 8])
    assert [one.students for one in likenesses(same, clusters(same, TASK))] == [{"s0", "s1"}]


def test_an_answer_that_is_not_there_is_no_wrong_one():
    graded = observed([1, 2], [1, 2])
    gone = not_defined("a")
    parts = tuple(
        Part(part.name, State.UNDEFINED, f"NameError: {gone}") for part in graded.records[0].verdicts[TASK.name].parts
    )
    graded.records[0].verdicts[TASK.name] = replace(graded.records[0].verdicts[TASK.name], parts=parts)
    assert together(graded) == [["s1"]]


def test_forged_observations_harm_nothing():
    graded = observed([1, 2], [1, 2], [1, 2])
    for record, forged in zip(
        graded.records, ({"a": {"dtype": "object"}}, [1], {"a": {"raised": 3}, "b": "[" * 9}), strict=True
    ):
        record.observations[TASK.name] = forged
    assert len(together(graded)) == 3


def test_many_different_ones_are_found_in_a_moment():
    values = np.random.default_rng(3).normal(size=(300, 2))
    assert len(together(observed(*values.tolist()))) == 300


def test_the_form_of_code_is_what_an_editor_does_not_change():
    assert (
        form(OWN).text
        == form(RENAMED).text
        == form(OWN.replace("        ", "                ").replace("\n    ", "\n\n    ")).text
    )
    assert (
        form("def f(a, b):\n    return a - b").text == form("def f(x, y):\n    'Says.'\n    return (x - y)  # so").text
    )
    assert form("def f(a, b):\n    return a - b").text != form("def f(a, b):\n    return b - a").text
    assert form("def f(a):\n    return 2 * a").text != form("def f(a):\n    return 3 * a").text
    assert form(THIRD).text != form(THIRD_TOO).text != form(RIGHT["central_difference"]).text
    assert form(OWN).lines == 15


@pytest.mark.parametrize(
    "source", ["def f(:", "%magic  on", "\0", "x" * (LONGEST_COMPARED + 1), "(" * 9000, "-" * 9000 + "1", "\ud800"]
)
def test_code_that_python_cannot_read_keeps_its_text(source):
    assert form(f" {source}\n").text == " ".join(source.split())


@pytest.mark.parametrize("source", ["", "9**9**9**9", "'a' * 10**9", "'\\d'"])
def test_odd_code_is_read_in_no_time_and_space(source):
    assert form(source).text.startswith("(b") and len(form(source).text) < 1000


def test_nothing_is_run_for_a_form():
    assert form("raise SystemExit").lines == 1


def test_what_is_nobodys_own_is_known():
    known = known_forms(UNIT)
    assert all(form(source).text in known for source in RIGHT.values())
    assert all(form(other.source).text in known for other in UNIT.alternatives("jacobian"))
    assert form(OWN).text not in known and form(DOUBLED).text not in known


def test_the_planted_copies_are_asked_about_and_nobody_else(planted_class):
    graded = graded_unit(UNIT, planted_class)
    found = [cluster for task in UNIT.tasks.values() for cluster in clusters(graded, task)]
    asked = {one.students: {each.task for each in one.alike} for one in questions(likenesses(graded, found))}
    assert asked.pop(("ann", "ben")) == {"complex_step", "jacobian"}
    wrote_the_same = tuple(
        sorted(name for name, answers in CLASS.items() if answers.get("central_difference") == THIRD)
    )
    assert asked == {wrote_the_same: {"central_difference"}}  # a slip that nobody has named yet, written alike


def test_what_many_wrote_is_not_asked_about(planted_class):
    graded = graded_unit(UNIT, planted_class)
    few = GradedUnit(UNIT, planted_class, [record for record in graded.records if record.student in ("ann", "ben")])
    assert likenesses(few, []) == []  # two of two are all


def test_one_likeness_may_be_chance_and_two_are_a_question():
    once = Alike("u", "t", "the same wrong results", frozenset({"a", "b"}), 1)
    other = Alike("v", "t", "the same wrong results", frozenset({"a", "b", "c"}), 1)
    assert questions([once]) == [] and questions([other]) == []
    (asked,) = questions([once, other])
    assert asked.students == ("a", "b") and asked.alike == (once, other)
    long = Alike("u", "s", "the same code", frozenset({"b", "c"}), 2)
    assert [one.students for one in questions([once, other, long])] == [("a", "b", "c")]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"id": "answer_x"}]}', "[" * 99999]
)
def test_a_graded_notebook_that_cannot_be_read_has_no_answers(text, tmp_path):
    path = tmp_path / "autograded" / "s" / UNIT.assignment / f"{UNIT.name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert answers_of(UNIT, "s", tmp_path) == {} == answers_of(UNIT, "../s", tmp_path)
