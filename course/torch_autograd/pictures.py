"""Pictures of unit 7: the graph that autograd recorded, drawn from the tensors themselves, and what accumulates."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.choices import Choices
from course.figures import BLUE, GREEN, GREY, ORANGE, RED, Compared, Picture, legend, new_figure, picture
from course.torch_autograd.nodes import recorded

COMPARED = {
    "value_and_gradients": (Compared("the gradients of (x + y)·z"),),
    "softmax_cross_entropy": (Compared("the gradient, a one-hot label"),),
    "accumulated_gradient": (Compared("batches of different lengths"), Compared("an old gradient in w.grad")),
    "descend": (Compared("the losses of five steps", "loss", curve=True), Compared("w after five steps", "w")),
    "swish": (Compared("forward", "Swish"), Compared("backward of the sum"), Compared("an operation after it")),
}


def staged() -> Picture:
    """The graph of (x + y)·z at the point of the lesson."""
    import torch

    x, y, z = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (-2.0, 5.0, -4.0))
    return recorded((x + y) * z, x=x, y=y, z=z)


def loop(x: float = 2.0) -> Picture:
    """The graph of the lesson's loop: y = x, then y = y·x until y is 10 or more."""
    import torch

    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = leaf
    while y < 10:
        y = y * leaf
    return recorded(y, x=leaf)


def loop_slider() -> Any:
    """The graph of the loop for some x to choose from."""
    return Choices(loop, [(f"{x:g}", x) for x in (1.6, 2.0, 3.0, 5.0)], start=1, label="x")


def accumulation(gradients: tuple[float, ...] = (-4.0, -4.0, 3.0), calls: int = 3) -> Picture:
    """What .grad of x, y, z holds after each of some backward calls, without and with zero_grad before each."""
    figure, panels = new_figure(8.6, 3.4, ncols=2, sharey=True)
    bars = np.arange(len(gradients))
    for axes, title in zip(panels, ("never cleared", "cleared before each call"), strict=True):
        ink = axes.spines["left"].get_edgecolor()
        for call in range(1, calls + 1):
            times = call if title == "never cleared" else 1
            heights = times * np.array(gradients)
            color = (BLUE, ORANGE, RED)[call - 1]
            drawn = axes.bar(bars + 0.27 * (call - 2), heights, 0.24, color=color, label=f"after call {call}")
            labels = [f"{height:g}".replace("-", "−") for height in heights]
            axes.bar_label(drawn, labels, padding=2, fontsize=9, color=ink)
        axes.axhline(0, color=ink, linewidth=0.8)
        axes.set_xticks(bars, ["x.grad", "y.grad", "z.grad"])
        axes.set(title=title, ylim=(-14.5, 11.5))
    legend(panels[1], loc="lower right", fontsize=9, title="from left to right")
    sums = "; ".join(
        f"{name}.grad " + ", ".join(f"{call * g:g}" for call in range(1, calls + 1))
        for name, g in zip("xyz", gradients, strict=True)
    )
    return picture(
        figure,
        f"Bars of x.grad, y.grad and z.grad after {calls} calls of backward on the same function. Left, never cleared, "
        f"they grow with every call: {sums}. Right, cleared before each call, they stay at "
        f"{', '.join(f'{g:g}' for g in gradients)}.",
    )


def swish() -> Picture:
    """Swish for three values of β, and its slopes."""
    figure, (left, right) = new_figure(9.0, 3.4, ncols=2)
    x = np.linspace(-5, 5, 401)
    for beta, color, line in ((0.5, ORANGE, "-."), (1.0, BLUE, "-"), (4.0, GREEN, (0, (7, 2)))):
        y = x / (1 + np.exp(-beta * x))
        left.plot(x, y, color=color, linestyle=line, label=f"β = {beta:g}")
        right.plot(x, np.gradient(y, x), color=color, linestyle=line)
    left.plot(x, np.maximum(0, x), ":", color=GREY, linewidth=1.6, label="ReLU")
    right.plot(x, np.where(x > 0, 1.0, 0.0), ":", color=GREY, linewidth=1.6)
    left.set(title="x · σ(β·x)", xlabel="x")
    right.set(title="its derivative", xlabel="x")
    legend(left)
    return picture(
        figure,
        "Two panels against x from −5 to 5. Left, Swish for β = 0.5, 1 and 4 and, dotted, ReLU: all go through 0, "
        "dip a little below 0 on the left and follow x on the right; the larger β, the closer to ReLU. Right, their "
        "slopes: each is 0.5 at x = 0, is slightly negative further left and slightly above 1 further right, and "
        "approaches the step from 0 to 1 of ReLU as β grows.",
    )
