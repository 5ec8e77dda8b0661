"""What several tests share. Kernels are slow to start, so one graded class serves all tests that read it."""

import json
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import chromium, open_page  # noqa: F401
from commands import run_command
from exchanging import empty_gradebook, exchange  # noqa: F401
from faked_nvml import eight, machine, new_process  # noqa: F401
from formgrading import formgrader, look  # noqa: F401
from hubs import trial_hub  # noqa: F401
from hypothesis import settings
from lab_accounts import lab_accounts, leases_folder, run_as  # noqa: F401
from once import made_once
from own_kernels import started  # noqa: F401
from postgres import postgres  # noqa: F401
from programs import SANDBOX, found, need
from running import UNIT
from scheduling import ByFileAndFramework, place

from autograder.running.workers import Here
from autograder.sandbox import bubblewrap
from course.check import load

TRIED_ELSEWHERE: list = []

settings.register_profile("course", deadline=None)  # a busy machine is no fault
settings.load_profile("course")


END = Here._end


def leave_the_server(place, at_once):
    """End what a grading has started, except the fork server of the unit that most tests grade. The next grading in
    this process asks that server for kernels, as it would after a grading that was stopped and goes on."""
    if not at_once and place.unit == UNIT.name and place.server and place.server.answers():
        place.server = None
    END(place, at_once)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: place(item.path.name))


def pytest_xdist_make_scheduler(config, log):
    return ByFileAndFramework(config, log)


def pytest_configure():
    """On a machine without a sandbox, a test is skipped when it first needs one. A shell ignores interrupts in what it
    runs behind, and what ignores them hands that on; tests interrupt what they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    Here._end = leave_the_server  # type: ignore[method-assign]
    if not all(found(name) for name in SANDBOX):
        bubblewrap.require = bubblewrap.command = lambda *_: need(*SANDBOX)  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def logging_stays_on():
    """Whatever a test runs within its own process, the next one can read what is logged."""
    yield
    assert logging.root.manager.disable < logging.CRITICAL and not logging.getLogger("traitlets").disabled


@dataclass
class GradedClass:
    """A class of 30 that was made and graded by the commands, in a folder of its own."""

    folder: Path
    truth: dict
    marks: dict
    output: str


@pytest.fixture(scope="session")
def graded_class(tmp_path_factory):
    folder = made_once(tmp_path_factory, "class", grade_a_class)
    truth = json.loads((folder / "submitted" / "truth.json").read_text())
    return GradedClass(folder, truth, json.loads((folder / "marks.json").read_text()), (folder / "output").read_text())


def grade_a_class(folder):
    submitted = folder / "submitted"
    code, _ = run_command("classroom", UNIT.name, "--students", 30, "--seed", 1, "--into", submitted)
    assert code == 0
    words = ("--submissions", submitted, "--course-dir", folder, "--json", folder / "marks.json")
    code, output = run_command("grade", UNIT.name, *words)
    assert code == 0, output
    (folder / "output").write_text(output)


@dataclass
class SmallSite:
    """The web pages of two units, and the folder that keeps what their notebooks showed."""

    units: tuple[str, ...]
    folder: Path
    cache: Path


@pytest.fixture(scope="session")
def small_site(tmp_path_factory):
    units = ("start_here", UNIT.name)

    def build(folder):
        from autograder.site import build_site

        build_site([load(name) for name in units], folder / "site", folder / "cache")

    made = made_once(tmp_path_factory, "site", build)
    return SmallSite(units, made / "site", made / "cache")


@pytest.fixture(scope="session")
def planted_class(tmp_path_factory):
    """The course folder of a class with wrong answers that have no name, graded and reported on."""
    from planted import plant

    def make(folder):
        plant(folder)
        code, output = run_command("report", "--all", "--course-dir", folder)
        assert code == 0, output

    return made_once(tmp_path_factory, "planted", make)


def tried_here():
    """The attacks and accidents that this process has tried, and what each got."""
    return getattr(sys.modules.get("escaping"), "TRIED", [])


def pytest_sessionfinish(session):
    """A worker process tells the process that started it what it has tried."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tried"] = [list(map(str, one)) for one in tried_here()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    TRIED_ELSEWHERE.extend(getattr(node, "workeroutput", {}).get("tried", []))


def pytest_terminal_summary(terminalreporter):
    """A table of the attacks and accidents that were tried, and of what each got."""
    tried = [*tried_here(), *TRIED_ELSEWHERE]
    if tried:
        terminalreporter.section(f"{len(tried)} attacks and accidents")
        width = max(len(name) for _, name, _ in tried)
        for kind, name, got in tried:
            terminalreporter.line(f"{kind:10} {name:{width}} | {got}")
