"""What a cell's code defines, uses and imports, found without running it.

Code that does not parse is searched as text. It may be unfinished, take too much to parse, or hold more of IPython's
own syntax than a line that starts with % or !.
"""

from __future__ import annotations

import ast
import re
import symtable
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.bounded import bounded

LONGEST_NAME = 200  # letters; longer names are ignored, since Python adds the class's name to private names in a class
LONGEST_CODE = 50_000  # letters of code that is parsed; longer code is searched as text
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
BEGINNING = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)\b", re.MULTILINE)
FUNCTION_NODES = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINED = (*FUNCTION_NODES, ast.ClassDef)
IMPORTERS = {"__import__", "import_module", "run_module", "find_spec"}


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell, with ``pass`` in the place of each magic; None if the cell does not parse."""
    if len(source) > LONGEST_CODE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def definitions(source: str) -> set[str]:
    """The functions and classes that a cell defines, also within ``if`` or ``try``. The whole cell may be indented."""
    if not BEGINNING.search(source):
        return set()
    source = textwrap.dedent(source)
    found = _defined(source)
    return set(DEFINITION.findall(source) if found is None else found)


@bounded(otherwise=None)
def _defined(source: str) -> frozenset[str] | None:
    tree = parsed(source)
    if tree is None:
        return None
    return frozenset(node.name for node in _statements(tree) if isinstance(node, DEFINED))


@dataclass(frozen=True)
class Names:
    """The names of the notebook that a cell uses, and those that it binds."""

    used: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()


@bounded(otherwise=None)
def names_of(source: str) -> Names | None:
    """The names that code uses and binds in the notebook; None if it is not plain Python, or takes too much to read."""
    try:
        table = symtable.symtable(source, "a cell", "exec")
        scopes_of_names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.ClassDef))
        used = {name for scope in scopes_of_names for name in _changed(scope)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    scopes = list(table.get_children())
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        in_class = scope.get_type() == "class"  # where even a bound name is the notebook's before it is bound
        used |= {one.get_name() for one in scope.get_symbols() if one.is_global() or (in_class and one.is_referenced())}
        bound |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_declared_global()}
    return Names(*(frozenset(name for name in names if len(name) <= LONGEST_NAME) for names in (used, bound)))


def _changed(node: ast.AST) -> Iterator[str]:
    """The names that a module or class itself changes in place or deletes, so that they must exist before.

    A symbol table does not count them as used.
    """
    for within in ast.iter_child_nodes(node):
        if isinstance(within, ast.AugAssign) and isinstance(within.target, ast.Name):
            yield within.target.id
        elif isinstance(within, ast.Name) and isinstance(within.ctx, ast.Del):
            yield within.id
        if not isinstance(within, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _changed(within)


def binds(name: str, source: str) -> bool:
    """Whether a cell defines, assigns or imports a name of the notebook."""
    if name not in source or len(source) > LONGEST_CODE:
        return False
    names = names_of(without_magics(source))
    return names is not None and name in names.bound


def without_magics(source: str) -> str:
    """The code of a cell without indentation, and with ``pass`` in the place of each magic."""
    return MAGIC.sub(r"\1pass", textwrap.dedent(source))


def adds(source: str, text: str) -> bool:
    """Whether the code ``source`` has a top-level statement that ``text`` lacks. Mere expressions do not count."""
    added = _adds(textwrap.dedent(source), text)
    return bool(definitions(source)) if added is None else added


@bounded(otherwise=None)
def _adds(source: str, text: str) -> bool | None:
    tree, other = parsed(source), parsed(text)
    if tree is None or other is None:
        return None
    known = {ast.dump(node) for node in other.body}
    return any(not isinstance(node, ast.Expr | ast.Pass) and ast.dump(node) not in known for node in tree.body)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements of the code, except those within functions and classes."""
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, DEFINED):
            left += [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt | ast.ExceptHandler)]


def continues(first: str, second: str) -> bool:
    """Whether two cells are the halves of one that was split: the second continues the first."""
    return second.lstrip("\n")[:1] in (" ", "\t") and _continues(first, second)


@bounded(otherwise=False)
def _continues(first: str, second: str) -> bool:
    if parsed(f"{first}\n{second}") is None:
        return False
    begun, rest = parsed(first), parsed(textwrap.dedent(second))
    if begun is None or rest is None or not begun.body:
        return begun is None or rest is None
    inner = {
        id(node) for function in ast.walk(rest) if isinstance(function, FUNCTION_NODES) for node in ast.walk(function)
    }
    returns = any(isinstance(node, ast.Return) and id(node) not in inner for node in ast.walk(rest))
    return returns or isinstance(begun.body[-1], ast.ClassDef)


def imports_in(source: str) -> set[str]:
    """The full names of all that a cell imports: modules, and names in modules."""
    if "import" not in source and "run_module" not in source and "find_spec" not in source:
        return set()
    imported = _imports(source)
    text = source if imported is None else "\n".join(magic.group() for magic in MAGIC.finditer(source))
    return {*(imported or ()), *_imported_as_text(text)}


@bounded(otherwise=None)
def _imports(source: str) -> frozenset[str] | None:
    tree = parsed(source)
    return frozenset(_imported(tree)) if tree else None


def _imported(tree: ast.Module) -> Iterator[str]:
    """The names of all that is imported anywhere in the code, cut to their first three parts."""
    yield from (".".join(name.split(".", 3)[:3]) for name in _names_imported(tree))


def imports_of(tree: ast.Module) -> Iterator[str]:
    """The modules that code imports by statements, and names that may be modules (``from a import b``: a and a.b)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level and len(node.module) <= LONGEST_NAME:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _names_imported(tree: ast.Module) -> Iterator[str]:
    yield from imports_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in IMPORTERS:
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str))


def _imported_as_text(text: str) -> list[str]:
    names = re.findall(r"\bcourse\.\w+\.\w+", text)
    names += re.findall(r"(?m)^(?:[ \t]*%+\w+)?[ \t]*(?:from|import)[ \t]+([\w.]+)", text)
    for package, listed in re.findall(r"\bfrom[ \t]+(course\.\w+)[ \t]+import[ \t(]+([^\n;]+)", text):
        names += [f"{package}.{name}" for name in re.findall(r"(?:^|,)[ \t]*(\w+)", listed)]
    return names
