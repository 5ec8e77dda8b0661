"""A course's nbgrader settings hold for its plain assignments; units and plain assignments may share a folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from commands import submission
from nbformat.v4 import new_notebook
from plain_course import PYTHON, RIGHT, add_odd, cell, hand_in, marks, run
from sampled import rest

from autograder.course import PROJECT
from autograder.records import Records
from course.check import load

OURS = PROJECT / "autograder"
UNIT = load("numeric_gradient")
FULL = sum(task.points for task in UNIT.tasks.values())
SETTINGS = """
c = get_config()
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput", "own_steps.Handed", "nbgrader.preprocessors.OverwriteCells",
]
c.Autograde.pre_convert_hook = "own_steps.hook"
c.Autograde.exclude_overwriting = {"set": ["own.py"]}
c.ClearSolutions.begin_solution_delimeter = "# FROM HERE"
c.ClearSolutions.end_solution_delimeter = "# TO HERE"
c.ClearSolutions.code_stub = {"python": "todo = None"}
c.OverwriteCells.add_missing_cells = True
c.Execute.extra_arguments = ["--InteractiveShell.ast_node_interactivity=all"]
c.Execute.error_on_timeout = {"ename": "Late", "evalue": "too late", "traceback": []}
c.Execute.timeout = 10
c.Execute.startup_timeout = 300
c.Execute.iopub_timeout = 60
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "harmless"
"""
PRESS = """
import asyncio, sys
from pathlib import Path
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from autograder.course import nbgrader_config

async def press():
    config = nbgrader_config(Path(sys.argv[1]))
    return NbGraderAPI(CourseDirectory(config=config), config=config).autograde("odd", "ann")

print(asyncio.run(press()))
"""
OWN_STEPS = """
from pathlib import Path
from nbgrader.preprocessors import NbGraderPreprocessor

def hook(assignment, student, notebooks):
    Path("hooked").touch()

class Handed(NbGraderPreprocessor):
    def preprocess_cell(self, cell, resources, index):
        cell.source = cell.source.replace("return None", "return 1")
        return cell, resources
"""
CELLS = [
    cell("one", "def one():\n    # FROM HERE\n    return 1\n    # TO HERE", solution=True),
    cell("test_one", "0.25\none() / 2", 1, locked=True),
    cell("test_warned", "import sys\none()\nprint('harmless', file=sys.stderr)", 1, locked=True),
    cell("test_own", "import own\nassert own.x == 'the student\\'s'", 1, locked=True),
    cell("test_late", "import time\ntime.sleep(600)", 1, locked=True),
    cell("test_deleted", "assert one() == 1", 1, locked=True),
]


def with_set(root):
    """A course folder that sets a lot, with the assignment ``set`` and one submission."""
    folder = root / "source" / "set"
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=CELLS, metadata={"kernelspec": PYTHON}), folder / "set.ipynb")
    (folder / "own.py").write_text("x = 'the source'\n")
    (root / "own_steps.py").write_text(OWN_STEPS)
    (root / "nbgrader_config.py").write_text(SETTINGS)
    return root


def answered(notebook):
    assert notebook.cells[0].source == "def one():\n    todo = None"
    notebook.cells[0].source = "def one():\n    return None"
    del notebook.cells[-1]


@pytest.mark.exhaustive
def test_a_course_s_own_settings_hold(tmp_path):
    """Steps, delimiters, hooks and what Execute is told: each of them changes a mark here."""
    noted: list = []
    for config in (tmp_path / "nothing", OURS):
        root = with_set(tmp_path / f"course_{len(noted)}")
        run(root, "generate_assignment", "set", config=config)
        handed = hand_in(root, "set", "ann", answered, root / "release")
        (handed / "own.py").write_text("x = 'the student\\'s'\n")
        run(root, "autograde", "set", config=config)
        assert (root / "hooked").exists()
        noted.append(marks(root))
        notebook = nbformat.read(root / "autograded" / "ann" / "set" / "set.ipynb", as_version=4)
        late = next(one for one in notebook.cells if one.source.endswith("sleep(600)"))
        assert "Late" in [output.get("ename") for output in late.outputs]
    assert noted[0] == noted[1]
    assert [noted[1]["ann", "set", "set", name][0] for name in ("test_one", "test_own", "test_late")] == [0.25, 1, 0]
    assert noted[1]["ann", "set", "set", "test_deleted"][0] == 1


def mixed(root, place):
    """A course folder with a unit and a plain assignment in the folder ``place``, and an answer to each."""
    add_odd(root)
    if place != "source":
        (root / "source").rename(root / place)
    shutil.copytree(PROJECT / "solutions" / UNIT.assignment, root / place / UNIT.assignment)
    return root


def of_both(root, config, student="ann"):
    """Generate and hand in both assignments of a mixed folder."""
    release = root / ("release" if (root / "source").is_dir() else "notebooks")
    for assignment in ("odd", UNIT.assignment):
        run(root, "generate_assignment", assignment, config=config)
    made = release / UNIT.assignment / f"{UNIT.name}.ipynb"
    assert made.read_bytes() == (PROJECT / "notebooks" / UNIT.assignment / f"{UNIT.name}.ipynb").read_bytes()
    assert "raise NotImplementedError()" in (release / "odd" / "first.ipynb").read_text()
    renamed = submission(root / "submitted", student, {name: UNIT.reference_source(name) for name in UNIT.tasks})
    renamed.rename(renamed.with_name("mine.ipynb"))
    hand_in(root, "odd", student, RIGHT, release)


def require_both(root, student="ann"):
    noted = marks(root)
    assert noted[student, UNIT.assignment][0] == FULL
    record = Records(root, UNIT).read(student)
    assert record and record.isolation == "strict"
    assert noted[student, "odd"][:2] == (14.5, 20)
    assert noted[student, "odd", "first", "test_share"][0] == 2


@pytest.mark.parametrize("place", [rest("source"), rest("solutions")])
def test_units_and_plain_assignments_share_a_folder(tmp_path, place):
    root = mixed(tmp_path, place)
    of_both(root, OURS)
    for assignment in ("odd", UNIT.assignment):
        run(root, "autograde", assignment, config=OURS)
    require_both(root)
    for assignment in ("odd", UNIT.assignment):
        run(root, "generate_feedback", assignment, config=OURS)
    assert "Score: 2.0 / 2.0" in " ".join((root / "feedback" / "ann" / "odd" / "first.html").read_text().split())


@pytest.mark.exhaustive
def test_a_lab_s_course_holds_both(tmp_path):
    """With the settings that ``make_course.sh`` copies, started elsewhere; and formgrader's button, within its loop."""
    root = mixed(tmp_path / "vision", "source")
    shutil.copy(PROJECT / "lab" / "graders_nbgrader_config.py", root / "nbgrader_config.py")
    of_both(root, root)
    run(tmp_path, "autograde", UNIT.assignment, config=root)

    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    words = [sys.executable, "-c", PRESS, str(root)]
    done = subprocess.run(words, env=os.environ | {"PATH": path}, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "True" in done.stdout, done.stdout + done.stderr
    assert "odd is no unit of the course" in done.stdout
    require_both(root)
