"""What students wrote: the code of an answer, and its form without layout, comments and names of variables."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable
from opcode import opmap
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from autograder.bounded import bounded
from autograder.course import NOTEBOOKS, SOLUTIONS, current
from autograder.records import can_name_a_file
from course.check import Unit

LONGEST_COMPARED = 10_000  # characters; a longer answer is compared as text
NOP = opmap["NOP"]
VARIANTS = {"mistake", "alternative"}


def code_of_answers(path: Path) -> dict[str, str]:
    """The code of each answer in a notebook, by the answer's name; empty if the notebook cannot be read."""
    return _of_answers(path, lambda cell: cell["source"])


def errors_of(path: Path) -> dict[str, str]:
    """The errors with which cells of answers ended in a notebook, by the answer's name."""
    return _of_answers(path, _error)


def _of_answers(path: Path, what: Callable[[Any], Any]) -> dict[str, str]:
    """What ``what`` gives for the cell of each answer, except None, as one text.

    It gives a text or, as notebooks hold them, a list of texts.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found = {cell["id"]: what(cell) for cell in cells if str(cell.get("id", "")).startswith("answer_")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {
        name.removeprefix("answer_"): text if isinstance(text, str) else "".join(map(str, text))
        for name, text in found.items()
        if text is not None
    }


def _error(cell: Any) -> str | None:
    errors = [out for out in cell["outputs"] if out["output_type"] == "error"]
    return f"{errors[0]['ename']}: {errors[0]['evalue']}" if errors else None


def answers_of(unit: Unit, student: str, course_dir: Path) -> dict[str, str]:
    """The code of a student's answers in the graded notebook, by the answer's name."""
    path = graded_notebook(unit, student, course_dir)
    return code_of_answers(path) if path else {}


def graded_notebook(unit: Unit, student: str, course_dir: Path) -> Path | None:
    """The path of a student's graded notebook; None if no folder can have the student's name."""
    if not can_name_a_file(student):
        return None
    return course_dir / "autograded" / student / unit.assignment / f"{unit.name}.ipynb"


class Form(NamedTuple):
    """What answers with the same code have in common, as ``text``; ``lines`` is the number of lines of code."""

    text: str
    lines: int


def form(source: str) -> Form:
    """The code without comments, docstrings, layout and names of local variables: the bytecode, which has none of them.

    Nothing is run. If Python cannot compile the code, or not in time, its form is its text with white space reduced.
    """
    found = _compiled(source) if len(source) <= LONGEST_COMPARED else None
    return found or Form(" ".join(source.split()), len(source.splitlines()))


@bounded(otherwise=None)
def _compiled(source: str) -> Form | None:
    code = code_of(source, optimize=2)
    return code and Form(repr(_bytecode(code)), len(_lines(code)))


@bounded(otherwise=False)
def compiles(source: str) -> bool:
    """Whether Python can compile the code. It is not run."""
    return code_of(source) is not None


def code_of(source: str, optimize: int = -1) -> CodeType | None:
    """The code object; None if Python cannot compile the code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code: CodeType = compile(source, "", "exec", dont_inherit=True, optimize=optimize)
            return code
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None


def _bytecode(code: CodeType) -> tuple[Any, ...]:
    """What the code does, without the NOP that a removed docstring leaves behind."""
    done = code.co_code
    if NOP in done[::2]:
        done = b"".join(done[at : at + 2] for at in range(0, len(done), 2) if done[at] != NOP)
    constants = [_bytecode(one) if isinstance(one, CodeType) else one for one in code.co_consts]
    return done, constants, code.co_names, code.co_argcount


def _lines(code: CodeType) -> set[int]:
    within = [_lines(one) for one in code.co_consts if isinstance(one, CodeType)]
    return {line for *_, line in code.co_lines() if line}.union(*within)


def known_forms(unit: Unit) -> set[str]:
    """The forms (their texts) of common code: the reference, what was handed out, the unit's variants.

    They are read as text, so that the unit need not be imported.
    """
    known = set()
    for folder in (SOLUTIONS, NOTEBOOKS):
        answers = code_of_answers(current().notebook(unit, folder))
        known |= {form(source).text for source in answers.values()}
    text = mistakes_path(unit).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and any(map(_is_variant, node.decorator_list)):
            lines = text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno]
            known.add(form("".join(lines)).text)
    return known


def mistakes_path(unit: Unit) -> Path:
    """The file of a unit's mistakes and alternatives."""
    return unit.folder / "mistakes.py"


def _is_variant(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in VARIANTS
