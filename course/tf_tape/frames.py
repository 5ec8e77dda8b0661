"""A tape as SVG: the frames that it recorded, and the gradients that it finds when it is played backward."""

from __future__ import annotations

from dataclasses import dataclass

from course.drawing import drawing, local, minus, paragraph, text
from course.figures import BLUE, ORANGE, RED, Picture

FORWARD, BACKWARD, NEW = BLUE, RED, ORANGE
INPUTS, TAPE, FRAME, HOLE = 34, 106, 116, 9  # y of the inputs and of the frames, a frame's height, a hole's side

KEY = "in a frame × the local derivative with respect to each input; a gradient is the upstream gradient × that"


@dataclass(frozen=True)
class Frame:
    """One recorded operation: its formula, the name and value of its result, its local derivatives (of the result with
    respect to each input), and why it is missing, if it is."""

    formula: str
    name: str
    value: str
    local: str = ""
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
    width: int = 700


def decimals(value: float) -> str:
    """A number with at most four decimals and a real minus sign."""
    return minus(f"{value:.4f}".rstrip("0").rstrip("."))


def draw(tape: Tape, step: int) -> Picture:
    """The tape with all values, and the gradients found up to this step; the newest are marked."""
    names, played, sentence = tape.steps[step]
    shown = {name for revealed, _, _ in tape.steps[: step + 1] for name in revealed.split()}
    parts = [
        text("watched", 50, INPUTS + 12, "currentColor", 14),
        text("tape", 50, TAPE + FRAME / 2 + 4, "currentColor", 14),
    ]
    room = (tape.width - 110) / max(len(tape.inputs), 3)
    for i, (name, value) in enumerate(tape.inputs):
        parts += _input(tape, name, value, 105 + room * (i + 0.5), name in shown, name in names.split())
    wide = (tape.width - 110) / len(tape.frames)
    for i, frame in enumerate(tape.frames):
        parts += _frame(
            tape, i, 105 + wide * i, wide, frame.name in shown, frame.name in names.split(), i + 1 == played
        )
    sentences = paragraph(sentence, tape.width / 2, TAPE + FRAME + 32, tape.width - 20)
    key = TAPE + FRAME + 38 + 20 * len(sentences)
    parts += [*sentences, text(KEY, tape.width / 2, key, size=12)]
    values = [f"{name} = {value}" for name, value in tape.inputs] + [f"{f.formula} = {f.value}" for f in tape.frames]
    slopes = [f"of {frame.name}: {frame.local}" for frame in tape.frames if frame.local]
    gone = [f"{f.formula} is {f.missing}" for f in tape.frames if f.missing]
    found = [f"{name} {gradient}" for name, gradient in tape.gradients.items() if name in shown]
    return drawing(
        tape.width,
        key + 12,
        parts,
        f"{tape.title}. Values: {', '.join(values)}. Local derivatives {'; '.join(slopes)}. "
        f"{'; '.join(gone) + '. ' if gone else ''}Gradients: {', '.join(found) or 'none yet'}. {sentence}",
    )


def _input(tape: Tape, name: str, value: str, x: float, known: bool, new: bool) -> list[str]:
    color = NEW if new else "currentColor"
    parts = [_box(x - 68, INPUTS - 20, 136, 50, color, 2.5 if new else 1.2, radius=10)]
    parts.append(text(f"{name} = {value}", x, INPUTS, FORWARD, 15))
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
    parts.append(text(f"{i + 1}: {frame.formula}", middle, TAPE + 33, size=15))
    parts.append(text(f"{frame.name} = {frame.value}", middle, TAPE + 53, FORWARD, 15))
    parts.append(text(frame.missing, middle, TAPE + 92, RED, 13) if frame.missing else "")
    parts.append(local(frame.local, middle, TAPE + 67) if frame.local else "")
    return parts + ([_gradient(tape, frame.name, middle, TAPE + (72 if frame.missing else 92), new)] if known else [])


def _gradient(tape: Tape, name: str, x: float, y: float, new: bool) -> str:
    return text(f"gradient {tape.gradients[name]}", x, y, BACKWARD, 14, bold=new)


def _box(
    x: float, y: float, wide: float, high: float, color: str, line: float, radius: float = 0, extra: str = ""
) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" rx="{radius:g}" fill="none" '
        f'stroke="{color}" stroke-width="{line:g}"{extra}/>'
    )
