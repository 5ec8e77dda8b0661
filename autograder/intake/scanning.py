"""What a cell's code says, found without running it.

Code that does not parse, because it is unfinished or holds more of IPython's own language than a line that
starts with % or !, or takes too much to parse, is searched as text.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

from autograder.bounded import bounded
from autograder.needed import names_of

MAX_LETTERS = 50_000  # of code that is parsed; longer code is searched as text
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
BEGINNING = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)\b", re.MULTILINE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINED = (*FUNCTIONS, ast.ClassDef)
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
    """The functions and classes that a cell defines at its top level, which may be indented, or within if or try."""
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


def binds(name: str, source: str) -> bool:
    """Whether a cell defines, assigns or imports a name of the notebook."""
    if name not in source or len(source) > MAX_LETTERS:
        return False
    names = names_of(without_magics(source))
    return names is not None and name in names.bound


def without_magics(source: str) -> str:
    """The code of a cell as plain Python, as far as it can be that."""
    return MAGIC.sub(r"\1pass", textwrap.dedent(source))


def adds(source: str, text: str) -> bool:
    """Whether code has a statement that another text has not, apart from calls and other mere expressions."""
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
    """The statements that run when the code runs, not those within functions and classes."""
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, DEFINED):
            left += [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt | ast.ExceptHandler)]


def continues(first: str, second: str) -> bool:
    """Whether the second of two cells is the rest of what the first begins: the two halves of one that was split."""
    return second.lstrip("\n")[:1] in (" ", "\t") and _continues(first, second)


@bounded(otherwise=False)
def _continues(first: str, second: str) -> bool:
    if parsed(f"{first}\n{second}") is None:
        return False
    begun, rest = parsed(first), parsed(textwrap.dedent(second))
    if begun is None or rest is None or not begun.body:
        return begun is None or rest is None
    inner = {id(node) for function in ast.walk(rest) if isinstance(function, FUNCTIONS) for node in ast.walk(function)}
    returns = any(isinstance(node, ast.Return) and id(node) not in inner for node in ast.walk(rest))
    return returns or isinstance(begun.body[-1], ast.ClassDef)


def imports_in(source: str) -> set[str]:
    """Every name that a cell imports, as a whole: a module, or something in one."""
    if "import" not in source and "run_module" not in source and "find_spec" not in source:
        return set()
    imported = _imports(source)
    text = source if imported is None else "\n".join(magic.group() for magic in MAGIC.finditer(source))
    return {*(imported or ()), *_imported_as_text(text)}


@bounded(otherwise=None)
def _imports(source: str) -> frozenset[str] | None:
    tree = parsed(source)
    return frozenset(_imported(tree)) if tree else None


LONGEST_NAME = 200  # letters; no module of a library has more


def _imported(tree: ast.Module) -> Iterator[str]:
    """Every name that is imported anywhere in the code, whether it is a module or something in it: its first parts."""
    yield from (".".join(name.split(".", 3)[:3]) for name in _names_imported(tree))


def _names_imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and len(node.module) <= LONGEST_NAME:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in IMPORTERS:
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str))


def _imported_as_text(text: str) -> list[str]:
    names = re.findall(r"\bcourse\.\w+\.\w+", text)
    names += re.findall(r"(?m)^(?:[ \t]*%+\w+)?[ \t]*(?:from|import)[ \t]+([\w.]+)", text)
    for package, listed in re.findall(r"\bfrom[ \t]+(course\.\w+)[ \t]+import[ \t(]+([^\n;]+)", text):
        names += [f"{package}.{name}" for name in re.findall(r"(?:^|,)[ \t]*(\w+)", listed)]
    return names
