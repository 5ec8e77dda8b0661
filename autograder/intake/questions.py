"""Finding the answers to a lesson's questions among a student's cells: text, which a person marks.

The answer is the text of the cell that was released for it. A cell that was split counts as a whole. One that was made
a code cell is text again; if it holds code, that also runs where it stands. If the cell was left as it was, or is gone,
the student's own text right below the question is the answer.
"""

from __future__ import annotations

from autograder.cells import TEXT_OF
from autograder.code import names_of, without_magics
from autograder.findings import Findings, Odd
from autograder.intake.ordering import Release
from autograder.intake.reading import Cell


def with_answers_to_questions(cells: list[Cell], release: Release, findings: Findings) -> list[Cell]:
    """The cells, with one cell for the answer to each question. A question without any is left for ``align``."""
    for name in release.named:
        if name in release.questions:
            cells = _with_answer(name, cells, release, findings)
    return cells


def _with_answer(name: str, cells: list[Cell], release: Release, findings: Findings) -> list[Cell]:
    stub, below = release.named[name].source, _below(name, cells)
    own = [cell for cell in cells if cell.name == name]
    own = own or [cell for cell in below if cell.source.strip() == stub.strip()]
    written = [cell for cell in own if _is_written(cell, release)]
    written = written or [cell for cell in below if _is_written(cell, release)]
    if len(own) > 1:
        findings.add(Odd.DUPLICATED_CELL, name)
    if any(cell.kind != "markdown" for cell in own):
        findings.add(Odd.RETYPED_CELL, name)
    if not own and not written:
        return cells
    text = "\n\n".join(dict.fromkeys(cell.source for cell in written)) or stub
    first, gone = (written or own)[0], {*own, *written}
    whole: list[Cell] = []
    for cell in cells:
        whole += [Cell("markdown", text, cell.number, name=name)] if cell is first else []
        if cell not in gone:
            whole.append(cell)
        elif _is_needed(cell):
            cell.name = ""
            whole.append(cell)
    return whole


def _is_written(cell: Cell, release: Release) -> bool:
    return bool(cell.source.strip()) and cell.source.strip() not in release.texts


def _below(name: str, cells: list[Cell]) -> list[Cell]:
    """The cell right below the question, if it is text and nothing else that was released."""
    place = next((at for at, cell in enumerate(cells, start=1) if cell.name == f"{TEXT_OF}{name}"), len(cells))
    return [cell for cell in cells[place : place + 1] if cell.kind != "code" and not cell.name]


def _is_needed(cell: Cell) -> bool:
    """Whether this is code, so that other cells may depend on what it does."""
    names = names_of(without_magics(cell.source)) if cell.kind == "code" else None
    return bool(names and names.bound | names.used)
