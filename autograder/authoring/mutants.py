"""Wrong answers that a program makes: mutants, the reference with one small change in its syntax tree, or with two.

A check that takes a mutant for right has a hole, or the mutant computes the same: then the unit's ``equivalents.py``
says why. What opens a function, its guards, is given to students and stays as it is; so do messages of exceptions.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autograder.authoring.operators import changes
from course.check.sources import can_compile, functions_of, split

SHOWN = 60  # characters of a piece of code in a mutant's name


@dataclass(frozen=True)
class Mutant:
    """An answer's source with a change, and the change in words."""

    answer: str
    name: str
    source: str


def mutants(answer: str, reference: str) -> list[Mutant]:
    """Every mutant with one change. None of them has the same syntax tree as another, or as the reference."""
    tree = ast.parse(without_docstring(reference))
    seen, found = {ast.dump(tree)}, []
    for node, parameters in _places(tree):
        for changed in changes(node, parameters):
            mutant = _with(tree, node, changed)
            ast.fix_missing_locations(mutant)
            if (form := ast.dump(mutant)) not in seen and can_compile(ast.unparse(mutant)):
                seen.add(form)
                name = f"line {node.lineno}: {_text(node)} → {_text(changed)}"  # type: ignore[attr-defined]
                found.append(Mutant(answer, name, ast.unparse(mutant) + "\n"))
    return found


def pairs(reference: str, first: list[Mutant], most: int, rng: np.random.Generator) -> list[Mutant]:
    """Mutants of mutants: of at most ``most`` of them, drawn at random, one each."""
    known = {form(reference), *(form(one.source) for one in first)}
    found: dict[str, Mutant] = {}
    for one in (first[i] for i in rng.permutation(len(first))[:most]):
        others = [other for other in mutants(one.answer, one.source) if form(other.source) not in known]
        if others:
            other = others[int(rng.integers(len(others)))]
            found[other.source] = Mutant(one.answer, f"{one.name}; then {other.name}", other.source)
    return list(found.values())


def form(source: str) -> str:
    """What tells one answer from another: its syntax tree, without its docstring."""
    return ast.dump(ast.parse(without_docstring(source)))


def without_docstring(source: str) -> str:
    """The source as Python writes it, without the docstrings of its function, or of its class and their methods."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _text(node: ast.AST) -> str:
    text = "nothing" if isinstance(node, ast.Pass) else " ".join(ast.unparse(node).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _with(tree: ast.Module, old: ast.AST, new: ast.AST) -> ast.Module:
    """A copy of the tree with one node replaced."""

    class Replacing(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(node)

    copied = copy.deepcopy(tree, {id(old): old})
    Replacing().visit(copied)
    return copied


def _places(tree: ast.Module) -> Iterator[tuple[ast.AST, list[str]]]:
    """The nodes of what a student writes, with the parameters of their function."""
    for function in functions_of(tree):
        parameters = [one.arg for one in function.args.args if one.arg != "self"]
        for statement in split(function)[1]:
            yield from ((node, parameters) for node in _within(statement))


def _within(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it, but not what is raised, nor pieces of texts."""
    if isinstance(node, ast.Raise | ast.JoinedStr):
        return
    yield node
    for below in ast.iter_child_nodes(node):
        yield from _within(below)
