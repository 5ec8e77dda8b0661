"""Pictures of unit 6: what a tape records, played backward; a tape with a gap; a probability passed as a logit."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from course.figures import BLUE, GREY, ORANGE, RED, Compared, Picture, legend, new_figure, picture, with_slider

COMPARED = {
    "tape_gradient": (
        Compared("gradients with respect to three numbers"),
        Compared("gradients with respect to a matrix, a vector and a number"),
    ),
    "vectorised_loss": (Compared("the gradient with respect to w", item=("both labels",)),),
    "loss_from_logits": (Compared("the gradient", item=("gradient, several scores",)),),
    "repaired_gradient": (Compared("five examples"), Compared("one example")),
}

FORWARD, BACKWARD, NEW = BLUE, RED, ORANGE
INPUTS, TAPE, FRAME, HOLE = 44, 128, 96, 9  # y of the inputs and of the frames, a frame's height, a hole's side


@dataclass(frozen=True)
class Frame:
    """One recorded operation: its formula, the name and value of its result, and why it is missing, if it is."""

    formula: str
    name: str
    value: str
    missing: str = ""


@dataclass(frozen=True)
class Tape:
    """Inputs (name, value) and the frames recorded from them, with the gradients of both by name.

    A step names what it reveals, the number of the frame that is being played back, and says why.
    """

    title: str
    inputs: tuple[tuple[str, str], ...]
    frames: tuple[Frame, ...]
    gradients: dict[str, str]
    steps: tuple[tuple[str, int, str], ...]
    width: int = 760


def decimals(value: float) -> str:
    """A number with at most four decimals and a real minus sign."""
    return f"{value:.4f}".rstrip("0").rstrip(".").replace("-", "−")


def product_tape() -> Tape:
    """The tape of (x + y)·z at (−2, 5, −4)."""
    return Tape(
        "The tape of f = (x + y)·z",
        (("x", "−2"), ("y", "5"), ("z", "−4")),
        (Frame("q = x + y", "q", "3"), Frame("f = q · z", "f", "−12")),
        {"x": "−4", "y": "−4", "z": "3", "q": "−4", "f": "1"},
        (
            ("", 0, "Recorded: two operations, in the order in which they ran."),
            ("f", 0, "Played backward. It begins with the derivative of f by itself, 1."),
            ("q z", 2, "Frame 2, f = q·z: q receives z = −4, and z receives q = 3."),
            ("x y", 1, "Frame 1, q = x + y: x and y both receive what q has, −4."),
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
        (Frame("x = a + b", "x", n(x)), Frame("y = x · c", "y", n(y)), Frame("f = ln y", "f", n(np.log(y)))),
        {"a": n(1 / x), "b": n(1 / x), "c": n(x / y), "x": n(c / y), "y": n(1 / y), "f": "1"},
        (
            ("", 0, "Recorded: three operations, in the order in which they ran."),
            ("f", 0, "Played backward. It begins with the derivative of f by itself, 1."),
            ("y", 3, f"Frame 3, f = ln y: y receives 1/y = 1/2.46 = {n(1 / y)}."),
            (
                "x c",
                2,
                f"Frame 2, y = x·c: x receives c/2.46 = 1/12.3 = {n(c / y)}, and c receives x/2.46 = {n(x / y)}.",
            ),
            ("a b", 1, f"Frame 1, x = a + b: a and b both receive what x has, {n(c / y)}."),
        ),
    )


def gap_tape() -> Tape:
    """A tape on which NumPy took over after the first operation."""
    return Tape(
        "A tape with a gap",
        (("w", "2"),),
        (
            Frame("s = 3 · w", "s", "6"),
            Frame("e = np.square(s)", "e", "36", "NumPy: not recorded"),
            Frame("L = tf.math.log(e)", "L", decimals(np.log(36)), "of a constant: not recorded"),
        ),
        {"w": "None", "L": "1"},
        (("w", 0, "No frame leads from L back to s. The tape cannot reach w, and the gradient is None."),),
    )


def draw(tape: Tape, step: int) -> Picture:
    """The tape with all values, and the gradients found up to this step; the newest are marked."""
    names, played, sentence = tape.steps[step]
    shown = {name for revealed, _, _ in tape.steps[: step + 1] for name in revealed.split()}
    parts = [_text("watched", 50, INPUTS + 12, "currentColor", 14), _text("tape", 50, TAPE + 54, "currentColor", 14)]
    room = (tape.width - 110) / max(len(tape.inputs), 3)
    for i, (name, value) in enumerate(tape.inputs):
        parts += _input(tape, name, value, 105 + room * (i + 0.5), name in shown, name in names.split())
    wide = (tape.width - 110) / len(tape.frames)
    for i, frame in enumerate(tape.frames):
        parts += _frame(
            tape, i, 105 + wide * i, wide, frame.name in shown, frame.name in names.split(), i + 1 == played
        )
    parts.append(_text(sentence, tape.width / 2, TAPE + FRAME + 44, "currentColor", 15))
    height = TAPE + FRAME + 60
    values = [f"{name} = {value}" for name, value in tape.inputs] + [f"{f.formula} = {f.value}" for f in tape.frames]
    gone = [f"{f.formula} is {f.missing}" for f in tape.frames if f.missing]
    found = [f"{name} {gradient}" for name, gradient in tape.gradients.items() if name in shown]
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {tape.width} {height}" width="{tape.width}" '
        f'height="{height}" font-family="sans-serif" text-anchor="middle">{"".join(parts)}</svg>',
        f"{tape.title}. Values: {', '.join(values)}. {'; '.join(gone) + '. ' if gone else ''}"
        f"Gradients: {', '.join(found) or 'none yet'}. {sentence}",
    )


def _input(tape: Tape, name: str, value: str, x: float, known: bool, new: bool) -> list[str]:
    color = NEW if new else "currentColor"
    parts = [_box(x - 60, INPUTS - 20, 120, 50, color, 2.5 if new else 1.2, radius=10)]
    parts.append(_text(f"{name} = {value}", x, INPUTS, FORWARD, 15))
    return parts + ([_gradient(tape, name, x, INPUTS + 21, new)] if known else [])


def _frame(tape: Tape, i: int, x: float, wide: float, known: bool, new: bool, played: bool) -> list[str]:
    frame, middle = tape.frames[i], x + wide / 2
    color = NEW if played else "currentColor"
    dashes = ' stroke-dasharray="6 5"' if frame.missing else ""
    parts = [_box(x + 3, TAPE, wide - 6, FRAME, color, 3 if played else 1.4, extra=dashes)]
    if not frame.missing:
        holes = int((wide - 6) // (2 * HOLE))
        first = middle - (holes - 0.5) * HOLE
        for k in range(holes):
            for y in (TAPE + 4, TAPE + FRAME - 4 - HOLE):
                parts.append(_box(first + 2 * HOLE * k, y, HOLE, HOLE, "currentColor", 0.8, radius=2))
    parts.append(_text(f"{i + 1}:  {frame.formula}", middle, TAPE + 34, "currentColor", 15))
    parts.append(_text(f"{frame.name} = {frame.value}", middle, TAPE + 55, FORWARD, 15))
    if frame.missing:
        parts.append(_text(frame.missing, middle, TAPE + 77, RED, 13))
    return parts + ([_gradient(tape, frame.name, middle, TAPE + 76, new)] if known else [])


def _gradient(tape: Tape, name: str, x: float, y: float, new: bool) -> str:
    return _text(f"gradient {tape.gradients[name]}", x, y, NEW if new else BACKWARD, 14, bold=new)


def _box(
    x: float, y: float, wide: float, high: float, color: str, line: float, radius: float = 0, extra: str = ""
) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" rx="{radius:g}" fill="none" '
        f'stroke="{color}" stroke-width="{line:g}"{extra}/>'
    )


def _text(text: str, x: float, y: float, color: str, size: int, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{color}" font-size="{size}"{weight}>{escape(text)}</text>'


def product(step: int = -1) -> Picture:
    """The tape of (x + y)·z after so many steps backward; all of them by default."""
    tape = product_tape()
    return draw(tape, step % len(tape.steps))


def product_slider() -> Any:
    """The tape of (x + y)·z with a slider for the steps backward."""
    return _stepped(product_tape())


def logarithm(step: int = -1) -> Picture:
    """The tape of ln(c·(a + b)) after so many steps backward; all of them by default."""
    tape = log_tape()
    return draw(tape, step % len(tape.steps))


def logarithm_slider() -> Any:
    """The tape of ln(c·(a + b)) with a slider for the steps backward."""
    return _stepped(log_tape())


def gap() -> Picture:
    """The tape on which NumPy took over."""
    return draw(gap_tape(), 0)


def _stepped(tape: Tape) -> Any:
    steps = [(f"{n} of {len(tape.steps) - 1}", n) for n in range(len(tape.steps))]
    return with_slider(lambda step: draw(tape, step), steps, start=0, label="step backward", still=-1)


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
    left.plot(s, softplus(-P), color=RED, label="P passed as logit: wrong")
    for loss, color, place in ((softplus(-1.0), BLUE, (-2.2, -0.02)), (softplus(-sigmoid(1.0)), RED, (1.5, 0.8))):
        left.plot([1], [loss], "o", color=color)
        left.annotate(f"{loss:.5f}", (1, loss), place, color=color, arrowprops={"arrowstyle": "-", "color": color})
    for bound in (softplus(0.0), softplus(-1.0)):
        left.axhline(bound, color=GREY, linewidth=0.8, linestyle=":")
    right.plot(s, P - 1, color=BLUE)
    right.plot(s, (sigmoid(P) - 1) * P * (1 - P), color=RED)
    left.set(title="loss of label 1", xlabel="score", ylim=(-0.15, 5.2))
    right.set(title="slope of the loss by the score", xlabel="score", ylim=(-1.08, 0.08))
    legend(left, loc="upper right")
    return picture(
        figure,
        "Two panels against the score from −5 to 5, for an example of label 1. Left, the loss: the right one is near 5 "
        "at −5 and falls towards 0; with the probability passed as logit it stays between 0.69 and 0.31 everywhere. At "
        f"score 1 they are {softplus(-1.0):.5f} and {softplus(-sigmoid(1.0)):.5f}. Right, the slopes: the right one is "
        "near −1 where the score is wrong by far and rises to 0; the wrong one is never below −0.1 and vanishes at "
        "both ends, so the worst examples are hardly corrected.",
    )
