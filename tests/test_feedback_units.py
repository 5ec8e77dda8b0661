"""Feedback of every unit: no answer and no seed in it, a sound page, and pictures of whatever was observed."""

import re
from itertools import pairwise
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pages import text_of, without_drawings
from sampled import every

from autograder.authoring.lesson import BEGIN, END
from autograder.course import PROJECT, SOLUTIONS, notebook_path
from autograder.feedback import feedback_on
from autograder.feedback.by_hand import ByHand
from autograder.feedback.drawing import draw_difference
from autograder.feedback.figures import compared_in, figure_of
from autograder.intake import released
from autograder.records import Record
from course import UNITS
from course.check import Expected, judge, load, observe
from course.check.variants import scope_of
from course.figures import Compared

SEED = 8_765_432_109_876
FROM_ELSEWHERE = re.compile(r"<script|<link|<iframe|\bon\w+=|url\((?!#)|\bsrc=(?!\"data:)|href=\"(?!#|data:)")


def answered_wrong(unit):
    """A record as grading would have made it of a notebook in which every task has a known mistake."""
    observations: dict[str, Any] = {}
    record = Record("somebody", unit.name, "", "", "strict", "2026-01-01T00:00:00", {}, observations=observations)
    for name, task in unit.tasks.items():
        mistake = unit.mistakes(name)[0]
        record.seeds[name] = SEED
        observations[name] = observe(task, scope_of(unit, task, mistake), SEED)
        record.verdicts[name] = judge(Expected(unit, task, SEED), observations[name])
    return record


def solution_lines(unit):
    """The lines of a unit's answers that are long enough to be told from others."""
    worked = nbformat.read(PROJECT / notebook_path(unit, SOLUTIONS), as_version=4)
    for cell in worked.cells:
        for solution in re.findall(f"{BEGIN}(.*?){END}", cell.source, re.DOTALL):
            yield from (" ".join(line.split()) for line in solution.splitlines() if len(line.strip()) >= 12)


def in_one_line(texts):
    """All texts, with single spaces and without the quotes of Markdown's code."""
    return " ".join(" ".join(texts).replace("`", "").split())


@pytest.mark.parametrize("name", every(4, UNITS))
def test_no_page_of_any_unit_holds_the_reference_or_a_seed(name):
    """No page has a line of the solution, unless the student's notebook or an error in the student's code has it."""
    unit = load(name)
    record = answered_wrong(unit)
    html = feedback_on(unit, record, ByHand())
    reasons = [part.reason for verdict in record.verdicts.values() for part in verdict.parts]
    public = in_one_line([*(cell.source for cell in released(unit).cells), *reasons])
    secret = [line for line in solution_lines(unit) if line not in public]
    said = text_of(html)
    assert secret and not [line for line in secret if line in said]
    assert str(SEED) not in html and f"{SEED:x}" not in html


@pytest.mark.parametrize("name", every(4, UNITS))
def test_the_page_of_any_unit_is_sound(name):
    unit = load(name)
    html = feedback_on(unit, answered_wrong(unit), ByHand())
    page = without_drawings(html)
    levels = [int(heading.name[1]) for heading in page(re.compile(r"^h\d$"))]
    ids = [element["id"] for element in page(id=True)]
    assert len(html.encode()) < 2_000_000 and not FROM_ELSEWHERE.search(html)
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    anchors = {link["href"][1:] for link in page(href=re.compile("^#"))}
    assert anchors and anchors <= set(ids) and len(ids) == len(set(ids))
    assert {f"task-{task}" for task in unit.tasks} <= set(ids)
    assert "$" not in text_of(html), "a formula was not converted"


@pytest.mark.parametrize("name", every(4, UNITS))
def test_what_a_unit_wants_drawn_is_drawn_for_some_mistake(name):
    unit = load(name)
    for task_name, wanted in compared_in(unit).items():
        task = unit.tasks[task_name]
        expected = Expected(unit, task, SEED)
        assert {compared.part for compared in wanted} <= set(expected.reference)
        assert any(drawn(unit, expected, mistake) for mistake in unit.mistakes(task_name)), task_name


def drawn(unit, expected, mistake):
    """The picture of what a known mistake gives, if there is one."""
    task = expected.task
    observed = observe(task, scope_of(unit, task, mistake), SEED)
    record = Record("s", unit.name, "", "", "", "", {task.name: SEED}, observations={task.name: observed})
    return figure_of(unit, judge(expected, observed), record)


SHAPES = arrays.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=5)
ANYTHING = arrays.arrays(float, SHAPES, elements=st.floats(width=64))
FINITE = arrays.arrays(float, SHAPES, elements=st.floats(-1e6, 1e6))


@given(ANYTHING, FINITE, st.booleans())
@settings(max_examples=25)
def test_any_numbers_can_be_drawn(got, want, curve):
    picture = draw_difference(Compared("part", "gradient", curve), got, want, np.ones(got.shape, bool), "All differ.")
    assert picture.svg.startswith("<svg") and "All differ." in picture.alt
