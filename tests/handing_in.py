"""What the tests of intake share: a student's notebook, handing it in, and what its checks would see."""

import contextlib
import io
import json
import textwrap

import nbformat

from autograder.cells import task_of
from autograder.code import MAGIC
from autograder.gradebook.handed_in import handed_in
from autograder.intake import checks_in, released, take_in
from autograder.intake.files import STAMP, note_in
from course.check import load

UNIT = load("numeric_gradient")
RELEASE = released(UNIT)
RIGHT = dict.fromkeys(UNIT.tasks, "right")


def answer(name, says="right", more=""):
    """An answer that can be recognised: it returns a text."""
    return f"def {name}(*inputs):\n{more}    return {says!r}"


def unanswered(unit=UNIT):
    """The released notebook as JSON data."""
    return json.loads(json.dumps(released(unit)))


def answered(unit=UNIT, says="right"):
    """The released notebook as JSON data, with every answer written."""
    notebook = unanswered(unit)
    for cell in notebook["cells"]:
        if cell["id"].startswith("answer_"):
            cell["source"] = answer(cell["id"].removeprefix("answer_"), says)
    return notebook


def cell_of(notebook, identity):
    return next(cell for cell in notebook["cells"] if cell.get("id") == identity)


def place_of(notebook, identity):
    return notebook["cells"].index(cell_of(notebook, identity))


def code(source, **more):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None} | more


def folder_of(tmp_path, unit=UNIT):
    folder = tmp_path / "s" / unit.assignment
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def taken(tmp_path, notebook, unit=UNIT, release=RELEASE):
    """The submission of a notebook given as a notebook, JSON data, text or bytes."""
    if isinstance(notebook, nbformat.NotebookNode | dict):
        notebook = json.dumps(notebook)
    data = notebook if isinstance(notebook, bytes) else notebook.encode()
    (folder_of(tmp_path, unit) / f"{unit.name}.ipynb").write_bytes(data)
    return take_in(unit, "s", folder_of(tmp_path, unit), release)


def names(submission):
    """nbgrader's names of the cells, in their order."""
    return [cell.metadata.nbgrader.grade_id for cell in submission.notebook.cells if "nbgrader" in cell.metadata]


def found(submission):
    return {finding.name for finding in submission.findings}


def require_sound(submission, unit=UNIT, release=RELEASE):
    """Make sure that the notebook can be written and run, and has each check once, as released, after its answers."""
    cells = submission.notebook.cells
    nbformat.validate(submission.notebook)
    nbformat.writes(submission.notebook).encode("utf-8")
    assert len({cell.id for cell in cells}) == len(cells)
    known = {cell.metadata.nbgrader.grade_id: cell for cell in release.cells if "nbgrader" in cell.metadata}
    points = sorted((name, cell.metadata.nbgrader.points) for name, cell in checks_in(submission.notebook))
    assert points == sorted((task.name, task.points) for task in unit.tasks.values())
    order = names(submission)
    assert len(set(order)) == len(order)
    for cell in cells:
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count) == ([], None)
        if name := cell.metadata.get("nbgrader", {}).get("grade_id"):
            assert cell.metadata == known[name].metadata and cell.id == known[name].id
            assert cell.source == known[name].source or not known[name].metadata.nbgrader.locked
    for name, task in unit.tasks.items():
        assert order.count(name) == 1
        assert all(order.index(f"answer_{a}") < order.index(name) for a in task.answers if f"answer_{a}" in order)
    assert all(len(str(finding).splitlines()) == 1 and str(finding).isprintable() for finding in submission.findings)
    assert len(found(submission)) == len(submission.findings)


def seen_by_checks(submission):
    """What each task's answers return when its check runs, if the student's cells and the named ones are run."""
    scope: dict = {}
    seen: dict = {}
    given = {cell.source for cell in RELEASE.cells if "nbgrader" not in cell.metadata}
    for cell in submission.notebook.cells:
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            if task := task_of(cell):
                seen[task] = "nothing"
                seen[task] = scope[task]()
            elif cell.cell_type == "code" and cell.source not in given:
                exec(textwrap.dedent(MAGIC.sub(r"\1pass", cell.source)), scope)
    return seen


def came_of(folder):
    """When a submission was handed in, and who says so."""
    return handed_in(folder, note_in(folder, STAMP))
