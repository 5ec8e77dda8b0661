"""The figures of tasks, against NumPy and against figures worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
from running import UNIT

from autograder.records import Record
from autograder.report.gathering import GradedUnit
from autograder.report.statistics import (
    TaskStatistics,
    discrimination,
    points_matrix,
    summary,
    task_statistics,
    tenths,
)
from course.check import Part, State, Verdict

TASKS = list(UNIT.tasks)


def graded(points, by_hand=None):
    """A class with these points, a row for each student; None stands for a task that was not graded."""
    records = []
    for number, row in enumerate(points):
        verdicts = {
            task: Verdict(
                task,
                value,
                UNIT.tasks[task].points,
                (Part("all", State.RIGHT if value >= UNIT.tasks[task].points else State.WRONG, "wrong"),),
            )
            for task, value in zip(TASKS, row, strict=True)
            if value is not None
        }
        observed = {task: {"all": "something"} for task in verdicts}
        records.append(Record(f"s{number}", UNIT.name, "", "", "strict", "", {}, verdicts, observations=observed))
    return GradedUnit(UNIT, Path(), records, by_hand or {})


def test_discrimination_by_hand():
    """Items 1, 2, 3 against rests 2, 4, 3: deviations −1, 0, 1 and −1, 1, 0, so r = 1 / √(2 · 2) = 0.5."""
    assert discrimination(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 3.0]]), 0) == pytest.approx(0.5)


def test_discrimination_leaves_the_task_itself_out():
    points = np.random.default_rng(1).uniform(0, 2, size=(40, 5))
    for column in range(5):
        rest = points.sum(axis=1) - points[:, column]
        assert discrimination(points, column) == pytest.approx(np.corrcoef(points[:, column], rest)[0, 1])
    one = np.column_stack([points[:, 0], np.zeros((40, 4))])
    assert math.isnan(discrimination(one, 0))  # with itself it would be 1


@pytest.mark.parametrize(
    "points", [[], [[1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 2.0]] * 9, [[0.1 + 0.2, 1], [0.3, 2], [0.3, 3]]]
)
def test_no_discrimination_without_variance_or_students(points):
    assert math.isnan(discrimination(np.array(points).reshape(-1, 2), 0))


@pytest.mark.parametrize(
    ("r", "begins"),
    [
        (0.7, "clearly"),
        (0.3, "clearly"),
        (0.2, "somewhat"),
        (0.0, "hardly"),
        (-0.05, "hardly"),
        (-0.4, "reversed"),
        (math.nan, "cannot"),
    ],
)
def test_what_discrimination_means(r, begins):
    assert TaskStatistics("t", 9, 0.5, 1, 1, 1, 1, 0, r).reading.startswith(begins)


def test_difficulty_and_counts():
    found = task_statistics(
        graded([[1.5, 2, 1.5, 1, 1.5, 2.5], [0.75, 0, 1, 1, 1, 0], [0] * 6, [0.75, None, 1, 1, 1, 1]]),
        "forward_difference",
    )
    assert (found.students, found.difficulty, found.full, found.unnamed) == (4, 0.5, 1, 3)
    found = task_statistics(graded([[1, 2, 1, 1, 1, 2], [1, None, 1, 1, 1, 0]]), "central_difference")
    assert (found.students, found.difficulty, found.full, found.unnamed) == (1, 1.0, 1, 0)


def test_only_who_was_graded_in_all_tasks_has_a_total():
    one = graded([[1, 2, 1, 1, 1, 2], [1, None, 1, 1, 1, 0]], {("s0", "jacobian"): 1.5})
    assert one.totals == [7.5] and points_matrix(one).tolist() == [[1, 2, 1, 1, 1, 1.5]]
    assert task_statistics(one, "jacobian").difficulty == pytest.approx((1.5 + 0) / 5)


def test_summary_is_numpys():
    values = np.random.default_rng(2).uniform(0, 10, size=31).tolist()
    found = summary(values)
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(values, [0.25, 0.75])))
    wanted = (31, np.mean(values), np.std(values, ddof=1), np.min(values), np.median(values), np.max(values))
    assert (found.count, found.mean, found.deviation, found.least, found.median, found.most) == pytest.approx(wanted)
    assert summary([]).count == 0 and math.isnan(summary([]).mean) and math.isnan(summary([3.0]).deviation)


def test_every_total_is_in_one_tenth():
    assert [n for *_, n in tenths([0, 0.99, 1, 5, 9.9, 10, 12], 10)] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 3]
    assert [(low, high) for low, high, _ in tenths([], 5)][:2] == [(0, 0.5), (0.5, 1)]
