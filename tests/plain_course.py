"""A course folder with plain nbgrader assignments: nbgrader's own example, and one whose cells are odd in many ways."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import nbgrader
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
HELPER = "def double(x):\n    return 2 * x\n"


def run(root, *words, config, check=True, **environment):
    """What an nbgrader command says in a course folder, with the settings in the folder ``config``."""
    programs = Path(sys.executable).parent
    path = os.pathsep.join([str(programs), os.environ["PATH"]])  # nbgrader starts alembic by name
    environment = dict(os.environ, JUPYTER_CONFIG_PATH=str(config), PATH=path, **environment)
    command = [str(programs / "nbgrader"), *words]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=1200, check=False)
    assert not check or done.returncode == 0, done.stderr[-5000:]
    return done.stderr


def cell(name, source, points=None, solution=False, locked=False, make=new_code_cell):
    marks = {"schema_version": 3, "grade_id": name, "grade": points is not None, "solution": solution, "locked": locked}
    return make(source, metadata={"nbgrader": marks | ({} if points is None else {"points": points})})


def first():
    return [
        cell("imports", "import os\nimport helper", locked=True),
        cell("root", "def root(x):\n    # BEGIN SOLUTION\n    return x ** 0.5\n    # END SOLUTION", solution=True),
        cell(
            "test_root",
            "assert root(4) == 2\n### BEGIN HIDDEN TESTS\nassert root(9) == 3\n### END HIDDEN TESTS",
            2,
            locked=True,
        ),
        cell("write", "os.mkdir('kept')\nopen('kept/word.txt', 'w').write('from the first')", locked=True),
        cell("share", "root(1), root(4), root(9)"),
        cell("test_share", "sum(root(x * x) == x for x in range(4)) / 2", 2, locked=True),
        cell("test_word", "'well done' if root(4) == 2 else 0.5", 1, locked=True),
        cell("test_helper", "assert helper.double(root(4)) == 4", 1, locked=True),
        cell("test_stage", "assert os.environ['NBGRADER_EXECUTION'] == 'autograde'", 1, locked=True),
        cell("test_own_module", "import course\nassert course.x == 1", 1, locked=True),
        cell("essay", "YOUR ANSWER HERE", 3, solution=True, make=new_markdown_cell),
        cell("by_hand", "draw = None", 2, solution=True),
    ]


def second():
    return [
        cell(
            "total",
            "def total(path):\n    ### BEGIN SOLUTION\n    return sum(map(float, open(path)))\n    ### END SOLUTION",
            solution=True,
        ),
        cell("test_total", "assert total('data.csv') == 6", 2, locked=True),
        cell("test_file", "assert open('kept/word.txt').read() == 'from the first'", 1, locked=True),
        cell("test_whole", "3.5 if total('data.csv') == 6 else 'half'", 4, locked=True),
    ]


def add_odd(root):
    """Write the assignment ``odd`` into a course folder's ``source``."""
    folder = root / "source" / "odd"
    folder.mkdir(parents=True)
    for name, cells in {"first": first(), "second": second()}.items():
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": PYTHON}), folder / f"{name}.ipynb")
    (folder / "helper.py").write_text(HELPER)
    (folder / "data.csv").write_text("1\n2\n3\n")
    (folder / "course.py").write_text("x = 1\n")


def named(notebook, name):
    return next(one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == name)


def answering(**answers):
    """An edit of released notebooks that fills in answers."""

    def edit(notebook):
        for one in notebook.cells:
            name = one.metadata.get("nbgrader", {}).get("grade_id")
            one.source = answers.get(name, one.source)

    return edit


def tests_replaced(notebook):
    for one in notebook.cells:
        if one.cell_type == "code" and one.metadata.get("nbgrader", {}).get("grade"):
            one.source = "pass"


def points_raised(notebook):
    for one in notebook.cells:
        if "points" in one.metadata.get("nbgrader", {}):
            one.metadata.nbgrader.points = 100


def without_tests(notebook):
    notebook.cells = [one for one in notebook.cells if not one.metadata.get("nbgrader", {}).get("grade")]


def retyped(notebook):
    for one in notebook.cells:
        if one.metadata.get("nbgrader", {}).get("grade") and one.cell_type == "code":
            one["cell_type"] = "markdown"
            del one["outputs"], one["execution_count"]


def noisy(notebook):
    notebook.cells.insert(0, new_code_cell("import sys\nprint('x' * 5000, file=sys.stderr)\n1 / 0"))
    notebook.cells.insert(0, new_code_cell("this is no Python"))
    answering(
        root="def root(x):\n    print('told', file=sys.stderr)\n    return x ** 0.5",
        total="def total(path):\n    print('out')\n    return 6.0",
    )(notebook)


def lying(notebook):
    """Outputs that no kernel sent, also of what is marked."""
    for one in notebook.cells:
        if one.cell_type == "code":
            one.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": "2.0"})]


RIGHT = answering(
    root="def root(x):\n    return x ** 0.5",
    total="def total(path):\n    return sum(map(float, open(path)))",
    essay="Because.",
)
HALF = answering(
    root="def root(x):\n    return 2.0",
    total="def total(path):\n    return 5.0",
)
ENDLESS = answering(
    root="def root(x):\n    while x == 9:\n        pass\n    return x ** 0.5",
    total="def total(path):\n    raise SystemExit",
)


def solved(notebook):
    """The answers of nbgrader's example, as its source has them."""
    for name in ("problem1", "problem2"):
        source = nbformat.read(EXAMPLE / "source" / "ps1_autotest" / f"{name}.ipynb", as_version=4)
        for one in (one for one in source.cells if one.metadata.get("nbgrader", {}).get("solution")):
            answering(**{one.metadata.nbgrader.grade_id: one.source})(notebook)


def both(*edits):
    return lambda notebook: [edit(notebook) for edit in edits]


ODD = {
    "blank": both(),
    "right": RIGHT,
    "half": HALF,
    "endless": ENDLESS,
    "passes": both(RIGHT, tests_replaced),
    "blank_passes": tests_replaced,
    "points": both(HALF, points_raised),
    "deleted": both(RIGHT, without_tests),
    "retyped": both(RIGHT, retyped),
    "noisy": noisy,
    "lying": lying,
}
"""Students of ``odd``, and what they did to the released notebooks."""
AUTOTESTED = {"blank": both(), "solved": solved}
"""The same for the example with autotests."""
EXAMPLES = {"blank": both(), "blank_passes": tests_replaced, "points": points_raised}
"""The same for nbgrader's own example, which has two submissions already."""


def hand_in(root, assignment, student, edit, release):
    folder = root / "submitted" / student / assignment
    shutil.copytree(release / assignment, folder)
    for path in folder.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        edit(notebook)
        nbformat.write(notebook, path)
    (folder / "timestamp.txt").write_text("2026-01-01 00:00:00 UTC")
    return folder


def hand_in_all(root, release):
    """Everybody's submissions of both assignments."""
    shutil.copytree(EXAMPLE / "submitted", root / "submitted")
    for student, edit in EXAMPLES.items():
        hand_in(root, "ps1", student, edit, release)
    for student, edit in AUTOTESTED.items():
        hand_in(root, "ps1_autotest", student, edit, release)
    for student, edit in ODD.items():
        hand_in(root, "odd", student, edit, release)
    (root / "submitted" / "half" / "odd" / "helper.py").write_text("double = lambda x: 4\n")
    (root / "submitted" / "half" / "odd" / "second.ipynb").unlink()
    (root / "submitted" / "blank" / "odd" / "other.ipynb").write_text("{}")


def marks(root):
    """All that nbgrader recorded about each cell: (student, assignment, notebook, cell) -> marks and comments."""
    noted: dict[tuple, object] = {}
    with closing(Gradebook(f"sqlite:///{root}/gradebook.db")) as book:
        for submission in (one for assignment in book.assignments for one in assignment.submissions):
            whose = submission.student.id, submission.assignment.name
            noted[whose] = submission.score, submission.max_score, submission.late_submission_penalty
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    noted[*whose, notebook.name, grade.name] = (
                        grade.auto_score, grade.max_score, grade.needs_manual_grade,
                    )  # fmt: skip
                for comment in notebook.comments:
                    noted[*whose, notebook.name, comment.name, "comment"] = comment.auto_comment
    return noted
