"""Pictures of unit 1: the slope that a step sees, and the error of three methods against the step."""

from typing import Any

import numpy as np

from course.choices import Choices
from course.figures import BLUE, GREY, ORANGE, RED, Compared, Picture, legend, legend_above, new_figure, picture

STEPS = 10.0 ** np.arange(-16, 0.25, 0.25)
POINT = 1.0

FIELD, ROW = Compared("a 2 by 3 array, h = 0.1"), Compared("a vector, h = 0.1")
COMPARED = {
    "forward_difference": (FIELD, ROW, Compared("whole numbers"), Compared("x is left as it was")),
    "central_difference": (FIELD, ROW, Compared("whole numbers"), Compared("x is left as it was")),
    "complex_step": (FIELD, Compared("every entry meets every other")),
    "jacobian": (Compared("from 3 to 4 entries, h = 0.1", "Jacobian"), Compared("from 3 to 3 entries", "Jacobian")),
}

LOOKS: dict[str, tuple[str, float, dict[str, Any]]] = {
    "forward": ("o", 6, {"color": ORANGE, "linewidth": 1.6, "zorder": 3}),
    "central": ("s", 9, {"color": BLUE, "linewidth": 4, "zorder": 2}),
    "complex step": ("^", 7, {"color": RED, "linewidth": 2, "zorder": 4, "linestyle": "--"}),
}
"""How each method is drawn: its marker and the marker's size, and its line. Lines that coincide are all seen."""


def slopes(h, dtype=np.float64):
    """Derivative of sin at 1, estimated with step h: forward, central and complex step.

    h: a number or array of steps > 0. Everything is computed in dtype, as a program in that precision does.
    """
    x, h = dtype(POINT), np.asarray(h, dtype=dtype)
    imaginary = h * (1j if dtype is np.float64 else np.complex64(1j))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "forward": (np.sin(x + h) - np.sin(x)) / h,
            "central": (np.sin(x + h) - np.sin(x - h)) / (2 * h),
            "complex step": np.sin(x + imaginary).imag / h,
        }


def errors(h, dtype=np.float64):
    """Absolute errors of ``slopes``, against cos 1 in float64."""
    return {name: np.abs(np.float64(slope) - np.cos(POINT)) for name, slope in slopes(h, dtype).items()}


def error_against_step(h: float) -> Picture:
    """Error of the three methods for every step, on log axes, with one step marked."""
    figure, panels = new_figure(9.0, 4.0, ncols=2, sharey=True)
    for axes, dtype in zip(panels, (np.float64, np.float32), strict=True):
        for name, error in errors(STEPS, dtype).items():
            marker, size, look = LOOKS[name]
            axes.loglog(STEPS, np.maximum(error, 1e-17), label=name, **look)
            marked = max(float(errors(h, dtype)[name]), 1e-17)
            axes.loglog([h], [marked], marker, markersize=size, color=look["color"], zorder=look["zorder"])
        axes.axvline(h, color=GREY, linewidth=1, linestyle=":")
        axes.set(title=dtype.__name__, xlabel="step h", ylim=(3e-18, 30))
    panels[0].set_ylabel("error of the slope of sin at 1")
    legend_above(panels[0], fontsize=9)
    values = ", ".join(f"{name} {float(error):.1e}" for name, error in errors(h).items())
    return picture(
        figure,
        "Error of three numerical derivatives of sin at 1 against the step h, in float64 and float32. "
        "Forward and central difference form a V: a large step truncates, a small one cancels. "
        f"The complex step only falls. At h = {h:.0e} in float64: {values}.",
    )


def step_slider():
    """The error picture for steps h to choose from."""
    steps = [(f"1e-{n}", 10.0**-n) for n in range(16, 0, -1)]
    return Choices(error_against_step, steps, start=8, label="step h")


def secants(h: float = 0.5) -> Picture:
    """sin with its tangent at 1, and the secants of a forward and of a central difference."""
    figure, axes = new_figure(7.0, 3.4)
    x = np.linspace(0, 2, 200)
    axes.plot(x, np.sin(x), color=GREY, linewidth=2.5, label="sin")
    near = np.array([POINT - h, POINT + h])
    slope = slopes(h)
    for name, color, line in (("forward", ORANGE, "-."), ("central", BLUE, "-")):
        middle = np.sin(POINT) if name == "forward" else np.sin(near).mean()
        label = f"{name}: slope {float(slope[name]):.3f}"
        axes.plot(near, middle + slope[name] * (near - POINT), line, color=color, label=label)
    axes.plot(near, np.sin(POINT) + np.cos(POINT) * (near - POINT), "--", color=RED,
              label=f"tangent: slope {np.cos(POINT):.3f}")  # fmt: skip
    axes.plot([POINT - h, POINT, POINT + h], np.sin([POINT - h, POINT, POINT + h]), "o", color=GREY)
    axes.set(xlabel="x", ylabel="f(x)")
    legend(axes)
    return picture(
        figure,
        f"The curve of sin around x = 1 with three lines: the tangent of slope {np.cos(POINT):.3f}, the line "
        f"from x to x + {h} of slope {float(slope['forward']):.3f}, and the line from x - {h} to x + {h} of "
        f"slope {float(slope['central']):.3f}, which runs almost parallel to the tangent.",
    )
