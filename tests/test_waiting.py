"""Cells that need an answer which is not written yet: they wait, and "Run All" runs all. In real kernels."""

import os

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from own_kernels import forked, in_kernel, started  # noqa: F401
from sampled import few
from waiting import PATIENCE

from autograder.course import NOTEBOOKS, PROJECT, notebook_path
from course import UNITS
from course.check import load
from course.settings import GRADING

SETUP = "from course.check import Check\ncheck = Check('numeric_gradient')"
STUB = "def jacobian(f, x, h=1e-5):\n    raise NotImplementedError('write your answer here')"
NOTE = "This cell waits for your answer to jacobian: write it, then run the cell again."


def ran(*cells, stop=True, **environment):
    """The cells of a notebook after "Run All", which stops at the first error."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=PATIENCE, allow_errors=not stop).execute(env=os.environ | environment)
    return notebook.cells


def said(cell):
    return "".join(out.get("text", "") or out.get("data", {}).get("text/plain", "") for out in cell.outputs)


def test_a_cell_waits_for_a_stub_and_others_for_what_it_would_have_defined():
    *_, waits, other, third, check, awaiting, last = ran(
        SETUP,
        STUB,
        "slopes = jacobian(abs, 1)",
        "def total():\n    return sum(slopes)\nsteepest = total()",
        "print(steepest)",
        "check('jacobian')",
        "await __import__('asyncio').sleep(0)\nlater = jacobian(abs, 1)",
        "print('the end')",
    )
    assert said(awaiting) == NOTE
    assert said(waits) == NOTE and "border-left" in waits.outputs[0].data["text/html"]
    assert said(other) == "This cell waits for a cell above it that defines slopes, which waits for jacobian."
    assert said(third) == "This cell waits for a cell above it that defines steepest, which waits for jacobian."
    assert "not answered yet" in said(check) and said(last) == "the end\n"


def test_a_cell_that_waited_runs_once_the_answer_is_written():
    cells = ran(SETUP, STUB, "slopes = jacobian(abs, 1)", STUB.split("\n")[0] + "\n    return 7", "jacobian(abs, 1)")
    assert said(cells[-1]) == "7"


@pytest.mark.parametrize(
    "wrong",
    [
        "print(slops)",
        "raise NotImplementedError('write your answer here')",
        "raise NotImplementedError('jacobian')",
        "def mine():\n    raise NotImplementedError('write your answer here')\nmine()",
        "def mine():\n    slopes += 1\nmine()",
        "1 / 0",
    ],
)
def test_an_error_of_the_students_own_is_still_an_error(wrong):
    with pytest.raises(CellExecutionError):
        ran(SETUP, STUB, "slopes = jacobian(abs, 1)", wrong)


def test_a_name_waits_no_longer_than_its_answer():
    written = "def jacobian(f, x, h=1e-5):\n    return 7"
    with pytest.raises(CellExecutionError, match="name 'slopes' is not defined"):
        ran(SETUP, STUB, "slopes = jacobian(abs, 1)", written, "print(slopes)")


def test_the_traceback_of_an_ordinary_error_is_ipythons():
    """With the lines of the cell, the innermost last, as in a kernel without our handler."""
    wrong = "def mine():\n    return undefined\n\nmine()"
    ours, plain = (ran(first, wrong, stop=False)[1].outputs[0] for first in (SETUP, "pass"))
    assert (ours.ename, ours.evalue, len(ours.traceback)) == (plain.ename, plain.evalue, len(plain.traceback))
    assert "undefined" in ours.traceback[-2]


def test_where_notebooks_are_graded_cells_fail():
    *_, fails, check = ran(SETUP, STUB, "jacobian(abs, 1)", "check('jacobian')", stop=False, **{GRADING: "yes"})
    assert fails.outputs[0].ename == "NotImplementedError" and "by the grader" in said(check)


def test_a_check_still_says_why_an_answer_is_not_defined():
    first = "start = jacobian(abs, 1)\n\ndef complex_step(f, x, h=1e-20):\n    return start"
    cells = ran(SETUP, STUB, first, "check('complex_step')")
    assert said(cells[2]) == NOTE and "its cell ended with NotImplementedError" in said(cells[3])


def test_checks_made_again_wait_once():
    cells = ran(SETUP, SETUP, "from course.check import Check\nwords = Check('start_here')", STUB, "jacobian(abs, 1)")
    assert said(cells[-1]) == NOTE and len(cells[-1].outputs) == 1


def test_a_students_own_handler_stays():
    own = "get_ipython().set_custom_exc((NameError,), lambda *given, **named: print('mine'))"
    cells = ran(own, SETUP, "undefined", stop=False)
    assert said(cells[2]) == "mine\n"


def test_cells_wait_in_a_students_warm_kernel(started):  # noqa: F811
    started("course.check")

    async def run(km, client):
        assert forked(km)
        for source in (SETUP, STUB, "jacobian(abs, 1)"):
            reply = await client.execute_interactive(source, output_hook=lambda message: None, timeout=PATIENCE)
            assert reply["content"]["status"] == "ok", reply["content"]
        return reply["content"]["execution_count"]

    assert in_kernel(run) == 3


def run_released(name, folder, **more):
    notebook = nbformat.read(PROJECT / notebook_path(load(name), NOTEBOOKS), as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    allowed = bool(more)
    NotebookClient(notebook, timeout=600, allow_errors=allowed, resources=resources).execute(env=os.environ | more)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", few(UNITS, ("start_here", "numeric_gradient").__contains__))
def test_a_released_notebook_without_any_answer_runs_to_its_end(name, tmp_path):
    """It stops at no error. The cells that wait are those that fail where nothing waits."""
    waiting = [cell.id for cell in run_released(name, tmp_path) if "This cell waits for" in said(cell)]
    failing = run_released(name, tmp_path, **{GRADING: "yes"})
    assert waiting == [cell.id for cell in failing if any(out.output_type == "error" for out in cell.outputs)]
    assert waiting or name == "start_here"
