"""Why an answer, or a name that it uses, was not defined: what became of the cell that defines it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nbformat import NotebookNode

from autograder.cells import task_of
from autograder.code import LONGEST_CODE, names_of, without_magics
from autograder.findings import Findings, Odd
from autograder.texts import shown
from course.check import Verdict

NOT_DEFINED = re.compile(r"NameError: (?:name )?'?(\w+)'? is not defined")  # as Python says it, and as a check does


def explain_missing_names(notebook: NotebookNode, verdicts: Mapping[str, Verdict], findings: Findings) -> None:
    """Add findings that explain missing names. ``notebook`` was executed, and its answers earned these verdicts."""
    for task, verdict in verdicts.items():
        found = (NOT_DEFINED.search(part.reason) for part in verdict.parts)
        for name in dict.fromkeys(match[1] for match in found if match):
            _explain(notebook, task, name, findings)


def _explain(notebook: NotebookNode, task: str, name: str, findings: Findings) -> None:
    checked = False
    for number, cell in enumerate(notebook.cells, start=1):
        checked = checked or task_of(cell) == task
        if cell.cell_type == "code" and _defines(cell.source, name):
            errors = [out for out in cell.outputs if out.output_type == "error"]
            magic = re.match(r"\s*(%%\w+)", cell.source)
            if errors:
                said = shown(f"{errors[0].ename}: {errors[0].evalue}")
                findings.add(Odd.FAILED_CELL, f"cell {number}, which defines {name}, ended with {said}")
            elif checked:
                findings.add(Odd.DEFINED_TOO_LATE, f"{name}, in cell {number}, is used by the answer to {task}")
            elif magic:
                findings.add(Odd.DEFINITION_NOT_KEPT, f"cell {number}, which defines {name}, begins with {magic[1]}")


def _defines(source: str, name: str) -> bool:
    """Whether code defines a name. Where Python cannot parse the code, its lines are searched."""
    if name not in source or len(source) > LONGEST_CODE:
        return False
    names = names_of(without_magics(source))
    if names is not None:
        return name in names.bound
    begins = rf"(?:(?:async[ \t]+)?def|class)[ \t]+{name}\b|{name}[ \t]*[:=]|(?:import|from)\b[^\n]*\b{name}\b"
    return bool(re.search(rf"(?m)^[ \t]*(?:{begins})", source))
