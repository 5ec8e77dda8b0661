"""The source code of answers: a definition's text, and the guards at its start, which students are given."""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import io
import itertools
import textwrap
import tokenize
import warnings
from typing import Any


@functools.cache
def definition(thing: Any) -> str:
    """The source of a function or class, without decorators."""
    source = _class_source(thing) if isinstance(thing, type) else inspect.getsource(thing)
    source = textwrap.dedent(source)
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    return "".join(source.splitlines(keepends=True)[node.lineno - 1 :]).rstrip() + "\n"


def _class_source(thing: type) -> str:
    """The source of a class. Of several classes of one name in a module, it is the one with this class's methods."""
    lines, _ = inspect.findsource(inspect.getmodule(thing) or thing)
    methods = [getattr(member, "__func__", member) for member in vars(thing).values()]
    numbers = [method.__code__.co_firstlineno for method in methods if inspect.isfunction(method)]
    classes = [node for node in ast.walk(ast.parse("".join(lines))) if isinstance(node, ast.ClassDef)]
    for node in classes:
        holds = not numbers or node.lineno <= min(numbers) <= (node.end_lineno or 0)
        if node.name == thing.__name__ and holds:
            return "".join(lines[node.lineno - 1 : node.end_lineno])
    raise LookupError(f"no source of the class {thing.__name__} was found")


def functions_of(tree: ast.Module) -> list[ast.FunctionDef]:
    """The function that a definition's syntax tree defines, or the methods of its class."""
    top = tree.body[0]
    nodes = [top] if isinstance(top, ast.FunctionDef) else getattr(top, "body", [])
    return [node for node in nodes if isinstance(node, ast.FunctionDef)]


def split(function: ast.FunctionDef) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The body of a function after its docstring: what opens it, up to its last guard, and the rest.

    A guard does nothing but refuse an input: ``if …: raise …``, or a loop over such. Names that guards need may be
    assigned before them.
    """
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    opening = 0
    for number, statement in enumerate(body, start=1):
        if _is_guard(statement):
            opening = number
        elif not isinstance(statement, ast.Assign | ast.AnnAssign):
            break
    return body[:opening], body[opening:]


def _is_guard(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return not statement.orelse and isinstance(statement.body[-1], ast.Raise) and len(statement.body) == 1
    if isinstance(statement, ast.For):
        *before, last = statement.body
        plain = all(isinstance(one, ast.Assign | ast.AnnAssign) or _is_guard(one) for one in before)
        return not statement.orelse and plain and _is_guard(last)
    return False


def merged(reference: str, one: str, other: str) -> str | None:
    """The reference with what two variants of it change, token by token; None where both change the same place."""
    base = _tokens(reference)
    result: list[str] = []
    begun, at = -1, 0
    for start, end, put in sorted(_changes(base, _tokens(one)) | _changes(base, _tokens(other))):
        if start < at or start == begun:
            return None
        result += [*base[at:start], *put]
        begun, at = start, end
    text = "".join(result + base[at:])
    return text if can_compile(text) else None


def can_compile(source: str) -> bool:
    """Whether Python can compile the source. What it only warns of does not count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            compile(source, "", "exec")
        except (SyntaxError, ValueError):
            return False
    return True


def _changes(base: list[str], changed: list[str]) -> set[tuple[int, int, tuple[str, ...]]]:
    """What turns one list of tokens into another: from where, to where, and what is put there."""
    found = difflib.SequenceMatcher(None, base, changed, autojunk=False).get_opcodes()
    return {(start, end, tuple(changed[i:j])) for kind, start, end, i, j in found if kind != "equal"}


def _tokens(source: str) -> list[str]:
    """The source in pieces, which joined are the source again: its tokens, each with the space before it."""
    begins = [0, *itertools.accumulate(map(len, source.splitlines(keepends=True)))]
    pieces, done = [], 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.end
        end = min(begins[min(row - 1, len(begins) - 1)] + column, len(source))
        if end > done:
            pieces.append(source[done:end])
            done = end
    return pieces
