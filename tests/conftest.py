"""What several tests share. Kernels are slow to start, so one graded class serves all tests that read it."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from browser import chromium, open_page  # noqa: F401
from faked_nvml import eight, machine, new_process  # noqa: F401
from hypothesis import settings
from own_kernels import started  # noqa: F401
from programs import SANDBOX, found, need
from typer.testing import CliRunner

from autograder.cli import app
from autograder.intake import released
from autograder.kernels import sandbox
from course.check import load

settings.register_profile("course", deadline=None)  # a busy machine is no fault
settings.load_profile("course")


def pytest_configure():
    """Where there is no sandbox, a test that comes to need one is skipped there and then."""
    if not all(found(name) for name in SANDBOX):
        sandbox.require = sandbox.command = lambda *_: need(*SANDBOX)  # type: ignore[assignment]


@dataclass
class GradedClass:
    """A class of 30 that was made and graded by the commands, in a folder of its own."""

    folder: Path
    truth: dict
    marks: dict
    output: str


def run_command(*words):
    """The exit code and output of an ``autograder`` command."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def submission(into, student, answers, unit_name="numeric_gradient", extra=None):
    """Write one submission: the released notebook with the code of some answers filled in."""
    unit = load(unit_name)
    notebook = released(unit)
    for cell in notebook.cells:
        name = cell.id.removeprefix("answer_")
        if cell.id.startswith("answer_") and name in answers:
            cell.source = answers[name]
    if extra:
        extra(notebook)
    path = into / student / unit.assignment / f"{unit.name}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    code, _ = run_command(
        "classroom", "numeric_gradient", "--students", 30, "--seed", 1, "--into", folder / "submitted"
    )
    assert code == 0
    marks = folder / "marks.json"
    code, output = run_command(
        "grade", "numeric_gradient", "--submissions", folder / "submitted", "--course-dir", folder, "--json", marks
    )
    assert code == 0, output
    truth = json.loads((folder / "submitted" / "truth.json").read_text())
    return GradedClass(folder, truth, json.loads(marks.read_text()), output)


@dataclass
class SmallSite:
    """The web pages of two units, and the folder that keeps what their notebooks showed."""

    units: tuple[str, ...]
    folder: Path
    cache: Path


@pytest.fixture(scope="session")
def small_site(tmp_path_factory):
    from autograder.site import build_site

    work = tmp_path_factory.mktemp("site")
    site = SmallSite(("start_here", "numeric_gradient"), work / "site", work / "cache")
    build_site([load(name) for name in site.units], site.folder, site.cache)
    return site


@pytest.fixture(scope="session")
def planted_class(tmp_path_factory):
    """The course folder of a class with wrong answers that have no name, graded and reported on."""
    from planted import plant

    folder = tmp_path_factory.mktemp("planted")
    plant(folder)
    code, output = run_command("report", "--all", "--course-dir", folder)
    assert code == 0, output
    return folder


def pytest_terminal_summary(terminalreporter):
    """A table of the attacks and accidents that were tried, and of what each got."""
    tried = getattr(sys.modules.get("escaping"), "TRIED", [])
    if tried:
        terminalreporter.section(f"{len(tried)} attacks and accidents")
        width = max(len(name) for _, name, _ in tried)
        for kind, name, got in tried:
            terminalreporter.line(f"{kind:10} {name:{width}} | {got}")
