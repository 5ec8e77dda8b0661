"""The skeleton of a new known mistake, made from a wrong answer that no known mistake explains.

The answer is parsed here and never run, since it is a student's code.
"""

from __future__ import annotations

import ast
import builtins
import json
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.bounded import Budget, bounded
from autograder.errors import UserError
from autograder.report.answers import answers_of, code_of, compiles, form, mistakes_path
from autograder.report.clusters import AnswerCluster, clusters
from autograder.report.gathering import GradedUnit
from autograder.texts import visible
from autograder.writing import write_whole
from course.check import Task

NAME_TO_FILL, HINT = "TODO: in a few words, what was done", "TODO: what to do instead."
HARMLESS = {"property", "staticmethod", "classmethod"}
LONGEST_EDIT = 105  # characters of the replaced text and its replacement together


class NoMistake(UserError):
    """No mistake can be made from the answer that was asked for."""


@dataclass
class Skeleton:
    """The code that declares a mistake. ``unknown`` are names that it uses and that the reference does not define;
    ``early`` says that some of it would run as soon as the unit's mistakes are imported."""

    answer: str
    student: str
    cluster: AnswerCluster
    code: str
    unknown: list[str]
    early: bool


def skeleton(
    graded: GradedUnit,
    task: Task,
    number: int = 1,
    student: str | None = None,
    name: str = NAME_TO_FILL,
    hint: str = HINT,
) -> Skeleton:
    """The skeleton for a task's cluster of this number, or for the one that holds a student. Raises NoMistake."""
    cluster = _cluster(graded, task, number, student)
    for one in [student] if student else cluster.students:
        with Budget():
            if made := _made_of(one, graded, cluster, name, hint):
                return made
    raise NoMistake(
        f"no graded notebook of {', '.join(cluster.students[:5])} defines {' or '.join(task.answers)} otherwise than "
        f"the reference; write the mistake by hand in {mistakes_path(graded.unit).name}"
    )


def _made_of(student: str, graded: GradedUnit, cluster: AnswerCluster, name: str, hint: str) -> Skeleton | None:
    """The skeleton made of a student's answer; None if the answer is no definition that differs from the reference."""
    unit, task = graded.unit, cluster.task
    found = answers_of(unit, student, graded.course_dir)
    for answer in task.answers:
        reference, wrong = unit.reference_source(answer), definition_of(answer, found.get(answer, ""))
        if wrong and form(wrong).text != form(reference).text:
            _refuse_known(graded, task, wrong, name)
            edit = one_edit(answer, reference, wrong)
            code = _as_edit(answer, edit, name, hint) if edit else _as_definition(wrong, name, hint)
            unknown = sorted(_globals(wrong) - set(vars(unit.reference)) - set(vars(builtins)))
            return Skeleton(answer, student, cluster, visible(code, also="\n\t"), unknown, runs_early(wrong))
    return None


def _cluster(graded: GradedUnit, task: Task, number: int, student: str | None) -> AnswerCluster:
    found = clusters(graded, task)
    if not found:
        raise NoMistake(f"every wrong answer to {task.name} has a name already")
    if student is not None:
        if chosen := [cluster for cluster in found if student in cluster.students]:
            return chosen[0]
        raise NoMistake(f"{student} has no wrong answer without a name to {task.name}")
    if not 1 <= number <= len(found):
        raise NoMistake(f"{task.name} has clusters 1 to {len(found)}, got {number}; the class report shows them")
    return found[number - 1]


def _refuse_known(graded: GradedUnit, task: Task, wrong: str, name: str) -> None:
    for known in graded.unit.mistakes(task.name):
        if form(known.source).text == form(wrong).text:
            again = f"autograder regrade {graded.unit.name}"
            raise NoMistake(f"that is a known mistake by now, {known.name!r}; name it in the marks: {again}")
        if known.name == name:
            raise NoMistake(f"{task.name} has a mistake called {name!r} already; choose another --name")


@bounded(otherwise="")
def definition_of(answer: str, source: str) -> str:
    """The function or class called ``answer`` in a cell, without decorators, docstring and magics; an empty text if
    there is none, or if Python cannot compile the cell."""
    lines = [line for line in source.splitlines(keepends=True) if not line.lstrip().startswith(("%", "!"))]
    if code_of("".join(lines)) is None:
        return ""
    for node in reversed(ast.parse("".join(lines)).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == answer:
            return "".join(_without_docstring(lines, node)).rstrip() + "\n"
    return ""


def _without_docstring(lines: list[str], node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    first, start, end = node.body[0], node.lineno - 1, node.end_lineno
    if ast.get_docstring(node) is None or len(node.body) == 1 or first.lineno == node.lineno:
        return lines[start:end]
    return lines[start : first.lineno - 1] + lines[first.end_lineno : end]


def one_edit(answer: str, reference: str, wrong: str) -> tuple[str, str] | None:
    """The one edit (old text, new text) that turns the reference into the wrong answer; None if that takes several
    edits, or one longer than ``LONGEST_EDIT``."""
    old, new = definition_of(answer, reference).splitlines(), wrong.splitlines()
    front = _common(old, new)
    back = min(_common(old[::-1], new[::-1]), len(old) - front, len(new) - front)
    before, after = old[front : len(old) - back], new[front : len(new) - back]
    if not before:  # lines were put in: replace the line before them too, to have something to find
        before, after = old[front - 1 : front], [*old[front - 1 : front], *after]
    right, put = "\n".join(before), "\n".join(after)
    if not after:  # lines were left out, so their last line end goes too
        right += "\n"
    indent = right[: len(right) - len(right.lstrip())]
    if put.startswith(indent):
        right, put = right.removeprefix(indent), put.removeprefix(indent)
    if after and reference.count(right) > 1:  # it is also a part of other lines, so look for the whole line
        right, put = f"{right}\n", f"{put}\n"
    if len(right + put) > LONGEST_EDIT or reference.count(right) != 1:
        return None
    if form(reference.replace(right, put)).text != form(wrong).text:
        return None
    return right, put


def _common(one: list[str], other: list[str]) -> int:
    """How many lines at the start are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (here, there) in enumerate(pairs) if here != there), min(len(one), len(other)))


def _as_edit(answer: str, edit: tuple[str, str], name: str, hint: str) -> str:
    right, put = map(_quoted, edit)
    lines = [_quoted(answer), _quoted(name), f"{{{right}: {put}}}", _quoted(hint)]
    return "".join(["unit.mistake_in(\n", *(f"    {line},\n" for line in lines), ")\n"])


def _as_definition(wrong: str, name: str, hint: str) -> str:
    return f"@unit.mistake({_quoted(name)}, {_quoted(hint)})\n{wrong}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@bounded(otherwise=frozenset())
def _globals(source: str) -> frozenset[str]:
    """The global names that code uses and does not define."""
    tables = [symtable.symtable(source, "", "exec")]
    used = set()
    for table in tables:
        tables += table.get_children()
        used |= {one.get_name() for one in table.get_symbols() if one.is_global() and one.is_referenced()}
    own = {one.get_name() for one in tables[0].get_symbols() if one.is_assigned()}
    return frozenset(used - own)


@bounded(otherwise=True)
def runs_early(source: str) -> bool:
    """Whether a definition calls or imports something as soon as it is imported: in a default, an annotation, a
    decorator or the body of a class."""
    early = _early(ast.parse(source).body[0])
    return any(isinstance(each, ast.Call | ast.Import | ast.ImportFrom) for part in early for each in ast.walk(part))


def _early(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that run when its module is imported."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        called = [one for one in node.decorator_list if not (isinstance(one, ast.Name) and one.id in HARMLESS)]
        yield from (node.args, *map(_call, called), *([node.returns] if node.returns else []))
    elif isinstance(node, ast.ClassDef):
        yield from (*node.bases, *map(_call, node.decorator_list))
        yield from (_call(one.value) if one.arg == "metaclass" else one for one in node.keywords)
        for within in node.body:
            yield from _early(within)
    else:
        yield node


def _call(called: ast.expr) -> ast.Call:
    return ast.Call(called, [], [])


def append(graded: GradedUnit, made: Skeleton) -> str:
    """Append the skeleton to the unit's ``mistakes.py``; returns the path. Raises NoMistake if some of its code would
    run on import, or if the file would no longer be valid Python."""
    path = mistakes_path(graded.unit)
    if made.early:
        raise NoMistake(
            f"{made.student}'s {made.answer} runs code as soon as it is imported: in a default, an annotation or the "
            f"body of a class; look at it, then put it into {path.name} by hand"
        )
    text = f"{path.read_text(encoding='utf-8').rstrip()}\n\n\n{made.code}"
    if not compiles(text):
        raise NoMistake(f"with that code {path.name} would no longer be valid Python; put it there by hand")
    write_whole(path, text)
    return str(path)
