"""The charts of a class report: inline SVG, drawn by Matplotlib, each with a text that says what it shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.report.statistics import QUARTERS, TaskStatistics, summary, tenths
from course.figures import BLUE, GREY, ORANGE, Picture, new_figure, picture


def marks_chart(totals: Sequence[float], most: float) -> Picture:
    """A histogram of the students' points, with a bar for each tenth of the ``most`` points."""
    figure, axes = new_figure(7.0, 2.8)
    bars = tenths(totals, most)
    axes.bar([low for low, *_ in bars], [n for *_, n in bars], width=most / 10 * 0.92, align="edge", color=BLUE)
    axes.set(xlabel=f"points of {most:g}", ylabel="students", xlim=(0, most))
    axes.yaxis.get_major_locator().set_params(integer=True)
    middle = summary(totals)
    if totals:
        axes.axvline(middle.median, color=ORANGE, linewidth=2)
        axes.text(middle.median, 1.02, f"median {middle.median:g}", transform=axes.get_xaxis_transform(), ha="center")
    said = "; ".join(f"{low:g} to {high:g}: {n}" for low, high, n in bars if n)
    return picture(figure, f"Distribution of points over {len(totals)} students. {said or 'None'}.")


def difficulty_chart(tasks: Sequence[TaskStatistics]) -> Picture:
    """The share of points that was earned in each task."""
    figure, axes = new_figure(7.0, 0.7 + 0.38 * len(tasks))
    shares = np.nan_to_num([100 * one.difficulty for one in tasks])
    _bars(axes, [one.task.replace("_", " ") for one in tasks], shares)
    axes.set(xlabel="points earned, in %", xlim=(0, max(100, *shares)))
    said = "; ".join(f"{one.task} {share:.0f} %" for one, share in zip(tasks, shares, strict=True))
    return picture(figure, f"Share of points earned in each task: {said}.")


def units_chart(units: Sequence[tuple[str, Sequence[float], float]]) -> Picture:
    """The median, quartiles and extremes of the points in each unit, in per cent.

    Each unit is (name, totals, points possible), with at least one total.
    """
    figure, axes = new_figure(7.0, 0.9 + 0.38 * len(units))
    shares = [100 * np.array(totals) / most for _, totals, most in units]
    places = np.arange(len(units))
    for place, share in zip(places, shares, strict=True):
        low, first, median, third, high = np.percentile(share, QUARTERS)
        axes.plot([low, high], [place, place], color=GREY, linewidth=1.5, zorder=1)
        axes.barh(place, third - first, left=first, height=0.6, color=BLUE, zorder=2)
        axes.plot([median, median], [place - 0.38, place + 0.38], color=ORANGE, linewidth=3, zorder=3)
    axes.set_yticks(places, [name for name, *_ in units])
    axes.invert_yaxis()
    axes.set(xlabel="points, in %: the middle half of the class, its median, the extremes", xlim=(-1, 101))
    said = "; ".join(f"{name} {np.median(share):.0f} %" for (name, *_), share in zip(units, shares, strict=True))
    return picture(figure, f"Points in each unit. Medians: {said}.")


def _bars(axes, names: list[str], lengths: np.ndarray) -> None:
    places = np.arange(len(names))
    axes.barh(places, lengths, height=0.6, color=BLUE)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
