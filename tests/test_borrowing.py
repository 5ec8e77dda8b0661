"""Borrowing an answer: what it costs is the same in practice and in grading. Which calls borrow."""

import json

import nbformat
import pytest
from borrowing import BORROW, RIGHT, WRONG, text_of
from handing_in import code, folder_of, taken, unanswered
from nbclient import NotebookClient
from nbgrading import UNIT
from waiting import PATIENCE

from autograder.course import Course, current
from autograder.findings import Findings, Odd
from autograder.intake.borrowing import borrowed_in
from course.check import Verdict
from course.settings import WrongSetting, borrowed_share_here

SETUP = "import numpy as np\nfrom course.check import Check\ncheck = Check('numeric_gradient')"
STUB = "def jacobian(f, x, h=1e-5):\n    raise NotImplementedError('write your answer here')"


def ran(*cells):
    """What each cell of a notebook shows, as text. Cells may fail."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (SETUP, *cells)])
    NotebookClient(notebook, timeout=PATIENCE, allow_errors=True).execute()
    return ["\n".join(map(text_of, cell.outputs)) for cell in notebook.cells[1:]]


def test_a_borrowed_answer_is_defined_shown_and_earns_half():
    _, before, borrowed, after, total = ran(STUB, "check('jacobian')", BORROW, "check('jacobian')", "check.all()")
    assert 'Stuck? check.borrow("jacobian") lends the answer, for half of its points.' in before
    assert borrowed.startswith("jacobian is borrowed: it earns at most 1.25 of 2.5 points from now on.\n")
    assert RIGHT["jacobian"] in borrowed
    assert after.startswith("jacobian: right, 1.25 of 2.5 points, borrowed: at most 1.25\n") and after.endswith("1.25")
    assert "points so far: 1.25 of 10, 1 of 6 tasks right, 1 borrowed" in after
    assert "right, borrowed: at most 1.25" in total and "total" in total and "1.25 of 10" in total


def test_an_own_answer_after_it_is_marked_and_a_stub_does_not_take_its_place():
    *_, own, again, stub = ran(
        BORROW,
        f"{WRONG}\ncheck('jacobian')",
        f"check = Check('numeric_gradient')\n{RIGHT['jacobian']}\ncheck('jacobian')",
        f"{STUB}\ncheck('jacobian')",
    )
    assert "not right yet, 0 of 2.5 points, borrowed: at most 1.25" in own
    assert "right, 1.25 of 2.5 points, borrowed" in again and "right, 1.25 of 2.5 points, borrowed" in stub


def test_a_misspelt_task_is_a_clear_error():
    (said,) = ran('check.borrow("jacobain")')
    assert "numeric_gradient has no task called 'jacobain'; its tasks are forward_difference" in said


@pytest.mark.parametrize(
    ("text", "share"),
    [("", 0.5), ("borrowed_share = 0.25", 0.25), ("borrowed_share = 0", 0), ("borrowed_share = 1", 1)],
)
def test_the_course_says_the_share_to_grader_and_notebook_alike(text, share, tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text(f'units = ["numeric_gradient"]\n{text}\n')
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert Course.in_folder(tmp_path).borrowed_share == borrowed_share_here() == share
    assert Course().borrowed_share == current().borrowed_share == 0.5


@pytest.mark.parametrize("wrong", ["1.5", "-0.1", "nan", "true", '"half"', "[]"])
def test_a_wrong_share_is_an_error_of_the_file(wrong, tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text(f'units = ["numeric_gradient"]\nborrowed_share = {wrong}\n')
    monkeypatch.chdir(tmp_path)
    for read in (lambda: Course.in_folder(tmp_path), borrowed_share_here):
        with pytest.raises(WrongSetting, match=r"course\.toml: borrowed_share must be a number from 0 to 1"):
            read()


@pytest.mark.parametrize(
    "sources",
    [
        [BORROW],
        ["if False:\n    " + BORROW],
        ["def never():\n    return " + BORROW],
        ["%time " + BORROW],
        ["%%time\n" + BORROW],
        ['mine = Check("numeric_gradient")', 'mine.borrow(task="jacobian")'],
        ["mine = check", 'mine.borrow("jacobian")'],
        ['Check("numeric_gradient").borrow("jacobian")'],
        ['for name in ("jacobian", "jacobian"):\n    check.borrow(name)'],
        ["check = None\n" + BORROW],
    ],
)
def test_a_call_that_is_found_is_a_call_made(sources):
    findings = Findings()
    assert borrowed_in(UNIT, sources, findings) == {"jacobian"} and findings.told() == []


@pytest.mark.parametrize(
    "source",
    [
        "text = 'check.borrow(\"jacobian\")'",
        "# " + BORROW,
        "!echo '" + BORROW + "'",
        "%%writefile notes.py\n" + BORROW,
        'library.borrow("jacobian")',
        'self.check.borrow("jacobian")',
        'borrow("jacobian")',
        'check.borrower("jacobian")',
        "exec('" + BORROW + "')",
    ],
)
def test_innocent_texts_borrow_nothing(source):
    findings = Findings()
    assert borrowed_in(UNIT, [source], findings) == set() and findings.told() == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("check.borrow(name)", "a call without the name"),
        ("lend = check.borrow\nlend('jacobian')", "a call without the name"),
        ("for name in UNIT.tasks:\n    check.borrow(name)", "a call without the name"),
        ("for name in ('jacobian',):\n    pass\ncheck.borrow(name)", "a call without the name"),
        ("check.borrow('jacobian'", "a call without the name"),
        ("check.borrow('jacobain')", "no task is called jacobain"),
    ],
)
def test_what_cannot_be_read_borrows_nothing_and_is_told(source, said):
    findings = Findings()
    assert borrowed_in(UNIT, [source], findings) == set()
    assert [(one.name, said in one.detail) for one in findings.told()] == [(Odd.BORROWING_NOT_READ, True)]


def test_the_check_comes_after_what_borrows_its_answer(tmp_path):
    notebook = unanswered()
    notebook["cells"].append(code(BORROW))
    handed_in = taken(tmp_path, notebook)
    sources = [cell.source for cell in handed_in.notebook.cells]
    assert handed_in.borrowed == {"jacobian"}
    assert sources.index(BORROW) < sources.index('check("jacobian")')
    assert sources.index('check("relative_error")') < sources.index(BORROW)


def test_a_call_written_into_a_locked_cell_is_found(tmp_path):
    notebook = unanswered()
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "jacobian")
    cell["source"] = BORROW + '; check("jacobian")'
    assert taken(tmp_path, notebook).borrowed == {"jacobian"}


def test_a_notebook_that_borrows_is_chosen_before_an_untouched_one(tmp_path):
    borrowing = unanswered()
    borrowing["cells"].append(code(BORROW))
    (folder_of(tmp_path) / "mine.ipynb").write_text(json.dumps(borrowing))
    assert taken(tmp_path, unanswered()).borrowed == {"jacobian"}


def test_verdicts_of_earlier_versions_are_not_borrowed():
    old = {"task": "jacobian", "points": 1.0, "max_points": 3.0, "parts": [], "mistake": None, "hint": ""}
    assert not Verdict.from_json(old).borrowed and Verdict.from_json(old).loan == ""
