"""The oldest and the newest Python that the project names: a class is graded with each, in an environment of its own.

It holds what grading needs: neither TensorFlow nor PyTorch, whose wheels for the newest Python bring gigabytes of CUDA.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from declared import project
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from programs import SANDBOX, VERSIONS, need
from running import points_in
from sampled import rest

from autograder.course import PROJECT
from course.doctor.software import PYTHON_VERSIONS

FRAMEWORKS = ("tensorflow", "torch")
MINUTES = 30  # for downloads over a slow line


def test_every_place_names_the_same_pythons():
    first, last = (f"{major}.{minor}" for major, minor in VERSIONS)
    assert (
        project()["requires-python"] == f">={first},<{PYTHON_VERSIONS[1][0]}.{PYTHON_VERSIONS[1][1]}"
        and PYTHON_VERSIONS[0] == VERSIONS[0]
    )
    assert PYTHON_VERSIONS[1] == (VERSIONS[1][0], VERSIONS[1][1] + 1)
    assert f"Python {first} to {last}" in (PROJECT / "README.md").read_text()
    assert SpecifierSet(project()["requires-python"]).contains(f"{first}.0")


def environment(python):
    """The Python of an environment with what grading needs; made anew when that has changed."""
    needed = [one for one in project()["dependencies"] if Requirement(one).name not in FRAMEWORKS]
    constraints = PROJECT / "constraints.txt"
    state = hashlib.sha256("\n".join([python, *needed, constraints.read_text()]).encode()).hexdigest()
    folder = Path(sys.prefix, "pythons", state[:16])
    inside, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        done(python, "-m", "venv", "--clear", folder)  # with that Python's own pip: an older one may not run with it
        pip = [inside, "-m", "pip", "install", "--disable-pip-version-check", "-q"]
        done(*pip, *needed, "-c", constraints)
        done(*pip, "--no-deps", "-e", PROJECT)
        ready.touch()
    return inside


def done(*words, **options):
    """What a command printed; the test fails if it failed."""
    ended = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=MINUTES * 60, **options)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


@pytest.mark.parametrize("which", [rest("oldest"), rest("newest")])
def test_a_class_is_graded_with_the(which, tmp_path):
    need(*SANDBOX)
    inside = environment(str(need(which)))

    def autograder(*words):
        return done(inside, "-m", "autograder", *words, cwd=tmp_path)

    autograder("classroom", "numeric_gradient", "--students", 4, "--into", "submitted")
    said = autograder("grade", "numeric_gradient", "--json", "marks.json")
    truth, marks = (json.loads((tmp_path / name).read_text()) for name in ("submitted/truth.json", "marks.json"))
    assert points_in(marks) == pytest.approx(points_in(truth)) and "seccomp" in said
    autograder("report", "numeric_gradient")
    autograder("feedback", "numeric_gradient")
    autograder("export", "--to", "csv")
    made = [*tmp_path.glob("reports/**/*.html"), *tmp_path.glob("feedback/*/*/*.html"), *tmp_path.glob("marks_*.csv")]
    assert len(made) >= 6, made
