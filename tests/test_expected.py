"""Expected values, observed in a kernel of the fork server: they are the same as in this process, and out of reach."""

import sys
from dataclasses import replace

import psutil
import pytest
from escaping import UNIT as START
from escaping import run
from sampled import rest
from waiting import PATIENCE

from autograder.running.reference import Observer
from autograder.sandbox import forkserver, provisioner
from autograder.sandbox.bubblewrap import NONE, STRICT
from autograder.sandbox.inside.observer import answer_to
from autograder.sandbox.inside.server import absent
from course.check import Expected, judge, load

SEED = 7
LOOK_FOR_IT = """
    import os, sys
    from pathlib import Path

    def text_of(path):
        try:
            return path.read_bytes()
        except OSError:
            return b""

    found = []
    for root in ("/tmp", "/proc", "/dev/shm", "/view"):
        for place, folders, names in os.walk(root):
            if place in (sys.prefix, sys.base_prefix):  # Python itself, which may lie below /tmp
                folders.clear()
            found += [f"{place}/{name}" for name in names if name.endswith(".py") and
                      b"mean_of_squares" in (text := text_of(Path(place, name))) and b"np.mean(" in text]
    print("found", found, "processes", [name for name in os.listdir("/proc") if name.isdigit()])
"""


@pytest.mark.parametrize("name", ["numeric_gradient", rest("forward_mode"), rest("tf_tape")])
@pytest.mark.parametrize("isolation", [STRICT, rest(NONE)])
def test_it_is_what_this_process_would_observe(name, isolation):
    unit = load(name)
    observer = Observer(unit, isolation)
    for task in list(unit.tasks.values())[:2]:
        here, there = Expected(unit, task, SEED), observer.expected(task, SEED)
        assert list(there.reference) == list(here.reference)
        assert judge(here, there.reference).right and judge(there, here.reference).right
        assert [known for known, _ in there.mistakes] == [known for known, _ in here.mistakes]
        assert there.mistakes
        for known, seen in there.mistakes:
            assert judge(here, seen).mistake == judge(there, dict(seen)).mistake == known.name
    observer.close()


def test_each_part_of_a_mistake_is_asked_for_once(monkeypatch):
    unit = load("numeric_gradient")
    observer, asked = Observer(unit, STRICT), []
    expected = observer.expected(unit.tasks["jacobian"], SEED)
    ask = observer.ask

    def noted(*words, **more):
        asked.append(more)
        return ask(*words, **more)

    monkeypatch.setattr(observer, "ask", noted)
    _, seen = expected.mistakes[0]
    part = next(iter(seen))
    assert seen[part] == seen[part] and len(seen) == len(expected.reference)
    assert asked.count({"numbers": [0], "part": part}) == 1
    with pytest.raises(KeyError):
        seen["no such part"]


def test_a_reference_that_fails_for_want_of_time_judges_nobody(monkeypatch):
    unit = load("numeric_gradient")
    observer = Observer(unit, STRICT)
    late = {"raised": "TimeoutError", "message": "longer than 1 s", "line": None, "code": ""}
    monkeypatch.setattr(observer, "ask", lambda *asked, **more: {"two arrays": late})
    with pytest.raises(forkserver.NoWarmKernels, match=r"jacobian, two arrays: the reference itself failed .*longer"):
        _ = observer.expected(unit.tasks["jacobian"], SEED).reference
    task = replace(unit.tasks["jacobian"], seconds=0.01)
    asked = answer_to({"what": "reference"}, Expected(unit, task, SEED))
    assert not any("raised" in value for value in asked.values() if isinstance(value, dict))


def test_a_submission_beside_it_finds_nothing_of_it():
    observer = Observer(START, STRICT)
    assert observer.expected(START.tasks["mean_of_squares"], SEED).reference
    got = run(LOOK_FOR_IT)
    assert got.full and "found [] processes" in got.text
    assert observer.expected(START.tasks["mean_of_squares"], SEED).reference, "it has ended"


def kernel_of(server):
    """The process in which the reference is observed: a child of the one keeper there is."""
    below = psutil.Process(server.process.pid).children(recursive=True)
    return max(below, key=lambda process: process.create_time())


def test_one_that_was_killed_is_replaced():
    unit = load("numeric_gradient")
    observer, task = Observer(unit, STRICT), unit.tasks["jacobian"]
    first = observer.expected(task, SEED).reference
    kernel_of(forkserver.start(unit.name, STRICT)).kill()
    assert observer.expected(task, SEED).reference == first
    server = forkserver.start(unit.name, STRICT)
    server.close()
    assert observer.expected(task, SEED).reference == first, "by a fork server that takes the place of one that ended"


def test_what_cannot_be_observed_is_told():
    unit = load("numeric_gradient")
    observer, task = Observer(unit, STRICT), unit.tasks["jacobian"]
    with pytest.raises(forkserver.NoWarmKernels, match=r"numeric_gradient, jacobian: .*IndexError"):
        observer.ask("mistake", task, SEED, numbers=[1000], part="")
    assert observer.expected(task, SEED).reference, "and it goes on"


def test_its_kernel_ends_with_the_grader_of_it():
    unit = load("numeric_gradient")
    observer = Observer(unit, STRICT)
    assert observer.expected(unit.tasks["jacobian"], SEED).reference
    kernel = kernel_of(forkserver.start(unit.name, STRICT))
    observer.close()
    assert not psutil.wait_procs([kernel], timeout=PATIENCE)[1]


def test_a_library_is_absent_for_a_while_only():
    with absent("wave"), pytest.raises(ModuleNotFoundError):
        import wave
    import wave

    assert sys.modules["wave"] is wave


def test_an_answer_may_import_what_was_left_out():
    got = run("import sklearn.base\nassert 'tensorflow' not in __import__('sys').modules", cell_seconds=120.0)
    assert got.full and not got.findings and provisioner.can_be_warm()
