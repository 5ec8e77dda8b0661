"""Pictures of unit 6: what a tape records, played backward; a tape with a gap; a probability passed as a logit."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.choices import Choices
from course.figures import BLUE, GREY, RED, Compared, Picture, legend, new_figure, picture
from course.tf_tape.frames import Frame, Tape, decimals, draw

COMPARED = {
    "tape_gradient": (
        Compared("gradients with respect to three numbers"),
        Compared("gradients with respect to a matrix, a vector and a number"),
    ),
    "vectorised_loss": (Compared("the gradient with respect to w", item=("both labels",)),),
    "loss_from_logits": (Compared("the gradient", item=("gradient, several scores",)),),
    "repaired_gradient": (Compared("five examples"), Compared("one example")),
}


def product_tape() -> Tape:
    """The tape of (x + y)·z at (−2, 5, −4)."""
    return Tape(
        "The tape of f = (x + y)·z",
        (("x", "−2"), ("y", "5"), ("z", "−4")),
        (Frame("q = x + y", "q", "3", "x: ×1, y: ×1"), Frame("f = q · z", "f", "−12", "q: ×−4, z: ×3")),
        {"x": "−4", "y": "−4", "z": "3", "q": "−4", "f": "1"},
        (
            ("", 0, "Recorded: two operations, in the order in which they ran."),
            ("f", 0, "Played backward. It begins with the derivative of f with respect to itself, 1."),
            ("q z", 2, "Frame 2, f = q·z: q receives 1 times z, −4, and z receives 1 times q, 3."),
            ("x y", 1, "Frame 1, q = x + y: x and y both receive what q has, −4, times 1."),
        ),
    )


def log_tape() -> Tape:
    """The tape of ln(c·(a + b)) at a = 5, b = 7.3, c = 0.2."""
    a, b, c = 5.0, 7.3, 0.2
    x = a + b
    y = x * c
    n = decimals
    return Tape(
        "The tape of f = ln(c·(a + b))",
        (("a", n(a)), ("b", n(b)), ("c", n(c))),
        (
            Frame("x = a + b", "x", n(x), "a: ×1, b: ×1"),
            Frame("y = x · c", "y", n(y), f"x: ×{n(c)}, c: ×{n(x)}"),
            Frame("f = ln y", "f", n(np.log(y)), f"y: ×{n(1 / y)}"),
        ),
        {"a": n(1 / x), "b": n(1 / x), "c": n(x / y), "x": n(c / y), "y": n(1 / y), "f": "1"},
        (
            ("", 0, "Recorded: three operations, in the order in which they ran."),
            ("f", 0, "Played backward. It begins with the derivative of f with respect to itself, 1."),
            ("y", 3, f"Frame 3, f = ln y: y receives 1 times 1/y, {n(1 / y)}."),
            (
                "x c",
                2,
                f"Frame 2, y = x·c: x receives {n(1 / y)} · c = {n(c / y)}, c receives {n(1 / y)} · x = {n(x / y)}.",
            ),
            ("a b", 1, f"Frame 1, x = a + b: a and b both receive what x has, {n(c / y)}, times 1."),
        ),
    )


def gap_tape() -> Tape:
    """A tape on which NumPy took over after the first operation."""
    return Tape(
        "A tape with a gap",
        (("w", "2"),),
        (
            Frame("s = 3 · w", "s", "6", "w: ×3"),
            Frame("e = np.square(s)", "e", "36", missing="NumPy: not recorded"),
            Frame("L = tf.math.log(e)", "L", decimals(np.log(36)), missing="of a constant: not recorded"),
        ),
        {"w": "None", "L": "1"},
        (("w", 0, "No frame leads from L back to s. The tape cannot reach w, and the gradient is None."),),
    )


def product(step: int = -1) -> Picture:
    """The tape of (x + y)·z after so many steps backward; all of them by default."""
    tape = product_tape()
    return draw(tape, step % len(tape.steps))


def product_slider() -> Any:
    """The tape of (x + y)·z step by step backward."""
    return _stepped(product_tape())


def logarithm(step: int = -1) -> Picture:
    """The tape of ln(c·(a + b)) after so many steps backward; all of them by default."""
    tape = log_tape()
    return draw(tape, step % len(tape.steps))


def logarithm_slider() -> Any:
    """The tape of ln(c·(a + b)) step by step backward."""
    return _stepped(log_tape())


def gap() -> Picture:
    """The tape on which NumPy took over."""
    return draw(gap_tape(), 0)


def _stepped(tape: Tape) -> Any:
    steps = [(f"{n} of {len(tape.steps) - 1}", n) for n in range(len(tape.steps))]
    return Choices(lambda step: draw(tape, step), steps, start=0, label="step backward")


def softplus(s: Any) -> Any:
    """ln(1 + exp(s))."""
    return np.logaddexp(0, s)


def sigmoid(s: Any) -> Any:
    return 1 / (1 + np.exp(-s))


def wrong_logits() -> Picture:
    """Loss of an example of label 1 against its score, and the slope: from the score, and with P passed as logit."""
    figure, (left, right) = new_figure(9.0, 3.8, ncols=2)
    s = np.linspace(-5, 5, 401)
    P = sigmoid(s)
    left.plot(s, softplus(-s), color=BLUE, label="from the score: right")
    left.plot(s, softplus(-P), color=RED, label="P passed as logit: wrong", linestyle="--")
    for loss, color, place in ((softplus(-1.0), BLUE, (-2.2, -0.02)), (softplus(-sigmoid(1.0)), RED, (1.5, 0.8))):
        left.plot([1], [loss], "o", color=color)
        left.annotate(f"{loss:.5f}", (1, loss), place, color=color, arrowprops={"arrowstyle": "-", "color": color})
    for bound in (softplus(0.0), softplus(-1.0)):
        left.axhline(bound, color=GREY, linewidth=0.8, linestyle=":")
    right.plot(s, P - 1, color=BLUE)
    right.plot(s, (sigmoid(P) - 1) * P * (1 - P), "--", color=RED)
    left.set(title="loss of label 1", xlabel="score", ylim=(-0.15, 5.2))
    right.set(title="its derivative with respect to the score", xlabel="score", ylim=(-1.08, 0.08))
    legend(left, loc="upper right")
    return picture(
        figure,
        "Two panels against the score from −5 to 5, for an example of label 1. Left, the loss: the right one is near 5 "
        "at −5 and falls towards 0; with the probability passed as logit it stays between 0.69 and 0.31 everywhere. At "
        f"score 1 they are {softplus(-1.0):.5f} and {softplus(-sigmoid(1.0)):.5f}. Right, the slopes: the right one is "
        "near −1 where the score is wrong by far and rises to 0; the wrong one is never below −0.1 and vanishes at "
        "both ends, so the worst examples are hardly corrected.",
    )
