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

DISTRIBUTION = "gradients-course"
PROJECT_FOLDER = Path(__file__).parents[2]
PYTHON_VERSIONS = ((3, 11), (3, 14))
EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "@jupyter/nbgrader": "nbgrader"}
"""JupyterLab's extensions that the course needs, with the packages that bring them."""
PIP = f"{shlex.quote(sys.executable)} -m pip install"


def install() -> str:
    """The command that installs the course again: with a lab's packages where there are wheels of CUDA 12, since torch
    alone does not bring those."""
    what = '".[gpu,lab]" -c constraints-gpu.txt' if 12 in gpus.wheels().values() else '".[test]" -c constraints.txt'
    return f"cd {shlex.quote(str(PROJECT_FOLDER))} && {PIP} -e {what}"


def python() -> Diagnosis:
    """Whether the course is made for this version of Python."""
    first, last = PYTHON_VERSIONS
    found = ".".join(map(str, sys.version_info[:3]))
    mend = "install Python 3.11, 3.12 or 3.13, and begin anew with it: make clean; make setup PYTHON=python3.12"
    return Diagnosis("Python", first <= sys.version_info[:2] < last, found, mend)


def packages() -> Diagnosis:
    """Whether every package that the course needs is installed, in a version that fits."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(line) for line in distribution(DISTRIBUTION).requires or ()]
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
    """The extensions that JupyterLab's settings switch off. Asking JupyterLab itself would take a second."""
    from jupyter_core.paths import jupyter_config_path

    disabled: dict[str, bool] = {}
    for place in reversed(jupyter_config_path()):  # the first folder wins
        with suppress(OSError, ValueError, AttributeError):
            told = json.loads(Path(place, "labconfig", "page_config.json").read_text(encoding="utf-8"))
            said = told.get("disabledExtensions", {})
            disabled |= said if isinstance(said, dict) else dict.fromkeys(said, True)
    return {name for name, is_so in disabled.items() if is_so}
