"""Why a name was not there that an answer uses: the cell that defines it failed, or comes too late."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nbformat import NotebookNode

from autograder.execute import task_of
from autograder.intake.findings import Findings
from autograder.texts import shown
from course.check import Verdict

NOT_DEFINED = re.compile(r"NameError: name '(\w+)' is not defined")


def explain_missing_names(notebook: NotebookNode, verdicts: Mapping[str, Verdict], findings: Findings) -> None:
    """Find what explains the names that were missing, in an executed notebook whose answers earned these verdicts."""
    for task, verdict in verdicts.items():
        for part in verdict.parts:
            if match := NOT_DEFINED.search(part.reason):
                _explain(notebook, task, match[1], findings)


def _explain(notebook: NotebookNode, task: str, name: str, findings: Findings) -> None:
    checked = False
    for number, cell in enumerate(notebook.cells, start=1):
        checked = checked or task_of(cell) == task
        if cell.cell_type == "code" and _defines(cell.source, name):
            errors = [out for out in cell.outputs if out.output_type == "error"]
            if errors:
                said = shown(f"{errors[0].ename}: {errors[0].evalue}")
                findings.add("failed cell", f"cell {number}, which defines {name}, ended with {said}")
            elif checked:
                findings.add("defined too late", f"{name}, in cell {number}, is used by the answer to {task}")


def _defines(source: str, name: str) -> bool:
    """Whether code defines a name, as far as its lines show, since it may be no plain Python."""
    defines = rf"(?m)^\s*(?:(?:async\s+)?def|class)\s+{name}\b|^\s*{name}\s*(?::[^=\n]*)?=[^=]|\bimport\b.*\b{name}\b"
    return bool(re.search(defines, source))
