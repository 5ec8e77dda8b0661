"""``check("task")`` as a student calls it, outside a notebook: text on the terminal, points as its value."""

import json
import re
import sys
from types import ModuleType

import nbformat
import pytest
from nbclient import NotebookClient
from pages import parsed

from course.check import Check, Part, State, Verdict, load
from course.check.progress import Progress
from course.check.verdict import SIGNS

UNIT = load("numeric_gradient")


@pytest.fixture
def notebook(monkeypatch):
    """An empty ``__main__`` in which code can be run as a notebook's cells are."""
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    return lambda source: exec(compile(source, "<cell>", "exec"), vars(module))


def test_a_right_answer(notebook, capsys):
    notebook("import numpy as np\n" + UNIT.reference_source("central_difference"))
    assert Check("numeric_gradient")("central_difference") == 2.0
    said = capsys.readouterr().out
    assert "central_difference: right, 2 of 2 points" in said and "✓ whole numbers" in said


def test_a_known_mistake_is_named_with_its_hint(notebook, capsys):
    notebook("import numpy as np\n" + UNIT.reference_source("central_difference").replace("/ (2 * h)", "/ h"))
    assert Check("numeric_gradient")("central_difference") == 0.0
    said = capsys.readouterr().out
    assert "Looks like: divided by h instead of 2h" in said and "Hint: x + h and x - h lie 2h apart" in said


def test_the_line_that_raised_is_shown(notebook, capsys, tmp_path):
    source = "def central_difference(f, x, h=1e-5):\n    y = x\n    return y / undefined\n"
    (tmp_path / "cell.py").write_text(source)
    notebook(f"exec(compile({source!r}, {str(tmp_path / 'cell.py')!r}, 'exec'), globals())")
    assert Check("numeric_gradient")("central_difference") == 0.0
    assert "NameError: name 'undefined' is not defined, in line 3: return y / undefined" in capsys.readouterr().out


def test_an_unwritten_answer(notebook, capsys):
    notebook("def central_difference(*args): raise NotImplementedError('write your answer here')")
    assert Check("numeric_gradient")("central_difference") == 0.0
    assert capsys.readouterr().out.splitlines() == [
        "central_difference: not answered yet, 0 of 2 points",
        "points so far: 0 of 10, 0 of 6 tasks right",
        'Stuck? check.borrow("central_difference") lends the answer, for half of its points.',
    ]


def test_points_rise_with_every_task_and_fall_when_an_answer_is_spoilt(notebook, capsys):
    check = Check("numeric_gradient")
    notebook("import numpy as np\n" + UNIT.reference_source("central_difference"))
    check("central_difference")
    assert capsys.readouterr().out.endswith("points so far: 2 of 10, 1 of 6 tasks right\n")
    notebook(UNIT.reference_source("jacobian"))
    check("jacobian")
    assert capsys.readouterr().out.endswith("points so far: 4.5 of 10, 2 of 6 tasks right\n")
    notebook("def central_difference(f, x, h=1e-5): return x")
    check("central_difference")
    assert capsys.readouterr().out.endswith("points so far: 2.5 of 10, 1 of 6 tasks right\n")


def test_a_unit_without_points_counts_its_tasks(notebook, capsys):
    notebook("import numpy as np\n" + load("start_here").reference_source("mean_of_squares"))
    Check("start_here")("mean_of_squares")
    assert capsys.readouterr().out.endswith("\nso far: 1 of 1 tasks right\n")


def test_all_tasks_in_one_table(notebook, capsys):
    notebook("import numpy as np\n" + UNIT.reference_source("forward_difference"))
    notebook(UNIT.reference_source("central_difference").replace("/ (2 * h)", "/ h"))
    notebook("def complex_step(*args): raise NotImplementedError('write your answer here')")
    notebook("def relative_error(a, b): return undefined")
    Check("numeric_gradient").all()
    table = capsys.readouterr().out.splitlines()
    assert [re.split(r"  +", line, maxsplit=3) for line in table] == [
        ["forward_difference", "1.5 of 1.5", "right"],
        ["central_difference", "0 of 2", "not right yet",
         "Looks like: divided by h instead of 2h. x + h and x - h lie 2h apart, so divide by 2h."],
        ["complex_step", "0 of 1.5", "not answered yet"],
        ["relative_error", "0 of 1", "not right yet",
         "Line 1 of the answer: the name undefined has no value there. Is it misspelt, or a name of another cell?"],
        ["why_it_fails", "0 of 1.5", "not defined yet",
         "NameError: why_it_fails is not defined: run the cell that defines it"],
        ["jacobian", "0 of 2.5", "not defined yet",
         "NameError: jacobian is not defined: run the cell that defines it"],
        ["total", "1.5 of 10"],
    ]  # fmt: skip


def test_a_verdict_of_an_earlier_version_is_read():
    """When parts had no states, but were right or had a reason."""
    reasons = {
        State.RIGHT: "",
        State.UNANSWERED: "NotImplementedError: write your answer here, in line 3: raise",
        State.UNDEFINED: "NameError: jacobian is not defined; run the cell that defines it first",
        State.WRONG: "expected 1, got 2",
    }
    parts = [{"name": state, "right": state is State.RIGHT, "reason": reason} for state, reason in reasons.items()]
    old = {"task": "jacobian", "points": 1.0, "max_points": 3.0, "parts": parts, "mistake": None, "hint": ""}
    verdict = Verdict.from_json(old)
    assert [part.state for part in verdict.parts] == list(reasons)
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict
    for forged in ({"name": "a", "right": "yes", "reason": ""}, {"name": "a", "right": 1, "reason": ""}):
        assert not Verdict.from_json(old | {"parts": [forged]}).right
    for unknown in ({"name": "a", "state": "good", "reason": ""}, {"name": "a"}):
        with pytest.raises((ValueError, KeyError)):
            Verdict.from_json(old | {"parts": [unknown]})


HOSTILE = "</td><script>alert(1)</script><img src=x onerror='alert(1)'>\""


def test_what_a_student_wrote_is_text_in_the_page():
    verdict = Verdict("jacobian", 0, 3, (Part(HOSTILE, State.WRONG, HOSTILE),), HOSTILE, HOSTILE)
    for page in (verdict._repr_html_(), Progress(UNIT, {"jacobian": verdict})._repr_html_()):
        seen = parsed(page)
        assert not seen(["script", "img"]) and HOSTILE in seen.get_text()
        assert len(seen("td")) == page.count("</td>") and "<script" not in page


def luminance(color):
    """Relative luminance of a colour, as WCAG 2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("state", SIGNS)
def test_states_can_be_read_on_white_and_on_the_dark_grounds_of_jupyterlab_and_vs_code(state):
    _, color = SIGNS[state]
    assert contrast("#ffffff", color) >= 4.5  # the letters, which bring this colour as their ground
    for ground in ("#ffffff", "#f5f5f5", "#111111", "#212121", "#1e1e1e", "#1f1f1f"):
        assert contrast(color, ground) >= 3  # the line at the left


def test_an_unknown_task_or_unit_is_an_error_that_lists_what_there_is():
    with pytest.raises(LookupError, match="no task called 'nonsense'; its tasks are forward_difference"):
        Check("numeric_gradient")("nonsense")
    with pytest.raises(LookupError, match="no unit is called 'nonsense'; the units are start_here"):
        Check("nonsense")
    assert repr(Check("start_here")) == "the checks of start_here: mean_of_squares"


def test_a_cell_that_failed_is_told_with_its_error():
    """In a real kernel: a cell that Python cannot read, one whose import fails, one that was not run."""
    cells = [
        "from course.check import Check\ncheck = Check('numeric_gradient')",
        "def jacobian(f, x, h=1e-5):\n    return (f(x",
        "check('jacobian')",
        "import no_such_module\n\ndef relative_error(a, b):\n    return 1",
        "check('relative_error')",
        "check('complex_step')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, allow_errors=True).execute()
    said = ["".join(out.get("data", {}).get("text/plain", "") for out in cell.outputs) for cell in notebook.cells]
    assert (
        "jacobian is not defined: its cell ended with SyntaxError: " in said[2] and "in line 2: return (f(x" in said[2]
    )
    assert "its cell ended with ModuleNotFoundError: No module named 'no_such_module', in line 1" in said[4]
    assert "complex_step is not defined: run the cell that defines it" in said[5]
