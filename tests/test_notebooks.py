"""Every solved notebook runs clean; every student's notebook waits only where an answer is still unwritten."""

import nbformat
import pytest
from nbclient import NotebookClient
from sampled import few

from autograder.course import NOTEBOOKS, PROJECT, SOLUTIONS, notebook_path
from autograder.running.execute import CHECKS_ALL
from course import UNITS
from course.check import load

KEPT = few(UNITS, ("start_here", "numeric_gradient").__contains__)
"""``test_classes.py`` runs every worked notebook too, in the sandbox."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a unit's notebook in a kernel and return it with its outputs; each is run once."""
    done = {}

    def run_once(name, folder):
        if (name, folder) not in done:
            notebook = nbformat.read(PROJECT / notebook_path(load(name), folder), as_version=4)
            work = tmp_path_factory.mktemp(name)
            resources = {"metadata": {"path": str(work)}}
            client = NotebookClient(
                notebook, timeout=600, allow_errors=True, resources=resources, coalesce_streams=True
            )
            client.execute()
            done[name, folder] = notebook
        return done[name, folder]

    return run_once


def outputs(notebook, kind):
    found = [(cell, out) for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    return [(cell, out) for cell, out in found if out.output_type == kind]


def text_of(out):
    return out.get("text", "") or out.get("data", {}).get("text/plain", "")


def table_of_everything(notebook):
    """The lines that ``check.all()`` shows, of which nothing but the table is left in the end."""
    (shown,) = next(cell.outputs for cell in notebook.cells if cell.source == CHECKS_ALL)
    return text_of(shown).splitlines()


@pytest.mark.parametrize("name", KEPT)
def test_solved_notebooks_run_clean_and_earn_all_points(name, run):
    notebook, unit = run(name, SOLUTIONS), load(name)
    assert [out.evalue for _, out in outputs(notebook, "error")] == []
    assert [out.text for _, out in outputs(notebook, "stream") if out.name == "stderr"] == []
    points = {
        cell.metadata.nbgrader.grade_id: float(text_of(out))
        for cell, out in outputs(notebook, "execute_result")
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert points == {task.name: task.points for task in unit.tasks.values()}
    everything = table_of_everything(notebook)
    tasks = len(unit.tasks)
    total = f"{unit.points:g} of {unit.points:g}" if unit.points else f"{tasks} of {tasks} tasks right"
    assert everything[-1].split() == ["total", *total.split()]
    assert all(line.endswith("right") for line in everything[:-1]) and len(everything) == tasks + 1


@pytest.mark.parametrize("name", KEPT)
def test_unsolved_notebooks_wait_for_unwritten_answers(name, run):
    notebook, unit = run(name, NOTEBOOKS), load(name)
    assert outputs(notebook, "error") == []
    shown = [text_of(out) for cell, out in outputs(notebook, "display_data") if cell.id in unit.tasks]
    assert len(shown) == len(unit.tasks) and all("not answered yet" in text for text in shown)
    assert all(line.endswith("not answered yet") for line in table_of_everything(notebook)[:-1])


@pytest.mark.parametrize("name", KEPT)
def test_pictures_have_alt_text_and_take_the_colour_of_the_text(name, run):
    html = [out.data["text/html"] for kind in ("display_data", "execute_result")
            for _, out in outputs(run(name, SOLUTIONS), kind) if "<svg" in out.data.get("text/html", "")]  # fmt: skip
    assert html or name == "start_here"
    for svg in html:
        assert 'role="img"' in svg and 'aria-label="' in svg
        assert "currentColor" in svg and "#000000" not in svg


def printed(notebook):
    return "\n".join(text_of(out) for kind in ("stream", "execute_result") for _, out in outputs(notebook, kind))


def test_figures_of_numeric_gradient(run):
    text = printed(run("numeric_gradient", SOLUTIONS))
    for figure in (
        "f = -12.00004",
        "f = -11.99997",
        "-0.00004",
        "3.0e-09",
        "at -2: 0",
        "numeric 0.0e+00, relative error 1.00",
        "numeric 6.5e-01",
        "the top of a sine    too small to compare",
        "at a kink            kink",
        "a lost factor        wrong gradient",
        "473.97",
        "473.71",
        "301 calls",
        "600 calls",
    ):
        assert figure in text, figure
    assert text.count("f = -12.00004") == 2 and "np.float64(-12.0)" in text


def test_figures_of_manual_backprop(run):
    text = printed(run("manual_backprop", SOLUTIONS))
    for figure in ("0.731059", "0.313262", "0.2689414213699951", "0.537883", "-12", "dg/du = 6.0", "-ln P = inf"):
        assert figure in text, figure
