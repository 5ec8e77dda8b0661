"""Assignments that are no units of the course: with our settings nbgrader marks them as it does without."""

import shutil

import nbformat
import pytest
from plain_course import EXAMPLE, ODD, add_odd, hand_in_all, marks, run

from autograder.course import PROJECT

pytestmark = pytest.mark.exhaustive

OURS = PROJECT / "autograder"
ASSIGNMENTS = ("ps1", "ps1_autotest", "odd")
SETTINGS = """
c = get_config()
c.LateSubmissionPlugin.penalty_method = "zero"
c.Execute.startup_timeout = 300
c.Execute.timeout = 8
c.Execute.iopub_timeout = 60  # a busy machine is no fault
"""


def course(root, settings=SETTINGS):
    """A course folder with both assignments, nobody's submissions, and settings of its own."""
    shutil.copytree(EXAMPLE / "source", root / "source")
    shutil.copy(EXAMPLE / "autotests.yml", root)
    add_odd(root)
    (root / "nbgrader_config.py").write_text(settings)
    return root


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Two course folders with the same submissions: one that stock nbgrader graded, and one with our settings."""
    nothing = tmp_path_factory.mktemp("nothing")
    stock, ours = (course(tmp_path_factory.mktemp(name)) for name in ("stock", "ours"))
    for root, config in ((stock, nothing), (ours, OURS)):
        for assignment in ASSIGNMENTS:
            run(root, "generate_assignment", assignment, config=config)
        hand_in_all(root, stock / "release")
        for assignment in ASSIGNMENTS:
            run(root, "autograde", assignment, config=config)
            run(root, "generate_feedback", assignment, config=config)
    return stock, ours


def test_releases_are_the_same(graded):
    stock, ours = ({path.relative_to(root): path for path in root.glob("release/*/*")} for root in graded)
    assert stock.keys() == ours.keys() and len(stock) == 11
    for name, path in stock.items():
        if name.suffix == ".ipynb":
            read = [nbformat.read(one, as_version=4) for one in (path, ours[name])]
            shown = [[(one.cell_type, one.source, one.metadata) for one in notebook.cells] for notebook in read]
            assert shown[0] == shown[1], name
        else:
            assert path.read_bytes() == ours[name].read_bytes()


def test_marks_are_the_same_for_every_cell(graded):
    stock, ours = map(marks, graded)
    assert len(stock) > 200
    differing = {key: (stock.get(key), ours.get(key)) for key in stock | ours if stock.get(key) != ours.get(key)}
    assert not differing


def test_the_class_is_marked_as_it_was_meant(graded):
    """Otherwise two empty tables would be equal."""
    noted = marks(graded[1])
    points = {student: noted[student, "odd"][0] for student in ODD}
    assert noted["solved", "ps1_autotest"][0] > noted["blank", "ps1_autotest"][0]
    assert points["blank"] == points["blank_passes"] == points["lying"] < points["half"] < points["right"]
    assert points["passes"] == points["retyped"] == points["right"]
    assert noted["endless", "odd", "first", "test_root"][0] == 0 and noted["right", "odd", "first", "test_root"][0] == 2
    assert (
        noted["half", "odd", "first", "test_share"][0] == 0.5 and noted["noisy", "odd", "first", "test_share"][0] == 0
    )
    assert noted["half", "odd", "first", "test_helper"][0] == 1


def test_outputs_are_the_same(graded):
    """Only outputs that can be the same are compared: a traceback, for example, names the file that held the cell."""
    for student in ("right", "noisy", "lying"):
        texts = []
        for root in graded:
            notebook = nbformat.read(root / "autograded" / student / "odd" / "first.ipynb", as_version=4)
            texts.append([(one.source, shown_of(one)) for one in notebook.cells])
        assert texts[0] == texts[1]


def shown_of(cell):
    kinds = {"stream": lambda out: out.name + out.text, "error": lambda out: out.ename + out.evalue}
    return [kinds.get(out.output_type, lambda out: out.data["text/plain"])(out) for out in cell.get("outputs", [])]


def test_feedback_shows_the_marks(graded):
    for root in graded:
        page = (root / "feedback" / "half" / "odd" / "first.html").read_text()
        assert "Score: 0.5 / 2.0" in " ".join(page.split())
