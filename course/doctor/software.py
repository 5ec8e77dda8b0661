"""Python and what is installed into it."""

from __future__ import annotations

import json
import re
import shlex
import sys
import sysconfig
from collections import Counter
from contextlib import suppress
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions, version
from pathlib import Path

from course.doctor.diagnosis import Diagnosis
from course.gpu.frameworks import wheels
from course.pythons import PYTHON_VERSIONS, PYTHONS

DISTRIBUTION = "gradients-course"
PROJECT_FOLDER = Path(__file__).parents[2]
EARLIEST_TRIED = {(3, 11): 2, (3, 13): 0}
"""The earliest patch of a series with which a test has graded a class."""
EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "@jupyter/nbgrader": "nbgrader"}
"""JupyterLab's extensions that the course needs, with the packages that bring them."""
PACKAGES = {"sklearn": "scikit-learn", "pynvml": "nvidia-ml-py", "zmq": "pyzmq"}
"""The names under which pip knows modules, where it knows another one."""
PIP = f"{shlex.quote(sys.executable)} -m pip install"


def install() -> str:
    """The command that installs the course again: with a lab's packages where there are wheels of CUDA 12, since torch
    alone does not bring those."""
    what = '".[gpu,lab]" -c constraints-gpu.txt' if 12 in wheels().values() else '".[test]" -c constraints.txt'
    return f"cd {shlex.quote(str(PROJECT_FOLDER))} && {PIP} -e {what}"


def again(error: BaseException | None, module: str = "") -> str:
    """The command that installs again what cannot be imported: one package, if pip thinks that it is there, or all.

    ``module`` is what was imported, as far as one knows. It may lack another one, which the error names.
    """
    lacks = error.name if isinstance(error, ModuleNotFoundError) else None
    package = (lacks or module).partition(".")[0]
    package = PACKAGES.get(package, package)
    try:
        number, _, local = version(package).partition("+")
    except Exception:  # pip does not know it, or it has no name
        return install()
    index = f" --index-url PYTORCH-{local.upper()}-INDEX" if local else ""  # its installation page names it
    return f"{PIP} --force-reinstall --no-deps {package}=={number}{index}"


def python() -> Diagnosis:
    """Whether the course is made for this version of Python, and has been tried with so early a one of its series."""
    first, last = PYTHON_VERSIONS
    series, patch = sys.version_info[:2], sys.version_info[2]
    found = ".".join(map(str, sys.version_info[:3]))
    mend = f"install Python {PYTHONS}, and begin anew with it: make clean; make setup PYTHON=python3.12"
    if not first <= series < last:
        return Diagnosis("Python", False, f"{found} in {sys.prefix}; needed is {PYTHONS}", mend)
    if sys.version_info[3] != "final":
        return Diagnosis("Python", False, f"{found} is a preview ({sys.version_info[3]})", mend, minor=True)
    if patch < (earliest := EARLIEST_TRIED.get(series, 0)):
        told = f"{found} has not been tried; the earliest that has is {series[0]}.{series[1]}.{earliest}"
        return Diagnosis("Python", False, told, mend, minor=True)
    return Diagnosis("Python", True, found)


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
        except Exception:  # see metadata()
            there = ""
        if not there:
            wrong.append(f"{one.name} does not say its version")
        elif not one.specifier.contains(there, prereleases=True):
            wrong.append(f"{one.name} is {there}, needed is {one.specifier}")
    if wrong:
        return Diagnosis("packages", False, "; ".join(wrong), install())
    return Diagnosis("packages", True, ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "torch")))


def metadata() -> Diagnosis:
    """Whether pip's records of what is installed are whole: an interrupted update leaves broken ones, or two of one."""
    place = Path(sysconfig.get_path("purelib"))
    records = list(distributions(path=[str(place)]))
    broken = sorted(filter(None, map(_broken, records)))
    twice = sorted(name for name, number in Counter(map(_folder_name, records)).items() if number > 1)
    left = sorted(path.name for path in place.glob("~*"))
    found = [f"{name} cannot be read" for name in broken] + [f"{name} is there twice" for name in twice]
    found += [f"{name} is left of an interrupted update" for name in left]
    again = [name.removesuffix(".dist-info").partition("-")[0] for name in broken] + twice
    mends = (
        [f"cd {shlex.quote(str(place))} && rm -r {' '.join(map(shlex.quote, broken + left))}"] if broken + left else []
    )
    mends += (
        [f"{PIP} --force-reinstall --no-deps {' '.join(again)} -c {shlex.quote(str(_constraints()))}"] if again else []
    )
    return Diagnosis("pip's records", not found, "; ".join(found) or f"{len(records)} packages", " && ".join(mends))


def _constraints() -> Path:
    return PROJECT_FOLDER / ("constraints-gpu.txt" if 12 in wheels().values() else "constraints.txt")


def _broken(one: Distribution) -> str:
    """The name of a record's folder if it cannot be read, else an empty text."""
    try:
        whole = one.metadata["Name"] and one.version and one.entry_points is not None
    except Exception:
        whole = False
    return "" if whole else Path(str(getattr(one, "_path", "a package"))).name


def _folder_name(one: Distribution) -> str:
    """The package's name, as its record's folder has it, with a version of its own for each copy."""
    return re.sub(r"[-_.]+", "-", Path(str(getattr(one, "_path", ""))).name.partition("-")[0]).lower()


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
