"""What a cell's code says, found without running it.

Code that does not parse, because it is unfinished or holds more of IPython's own language than a line that
starts with % or !, is searched as text.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

MAX_LETTERS = 50_000  # of code that is parsed; longer code is searched as text
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IMPORTERS = {"__import__", "import_module", "run_module", "find_spec"}


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell, in which a magic stands as ``pass``; None where there is none."""
    if len(source) > MAX_LETTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def definitions(source: str) -> set[str]:
    """The functions and classes that a cell defines at its top level."""
    found = set(DEFINITION.findall(source))
    tree = parsed(source) if found else None
    if tree is None:
        return found
    return {node.name for node in tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef))}


def continues(first: str, second: str) -> bool:
    """Whether the second of two cells is the rest of what the first begins: the two halves of one that was split."""
    if second.lstrip("\n")[:1] not in (" ", "\t") or parsed(f"{first}\n{second}") is None:
        return False
    begun, rest = parsed(first), parsed(textwrap.dedent(second))
    if begun is None or rest is None or not begun.body:
        return begun is None or rest is None
    inner = {id(node) for function in ast.walk(rest) if isinstance(function, FUNCTIONS) for node in ast.walk(function)}
    returns = any(isinstance(node, ast.Return) and id(node) not in inner for node in ast.walk(rest))
    return returns or isinstance(begun.body[-1], ast.ClassDef)


def modules_of(unit: str, source: str) -> set[str]:
    """The modules of a unit that a cell imports, by their whole names: ``course.<unit>.<module>``."""
    if unit not in source or "course" not in source:
        return set()
    package = f"course.{unit}."
    tree = parsed(source)
    names = list(_imported(tree)) if tree else []
    text = source if tree is None else "\n".join(magic.group() for magic in MAGIC.finditer(source))
    names += _imported_as_text(unit, text)
    modules = {name.removeprefix(package).split(".")[0] for name in names if name.startswith(package)}
    return {package + module for module in modules if module.isidentifier()}


def _imported(tree: ast.Module) -> Iterator[str]:
    """Every name that is imported anywhere in the code, whether it is a module or something in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in IMPORTERS:
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str))


def _imported_as_text(unit: str, text: str) -> list[str]:
    names = re.findall(rf"\bcourse\.{unit}\.\w+", text)
    for listed in re.findall(rf"\bfrom[ \t]+course\.{unit}[ \t]+import[ \t(]+([^\n;]+)", text):
        names += [f"course.{unit}.{name}" for name in re.findall(r"(?:^|,)[ \t]*(\w+)", listed)]
    return names
