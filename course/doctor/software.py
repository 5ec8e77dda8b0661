"""Python and what is installed into it."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from course.doctor.diagnosis import Diagnosis

PROJECT = "gradients-course"
PYTHON = ((3, 11), (3, 14))
EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "@jupyter/nbgrader": "nbgrader"}
"""JupyterLab's extensions that the course needs, with the packages that bring them."""
INSTALL = 'pip install -e ".[test]" -c constraints.txt'


def python() -> Diagnosis:
    """Whether this Python is one that the course is made for."""
    first, last = PYTHON
    found = ".".join(map(str, sys.version_info[:3]))
    mend = "install Python 3.11, 3.12 or 3.13, and begin anew with it: make clean; make setup PYTHON=python3.12"
    return Diagnosis("Python", first <= sys.version_info[:2] < last, found, mend)


def packages() -> Diagnosis:
    """Whether every package that the course needs is there, in a version for which it is made."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(line) for line in distribution(PROJECT).requires or ()]
    except PackageNotFoundError:
        return Diagnosis("packages", False, "the course is not installed", INSTALL)
    wrong = []
    for one in needed:
        if one.marker and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            there = version(one.name)
        except PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        if not one.specifier.contains(there, prereleases=True):
            wrong.append(f"{one.name} is {there}, needed is {one.specifier}")
    main = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "torch") if f"{name} is missing" not in wrong)
    return Diagnosis("packages", not wrong, "; ".join(wrong) or main, INSTALL)


def extensions() -> Diagnosis:
    """Whether JupyterLab finds the extensions for widgets and for nbgrader."""
    from jupyter_core.paths import jupyter_path

    places = [Path(place) for place in jupyter_path("labextensions")]
    missing = [name for name in EXTENSIONS if not any((place / name / "package.json").exists() for place in places)]
    mend = f"pip install --force-reinstall --no-deps {' '.join(EXTENSIONS[name] for name in missing)}"
    found = f"missing: {', '.join(missing)}" if missing else ", ".join(EXTENSIONS)
    return Diagnosis("JupyterLab's extensions", not missing, found, mend)


def notebooks() -> Diagnosis:
    """Whether the worked notebooks are those of these lessons; students' own are left alone."""
    from autograder.build import SOLUTIONS, stale
    from course import UNITS
    from course.check import load

    old = sorted({line.split(":")[0] for line in stale([load(name) for name in UNITS]) if line.startswith(SOLUTIONS)})
    found = f"not those of the lessons: {', '.join(old)}" if old else f"{len(UNITS)} units, as the lessons say"
    return Diagnosis("notebooks", not old, found, "autograder build")


def sandbox() -> Diagnosis:
    """Whether submissions can be confined here: tried, not assumed."""
    from autograder.kernels import forkserver
    from autograder.kernels.sandbox import STRICT, NoSandbox, require
    from autograder.kernels.selftest import describe

    try:
        require()
        server = forkserver.start("", STRICT)
        server.wait_until_ready()
        layers = server.layers
        server.close()
    except (NoSandbox, forkserver.NoWarmKernels) as error:
        return Diagnosis("sandbox for grading", False, "none", str(error))
    return Diagnosis("sandbox for grading", True, describe(layers))
