"""Python and what is installed into it."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from course.doctor import gpus
from course.doctor.diagnosis import Diagnosis

PROJECT = "gradients-course"
FOLDER = Path(__file__).parents[2]
PYTHON = ((3, 11), (3, 14))
EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "@jupyter/nbgrader": "nbgrader"}
"""JupyterLab's extensions that the course needs, with the packages that bring them."""
PIP = f"{shlex.quote(sys.executable)} -m pip install"


def install() -> str:
    """The line that installs the course anew: a lab's set where there is CUDA 12, which torch alone does not bring."""
    what = '".[gpu,lab]" -c constraints-gpu.txt' if 12 in gpus.wheels().values() else '".[test]" -c constraints.txt'
    return f"cd {shlex.quote(str(FOLDER))} && {PIP} -e {what}"


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
        return Diagnosis("packages", False, "the course is not installed", install())
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
    return Diagnosis("packages", not wrong, "; ".join(wrong) or main, install())


def extensions() -> Diagnosis:
    """Whether JupyterLab finds the extensions for widgets and for nbgrader, and may use them."""
    from jupyter_core.paths import jupyter_path

    places = jupyter_path("labextensions")
    missing = [name for name in EXTENSIONS if not any(Path(place, name, "package.json").exists() for place in places)]
    switched_off = sorted(set(EXTENSIONS) & _disabled())
    packages = " ".join(f"{EXTENSIONS[name]}=={version(EXTENSIONS[name])}" for name in missing)
    mends = [f"{PIP} --force-reinstall --no-deps {packages}"] if missing else []
    mends += [f"jupyter labextension enable {name}" for name in switched_off]
    found = [f"missing: {', '.join(missing)}"] if missing else []
    found += [f"switched off: {', '.join(switched_off)}"] if switched_off else []
    return Diagnosis("JupyterLab's extensions", not mends, "; ".join(found or EXTENSIONS), "; ".join(mends))


def _disabled() -> set[str]:
    """The extensions that JupyterLab is told to leave out. Asking JupyterLab itself would take a notebook a second."""
    from jupyter_core.paths import jupyter_config_path

    disabled: dict[str, bool] = {}
    for place in reversed(jupyter_config_path()):  # the first has the last word
        with suppress(OSError, ValueError, AttributeError):
            told = json.loads(Path(place, "labconfig", "page_config.json").read_text(encoding="utf-8"))
            said = told.get("disabledExtensions", {})
            disabled |= said if isinstance(said, dict) else dict.fromkeys(said, True)
    return {name for name, is_so in disabled.items() if is_so}


def notebooks() -> Diagnosis:
    """Whether the notebooks are those of these lessons; students' copies elsewhere are not looked at."""
    from autograder.build import stale
    from course import UNITS
    from course.check import load

    old = sorted({line.split(":")[0] for line in stale([load(name) for name in UNITS])})
    found = f"not those of the lessons: {', '.join(old)}" if old else f"{len(UNITS)} units, as the lessons say"
    return Diagnosis("notebooks", not old, found, "autograder build (after saving elsewhere what was written there)")


def sandbox() -> Diagnosis:
    """Whether submissions can be confined here: tried, not assumed."""
    from autograder.kernels import forkserver
    from autograder.kernels.sandbox import STRICT, NoSandbox, require
    from autograder.kernels.selftest import MISSING, describe

    try:
        require()
        server = forkserver.start("", STRICT)
        server.wait_until_ready()
        layers = server.layers
        server.close()
    except (NoSandbox, forkserver.NoWarmKernels) as error:
        return Diagnosis("sandbox for grading", False, "none", str(error))
    found = describe(layers)
    mend = "a newer kernel, with Landlock among its security modules (at start: lsm=landlock,…), and libseccomp"
    return Diagnosis("sandbox for grading", MISSING not in found, found, mend, minor=True)
