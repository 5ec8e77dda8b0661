"""Pictures of unit 10: learning rates too small, right and too large, and three optimizers in a curved valley."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.choices import Choices
from course.figures import BLUE, GREEN, GREY, ORANGE, RED, Compared, Picture, legend, legend_above, new_figure, picture

COMPARED = {
    "sgd_step": (Compared("a kernel and two vectors", "kernel", item=("kernel",)),),
    "descend": (
        Compared("the losses of several steps", "loss", curve=True),
        Compared("the parameters after several steps", "parameter"),
    ),
    "momentum": (
        Compared("Keras: w after a step", "w"),
        Compared("Keras: velocity after a step", "velocity"),
        Compared("PyTorch: w after a step", "w"),
        Compared("PyTorch: velocity after a step", "velocity"),
    ),
    "adam_step": (Compared("six steps", "w, m and v"), Compared("w after the first step", "w")),
}

# --- A bowl: ½ wᵀ A w with curvatures 1 and 10, turned by 30 degrees --------------------------------

AXES = np.array([[np.sqrt(3), -1.0], [1.0, np.sqrt(3)]]) / 2
BOWL = AXES * [1.0, 10.0] @ AXES.T
LARGEST = 2 / 10
AWAY = 6  # steps that are drawn of a way that diverges
START = np.array([-2.0, 0.6])
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.18, 0.19, 0.195, 0.2, 0.205, 0.21)


def bowl_loss(w: np.ndarray) -> np.ndarray:
    """½ wᵀ A w of each vector in the last axis of w."""
    return 0.5 * np.einsum("...i,ij,...j->...", w, BOWL, w)


def bowl_path(learning_rate: float, steps: int = 30) -> np.ndarray:
    """The places of gradient descent in the bowl, (steps + 1, 2), beginning with the start."""
    places = [START]
    for _ in range(steps):
        places.append(places[-1] - learning_rate * BOWL @ places[-1])
    return np.array(places)


def rates(chosen: tuple[tuple[float, str, str], ...]) -> Picture:
    """Paths in the bowl and loss against step for learning rates, each with a name and a colour."""
    figure, (left, right) = new_figure(9.4, 3.9, ncols=2, width_ratios=(4, 3))
    _contours(left, bowl_loss, (-2.6, 2.6), (-1.9, 1.9), np.geomspace(0.1, 20, 9))
    left.set_aspect("equal")
    said = []
    for (rate, name, color), marker in zip(chosen, "so^", strict=False):
        path = bowl_path(rate)
        losses = bowl_loss(path)
        look = {"marker": marker, "markersize": 4, "color": color}
        away = rate > LARGEST  # a few steps tell it, and lie behind the others
        shown = path[: AWAY + 1] if away else path
        left.plot(*shown.T, linewidth=1.2, linestyle="--" if away else "-", zorder=1.9 if away else 2, **look)
        right.semilogy(losses, linewidth=1.3, label=f"rate {rate:g}: {name}", **look)
        said.append(f"{rate:g}, {name}: from {losses[0]:.3g} to {losses[-1]:.3g}")
    left.plot(*START, "o", color=GREY)
    left.plot(0, 0, "+", color=GREY, markersize=10)
    left.set(title="the way of w", xlabel="w₀", ylabel="w₁")
    right.set(title="loss against step", xlabel="step", ylim=(1e-5, 1e6))
    legend(right, fontsize=9, loc="upper left")
    return picture(
        figure,
        "Left, the contours of a long turned bowl and the way of w in 30 steps of gradient descent, or in the first "
        f"{AWAY} where it diverges. Right, the loss against the step on a log axis. Learning rate {'; '.join(said)}.",
    )


def outcome_of(rate: float) -> str:
    """What a learning rate does in the bowl, in a word or two."""
    if rate > LARGEST:
        return "diverges"
    if rate == LARGEST:
        return "never settles"
    if rate < 0.03:
        return "too small"
    return "good" if 0.1 <= rate < 0.195 else "slow" if rate < 0.1 else "nearly too large"


def three_rates() -> Picture:
    """A learning rate that is too small, one that is right, one that is too large."""
    return rates(((0.01, "too small", ORANGE), (0.15, "right", GREEN), (0.205, "too large", RED)))


def one_rate(rate: float) -> Picture:
    """The way down with one learning rate."""
    name = outcome_of(rate)
    return rates(((rate, name, {"good": GREEN, "diverges": RED}.get(name, ORANGE)),))


def factors() -> Picture:
    """Size of the factor |1 - rate·curvature| of both directions of the bowl, against the learning rate."""
    figure, axes = new_figure(7.0, 3.5)
    rate = np.linspace(0, 0.24, 481)
    flat, steep = np.abs(1 - rate), np.abs(1 - 10 * rate)
    axes.plot(rate, np.maximum(flat, steep), color=GREY, linewidth=6, label="the larger of the two")
    axes.plot(rate, flat, color=BLUE, linewidth=2, label="curvature 1: |1 − rate|")
    axes.plot(rate, steep, "--", color=ORANGE, linewidth=2, label="curvature 10: |1 − 10·rate|")
    axes.axhline(1, color=RED, linewidth=1, linestyle="--")
    axes.axvline(LARGEST, color=RED, linewidth=1, linestyle=":")
    axes.plot([2 / 11], [9 / 11], "o", color=GREEN)
    axes.annotate("best: 2/11", (2 / 11, 9 / 11), (0.178, 0.88), color=GREEN, ha="right")
    axes.annotate("diverges", (LARGEST, 1), (0.205, 0.4), color=RED)
    axes.set(xlabel="learning rate", ylabel="size of the factor of a step", ylim=(0, 1.45), xlim=(0, 0.24))
    legend(axes, fontsize=9, loc="upper left")
    return picture(
        figure,
        "The size of the factor of a step against the learning rate, for two directions. For curvature 1 it falls "
        "slowly from 1. For curvature 10 it falls to 0 at the rate 0.1 and rises again, to 1 at the rate 0.2, beyond "
        "which gradient descent diverges. The larger of the two is smallest, 9/11, at the rate 2/11.",
    )


def rate_slider() -> Any:
    """The way down for learning rates to choose from."""
    return Choices(one_rate, [(f"{rate:g}", rate) for rate in RATES], start=5, label="learning rate")


# --- A curved valley: ½(1 - x)² + 5(y - x²/2)², lowest at (1, ½) -------------------------------------

VALLEY_START = np.array([-2.0, -0.6])
LOWEST = np.array([1.0, 0.5])
STEPS = 100


def valley_loss(w: np.ndarray) -> np.ndarray:
    """The height of each point in the last axis of w."""
    x, y = w[..., 0], w[..., 1]
    return 0.5 * (1 - x) ** 2 + 5 * (y - x**2 / 2) ** 2


def valley_gradient(w: np.ndarray) -> np.ndarray:
    """The gradient of ``valley_loss`` at one point."""
    x, y = w
    side = 10 * (y - x**2 / 2)
    return np.array([x - 1 - side * x, side])


def valley_path(move: Callable[[np.ndarray, list, int], np.ndarray], steps: int = STEPS) -> np.ndarray:
    """The places (steps + 1, 2) of an optimizer that adds ``move(gradient, memory, t)`` in step t = 1, 2, …"""
    places, memory = [VALLEY_START], [np.zeros(2), np.zeros(2)]
    for t in range(1, steps + 1):
        places.append(places[-1] + move(valley_gradient(places[-1]), memory, t))
    return np.array(places)


def sgd_move(gradient: np.ndarray, memory: list, t: int, rate: float = 0.02) -> np.ndarray:
    return -rate * gradient


def momentum_move(gradient: np.ndarray, memory: list, t: int, rate: float = 0.02) -> np.ndarray:
    memory[0] = 0.8 * memory[0] - rate * gradient
    return memory[0]


def adam_move(gradient: np.ndarray, memory: list, t: int, rate: float = 0.2) -> np.ndarray:
    memory[0] = 0.9 * memory[0] + 0.1 * gradient
    memory[1] = 0.999 * memory[1] + 0.001 * gradient**2
    return -rate * memory[0] / (1 - 0.9**t) / (np.sqrt(memory[1] / (1 - 0.999**t)) + 1e-8)


OPTIMIZERS = (
    ("SGD, rate 0.02", sgd_move, ORANGE, "o", "--", 8),
    ("momentum 0.8, rate 0.02", momentum_move, BLUE, "s", "-", 12),
    ("Adam, rate 0.2", adam_move, GREEN, "^", "-.", 6),
)
"""What is drawn: name, step, colour, marker, line, and the last marker's size: a larger one lies behind."""


def trajectories(steps: int = STEPS) -> Picture:
    """SGD, momentum and Adam after so many steps from one start, on the contours of the valley."""
    figure, (left, right) = new_figure(9.4, 4.2, ncols=2, width_ratios=(3, 2))
    _contours(left, valley_loss, (-2.6, 2.4), (-1.2, 3.2), np.geomspace(0.02, 120, 11))
    said, taken = [], "1 step" if steps == 1 else f"{steps} steps"
    for name, move, color, marker, line, size in OPTIMIZERS:
        path = valley_path(move)
        losses = valley_loss(path)
        left.plot(*path[: steps + 1].T, marker, linestyle="-", color=color, linewidth=1.3, markersize=3, label=name)
        left.plot(*path[steps], marker, color=color, markersize=size, zorder=3 - size / 100)
        right.semilogy(losses, ":", color=color, linewidth=1)
        right.semilogy(losses[: steps + 1], line, color=color, linewidth=2, label=name.partition(",")[0])
        said.append(f"{name}: loss {losses[steps]:.2g} at ({path[steps][0]:.2f}, {path[steps][1]:.2f})")
    left.plot(*VALLEY_START, "s", color=GREY, zorder=2.5)
    left.plot(*LOWEST, "+", color=GREY, markersize=12, markeredgewidth=2)
    left.set(title=f"after {taken}", xlabel="w₀", ylabel="w₁")
    right.set(title="loss against step", xlabel="step")
    legend_above(left, fontsize=9)
    legend(right, fontsize=9, loc="upper right")
    return picture(
        figure,
        f"Left, the contours of a curved valley whose lowest point, a cross, is at (1, 0.5), and the ways of three "
        f"optimizers from (−2, −0.6) in {taken}. Right, the loss of each against the step, on a log axis, dotted for "
        "the steps to come. "
        f"{'; '.join(said)}.",
    )


def trajectories_slider() -> Any:
    """The three optimizers after numbers of steps to choose from."""
    steps = [(str(n), n) for n in (0, 1, 2, 3, 5, 8, 12, 20, 30, 45, 70, STEPS)]
    return Choices(trajectories, steps, start=5, label="steps")


def _contours(axes: Any, loss: Callable, x: tuple[float, float], y: tuple[float, float], levels: np.ndarray) -> None:
    """Contour lines of a loss of two weights, in grey, and the limits of the axes."""
    grid = np.stack(np.meshgrid(np.linspace(*x, 101), np.linspace(*y, 101)), axis=-1)
    axes.contour(grid[..., 0], grid[..., 1], loss(grid), levels=levels, colors=GREY, linewidths=0.6)
    axes.set(xlim=x, ylim=y)
