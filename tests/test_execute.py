"""Running notebooks that misbehave, in real kernels: each ends at its limit, and what was earned before stays."""

import nbformat
import psutil
import pytest

from autograder.execute import Job, execute
from autograder.intake import released
from course.check import load

UNIT = load("start_here")


@pytest.fixture(autouse=True)
def no_kernel_is_left():
    """Whatever a notebook did, its kernel is gone when execute returns."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def run(tmp_path, *cells, cell_seconds=2.0, total_seconds=60.0):
    """Execute the released notebook, solved, with cells put in behind its check."""
    notebook = released(UNIT)
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "mean_of_squares")
    notebook.cells[place - 1].source = UNIT.reference_source("mean_of_squares")
    notebook.cells[place + 1 : place + 1] = [nbformat.v4.new_code_cell(source) for source in cells]
    seeds, limits = {"mean_of_squares": 1}, {"mean_of_squares": 30.0}
    job = Job(UNIT.name, nbformat.writes(notebook), tmp_path, seeds, limits, cell_seconds, total_seconds)
    return execute(job)


def texts(execution):
    cells = nbformat.reads(execution.notebook, as_version=4).cells
    return "".join(out.get("text", "") for cell in cells if cell.cell_type == "code" for out in cell.outputs)


def test_an_endless_cell_is_interrupted_and_the_rest_still_runs(tmp_path):
    done = run(tmp_path, "while True: pass", "print('after' + 'wards')")
    assert [name for name, _ in done.findings] == ["time limit"] and "afterwards" in texts(done)
    assert set(done.observations) == {"mean_of_squares"} and not done.stopped


def test_a_cell_that_ignores_interrupts_is_stopped(tmp_path):
    done = run(tmp_path, "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass")
    assert "did not stop" in done.stopped and ("kernel stopped", done.stopped) in done.findings
    assert set(done.observations) == {"mean_of_squares"}


def test_the_whole_notebook_has_a_limit(tmp_path):
    done = run(tmp_path, *["import time; time.sleep(1)"] * 20, total_seconds=6)
    assert done.stopped == "the notebook took longer than 6 s" and set(done.observations) == {"mean_of_squares"}


@pytest.mark.parametrize("death", ["import os; os._exit(3)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_dead_kernel_is_named(tmp_path, death):
    done = run(tmp_path, death)
    assert [name for name, _ in done.findings] == ["dead kernel"] and set(done.observations) == {"mean_of_squares"}


def test_a_kernel_sees_the_submitted_files_but_no_links_and_no_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    (tmp_path / "helper.py").write_text("word = 'imported'")
    (tmp_path / "elsewhere").symlink_to("/etc/passwd")
    done = run(tmp_path, "import helper, os; print(helper.word, os.listdir(), os.environ.get('SECRET_TOKEN'))")
    assert "imported ['helper.py" in texts(done) and "None" in texts(done) and "elsewhere" not in texts(done)


def test_forged_and_misplaced_observations_are_not_taken(tmp_path):
    forge = "from IPython.display import display\n" + (
        "display({'application/vnd.gradients.observations+json': {'a vector': None}}, raw=True)"
    )
    done = run(tmp_path, forge)
    assert all(isinstance(value, dict) for value in done.observations["mean_of_squares"].values())
