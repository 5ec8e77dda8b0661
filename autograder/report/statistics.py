"""Statistics of tasks: how difficult each is, and how well it tells students apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.report.clusters import is_unnamed
from autograder.report.gathering import GradedUnit

FEW_STUDENTS = 3  # students below which a correlation says nothing
SMALL_CLASS = 15  # students below which it says little
CLEAR, SOME = 0.3, 0.1
QUARTERS = (0, 25, 50, 75, 100)


@dataclass(frozen=True)
class TaskStatistics:
    """The statistics of one task.

    ``students`` are those graded in it, ``full`` those with all points. ``difficulty`` is the share of points that was
    earned, 1 if everybody has all of them. ``unanswered`` also counts answers whose cell failed. ``named`` counts known
    mistakes, ``unnamed`` other wrong answers, ``borrowed`` those who borrowed the answer. ``discrimination`` is
    the correlation of the task's points with those of the other tasks, NaN if it cannot be computed.
    """

    task: str
    students: int
    difficulty: float
    full: int
    unanswered: int
    named: int
    unnamed: int
    borrowed: int
    discrimination: float

    @property
    def earned(self) -> str:
        """The share of points that was earned, in per cent."""
        return "–" if math.isnan(self.difficulty) else f"{100 * self.difficulty:.0f} %"

    @property
    def reading(self) -> str:
        """What the discrimination means, in words."""
        r = self.discrimination
        if math.isnan(r):
            return "cannot be said: all have the same points here or elsewhere, or they are too few"
        if r <= -SOME:
            return "reversed: who does well elsewhere does worse here. Try the task and its check for a fault"
        if r < SOME:
            return "hardly: read its text and the wrong answers below, or make it easier or harder"
        return "clearly" if r >= CLEAR else "somewhat"


def task_statistics(graded: GradedUnit, task: str) -> TaskStatistics:
    """The statistics of one task, over all students who were graded in it."""
    earned = [points for record in graded.records if (points := graded.points(record, task)) is not None]
    verdicts = [record.verdicts[task] for record in graded.records if task in record.verdicts]
    whole = graded.unit.tasks[task].points
    return TaskStatistics(
        task,
        len(earned),
        sum(earned) / (whole * len(earned)) if earned and whole else math.nan,
        sum(value >= whole for value in earned),
        sum(verdict.unanswered or verdict.undefined for verdict in verdicts),
        sum(verdict.mistake is not None for verdict in verdicts),
        sum(is_unnamed(record, task) for record in graded.records),
        sum(verdict.borrowed for verdict in verdicts),
        discrimination(points_matrix(graded), list(graded.unit.tasks).index(task)),
    )


def points_matrix(graded: GradedUnit) -> np.ndarray:
    """Points, students × tasks, of the students who were graded in all of them."""
    rows = [[graded.points(record, task) for task in graded.unit.tasks] for record in graded.records]
    return np.array([row for row in rows if None not in row], dtype=float).reshape(-1, len(graded.unit.tasks))


def discrimination(points: np.ndarray, column: int) -> float:
    """The corrected item-total correlation: Pearson's r of a column with the sum of all others.

    Corrected, because the task itself is left out of the total. NaN where either does not vary.
    """
    item, rest = points[:, column], np.delete(points, column, axis=1).sum(axis=1)
    if len(item) < FEW_STUDENTS or np.ptp(item) < 1e-9 or np.ptp(rest) < 1e-9:
        return math.nan
    return float(np.corrcoef(item, rest)[0, 1])


@dataclass(frozen=True)
class Summary:
    """The mean, spread and quartiles of some numbers; NaN if there are none."""

    count: int
    mean: float
    deviation: float
    least: float
    lower: float
    median: float
    upper: float
    most: float


def summary(numbers: Iterable[float]) -> Summary:
    """Mean, standard deviation (of a sample, n − 1), smallest, quartiles and largest."""
    values: Sequence[float] = list(numbers)
    if not values:
        return Summary(0, *[math.nan] * 7)
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Summary(len(values), float(np.mean(values)), deviation, *map(float, np.percentile(values, QUARTERS)))


def tenths(totals: Sequence[float], most: float) -> list[tuple[float, float, int]]:
    """A histogram of ``totals`` in tenths of ``most`` points, as (from, to, count). The last holds those above too."""
    edges = np.linspace(0, most, 11).round(6)
    counts, _ = np.histogram(np.clip(totals, 0, most).round(6), bins=edges)  # without rounding errors of sums
    return [(float(low), float(high), int(n)) for low, high, n in zip(edges, edges[1:], counts, strict=False)]
