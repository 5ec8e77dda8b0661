"""Drawing a student's array beside the right one: as coloured fields, bars or curves, the student's with numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.figures import BLUE, GREY, RED, Compared, Picture, legend, new_figure, picture

FARTHEST = 2.5  # the farthest that an axis reaches, in multiples of the largest right value
COLOURS = "RdBu_r"
DARK, PALE, MAGENTA = "#101010", "#f8f8f8", "#c000c0"  # on coloured fields, whatever the page's background


def draw_difference(compared: Compared, got: np.ndarray, want: np.ndarray, wrong: np.ndarray, words: str) -> Picture:
    """A picture of the student's array ``got`` and the right one ``want``, each with one or two axes.

    ``wrong`` says which entries of ``got`` are wrong; ``words`` end the picture's description. The axes fit ``want``,
    since ``got`` may hold any numbers.
    """
    if got.ndim == want.ndim == 1:
        figure, how = _lines(compared, got, want, wrong)
    else:
        figure, how = _fields(compared, np.atleast_2d(got), np.atleast_2d(want), np.atleast_2d(wrong))
    return picture(figure, f"{compared.shows}: {how} {words}")


def _size(want: np.ndarray) -> float:
    """The largest of the right numbers, by absolute value."""
    return float(np.max(np.abs(want), initial=0.0, where=np.isfinite(want))) or 1.0


def _lines(compared: Compared, got: np.ndarray, want: np.ndarray, wrong: np.ndarray) -> tuple[Any, str]:
    figure, axes = new_figure(6.4, 2.8)
    most = FARTHEST * _size(want)
    inside = np.clip(np.nan_to_num(got, nan=0.0, posinf=most, neginf=-most), -most, most)
    if compared.curve:
        axes.plot(np.arange(len(want)), want, "o-", color=GREY, linewidth=2.5, label="right")
        axes.plot(np.arange(len(inside)), inside, "s--", color=BLUE, label="yours")
        axes.set(xlabel="step", ylabel=compared.shows)
        how = "two curves, yours dashed and the right one."
    else:
        axes.bar(np.arange(len(want)), want, 0.8, color=GREY, alpha=0.55, label="right")
        axes.bar(np.arange(len(inside)), inside, 0.4, color=BLUE, label="yours")
        axes.axhline(0, color=GREY, linewidth=1)
        axes.set(xlabel="entry", ylabel=compared.shows)
        how = "bars for each entry, yours narrow before the right ones."
    where = np.flatnonzero(wrong)
    axes.plot(where, inside[where], "x", color=RED, markersize=8, markeredgewidth=2, label="wrong")
    for i in np.flatnonzero(~np.isfinite(got) | (np.abs(got) > most)):
        up = inside[i] >= 0
        axes.annotate(_number(got[i]), (i, inside[i]), (0, 7 if up else -7), textcoords="offset points", ha="center",
                      va="bottom" if up else "top")  # fmt: skip
    entries = max(len(got), len(want))
    axes.set_xticks(range(entries) if entries <= 12 else range(0, entries, 4))
    axes.margins(y=0.15)
    legend(axes, loc="upper left", bbox_to_anchor=(1.05, 1.0), fontsize=9)
    return figure, how


def _fields(compared: Compared, got: np.ndarray, want: np.ndarray, wrong: np.ndarray) -> tuple[Any, str]:
    widths = [max(got.shape[1], 2), max(want.shape[1], 2)]
    tall = max(got.shape[0], want.shape[0])
    figure, panels = new_figure(
        min(9.0, 2.4 + 0.75 * sum(widths)), min(6.0, 1.1 + 0.6 * tall), ncols=2, gridspec_kw={"width_ratios": widths}
    )
    most = _size(want)
    for axes, array, title in zip(panels, (got, want), ("yours, wrong entries framed", "right"), strict=True):
        shown = axes.pcolormesh(np.ma.masked_invalid(np.clip(array, -most, most)), cmap=COLOURS, vmin=-most, vmax=most,
                                edgecolors=GREY, linewidth=0.5)  # fmt: skip
        axes.invert_yaxis()
        axes.set_aspect("equal")
        axes.set_title(title, fontsize=10)
        axes.set_xticks(np.arange(array.shape[1]) + 0.5, range(array.shape[1]))
        axes.set_yticks(np.arange(array.shape[0]) + 0.5, range(array.shape[0]))
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    _mark(panels[0], got, wrong, most)
    figure.colorbar(shown, ax=list(panels), shrink=0.9, label=compared.shows)
    return figure, "two coloured tables, yours and the right one; in yours each wrong entry has a frame."


def _mark(axes: Any, got: np.ndarray, wrong: np.ndarray, most: float) -> None:
    """Write the given numbers into their fields, and a frame around those that are wrong."""
    from matplotlib.patches import Rectangle

    for (i, j), value in np.ndenumerate(got):
        pale = not np.isfinite(value) or abs(value) < 0.6 * most
        colour = GREY if not np.isfinite(value) else DARK if pale else PALE
        axes.text(j + 0.5, i + 0.5, _number(value), color=colour, ha="center", va="center", fontsize=8)
        if wrong[i, j]:
            axes.add_patch(Rectangle((j + 0.07, i + 0.07), 0.86, 0.86, fill=False, edgecolor=MAGENTA, linewidth=1.6))


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 or not np.isfinite(value) else f"{value:.1e}"
