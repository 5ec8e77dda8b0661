"""A class of students for trying the grader: notebooks made of the reference, mistakes and alternatives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from autograder.authoring.audit import verdict_on
from autograder.errors import UserError
from autograder.grading.grade import Marks
from autograder.intake import released
from course.check import Alternative, Expected, Mistake, Task, Unit

RIGHT, ALTERNATIVE, WRONG, LEFT_OPEN = "right", "alternative", "wrong", "unanswered"
CHANCES = {RIGHT: 0.35, ALTERNATIVE: 0.25, WRONG: 0.33, LEFT_OPEN: 0.07}
TRUTH_SEED = 3
Choice = tuple[str, Alternative | None]


def make_class(unit: Unit, students: int, seed: int, into: Path) -> Marks:
    """Write submissions as ``into/<student>/<assignment>/<unit>.ipynb`` and ``into/truth.json``.

    Returns what ``truth.json`` holds: the points that each student must get for each task, and the
    mistake made, if any. The same seed makes the same class. Raises UserError if submissions are
    there already.
    """
    if students < 1:
        raise ValueError(f"a class needs at least 1 student, got {students}")
    if any(into.glob(f"*/{unit.assignment}")):
        raise UserError(f"{into} already holds submissions of {unit.name}; choose another folder or remove them")
    rng = np.random.default_rng(seed)
    expected = {name: Expected(unit, task, TRUTH_SEED) for name, task in unit.tasks.items()}
    truth: Marks = {}
    for number in range(1, students + 1):
        student = f"student-{number:0{max(2, len(str(students)))}d}"
        choices = {name: _choose(unit, task, rng) for name, task in unit.tasks.items()}
        _write(unit, choices, into / student / unit.assignment)
        truth[student] = {name: _mark(expected[name], choice) for name, choice in choices.items()}
    (into / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return truth


def _choose(unit: Unit, task: Task, rng: np.random.Generator) -> Choice:
    kind = str(rng.choice(list(CHANCES), p=list(CHANCES.values())))
    others: Sequence[Alternative] = ()
    if kind == ALTERNATIVE:
        others = unit.alternatives(task.name)
    elif kind == WRONG:
        others = unit.mistakes(task.name)
    return kind, others[int(rng.integers(len(others)))] if others else None


def _write(unit: Unit, choices: dict[str, Choice], folder: Path) -> None:
    """Fill a copy of the released notebook with the chosen answers."""
    notebook = deepcopy(released(unit))
    cells = {cell.id: cell for cell in notebook.cells}
    for task, (kind, variant) in choices.items():
        if kind != LEFT_OPEN:
            for answer in unit.tasks[task].answers:
                chosen = variant is not None and variant.answer == answer
                source = variant.source if variant and chosen else unit.reference_source(answer)
                cells[f"answer_{answer}"].source = source.rstrip()
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{unit.name}.ipynb")


def _mark(expected: Expected, choice: Choice) -> dict[str, Any]:
    kind, variant = choice
    if kind == LEFT_OPEN:
        return {"points": 0.0, "mistake": None, "symptom": None}
    verdict = verdict_on(expected, variant)
    return {
        "points": verdict.points,
        "mistake": variant.name if isinstance(variant, Mistake) else None,
        "symptom": None,
    }
