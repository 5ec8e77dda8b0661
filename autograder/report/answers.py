"""What students wrote: the code of an answer, and its form without what an editor or a pen name changes."""

from __future__ import annotations

import ast
import json
import warnings
from functools import lru_cache
from opcode import opmap
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import course
from autograder.build import NOTEBOOKS, PROJECT, SOLUTIONS, notebook_path
from autograder.records import can_name_a_file
from course.check import Unit

LONGEST = 10_000  # characters of an answer whose form is looked at
NOP = opmap["NOP"]
VARIANTS = {"mistake", "alternative"}


def cells_of(path: Path) -> dict[str, str]:
    """The code of each answer in a notebook, by the answer's name; empty where the notebook cannot be read."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = {cell["id"]: cell["source"] for cell in cells if str(cell.get("id", "")).startswith("answer_")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name.removeprefix("answer_"): _text(source) for name, source in sources.items()}


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(map(str, source))


def answers_of(unit: Unit, student: str, course_dir: Path) -> dict[str, str]:
    """The code of a student's answers as it was graded, by the answer's name: from the graded notebook."""
    if not can_name_a_file(student):
        return {}
    return cells_of(course_dir / "autograded" / student / unit.assignment / f"{unit.name}.ipynb")


class Form(NamedTuple):
    """What two answers have in common that are the same code; ``lines`` is how many lines of code there are."""

    text: str
    lines: int


@lru_cache(maxsize=4096)
def form(source: str) -> Form:
    """The code without comments, docstrings, layout and names of local variables: the bytecode, which has none of them.

    Nothing is run. What Python cannot read keeps its text, but for white space.
    """
    if len(source) <= LONGEST:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = compile(source, "", "exec", dont_inherit=True, optimize=2)
            return Form(repr(_bytecode(code)), len(_lines(code)))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            pass
    return Form(" ".join(source.split()), len(source.splitlines()))


def _bytecode(code: CodeType) -> tuple[Any, ...]:
    """What the code does, but for what a docstring leaves of itself: an operation that does nothing."""
    done = code.co_code
    if NOP in done[::2]:
        done = b"".join(done[at : at + 2] for at in range(0, len(done), 2) if done[at] != NOP)
    constants = [_bytecode(one) if isinstance(one, CodeType) else one for one in code.co_consts]
    return done, constants, code.co_names, code.co_argcount


def _lines(code: CodeType) -> set[int]:
    within = [_lines(one) for one in code.co_consts if isinstance(one, CodeType)]
    return {line for *_, line in code.co_lines() if line}.union(*within)


def known_forms(unit: Unit) -> set[str]:
    """The texts of the forms that are nobody's own: the reference's, what was handed out, the unit's variants.

    They are read as text, so that nothing of the unit need be imported.
    """
    known = set()
    for folder in (SOLUTIONS, NOTEBOOKS):
        answers = cells_of(PROJECT / notebook_path(unit, folder))
        known |= {form(source).text for source in answers.values()}
    text = mistakes_path(unit).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and any(map(_is_variant, node.decorator_list)):
            lines = text.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno]
            known.add(form("".join(lines)).text)
    return known


def mistakes_path(unit: Unit) -> Path:
    """The file of a unit's mistakes and alternatives."""
    return Path(course.__file__).parent / unit.name / "mistakes.py"


def _is_variant(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in VARIANTS
