"""Whether the libraries can be imported: one that is installed may be broken, or lack a library of the system."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec

from course.doctor import looking
from course.doctor.diagnosis import Diagnosis
from course.doctor.software import PIP, install

TOGETHER = (
    ("tensorflow", "keras"),
    ("torch",),
    ("numpy", "scipy", "sklearn", "matplotlib", "sympy", "typer", "rich", "pynvml", "psutil", "zmq", "sqlalchemy",
     "IPython", "ipykernel", "nbformat", "nbclient", "jupyterlab", "nbgrader"),
)  # fmt: skip
"""What is imported, each row in a process of its own, and the rows at the same time."""
PACKAGES = {"sklearn": "scikit-learn", "pynvml": "nvidia-ml-py", "zmq": "pyzmq", "IPython": "ipython"}
"""The names under which pip knows them, where it knows another one."""
CPU_ONLY = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
TORCH_WHEELS = "https://download.pytorch.org/whl"


def imports() -> Diagnosis:
    """Whether each library can be imported: tried, in processes of their own."""
    with ThreadPoolExecutor() as pool:
        found = [one for row in pool.map(_try_row, TOGETHER) for one in row]
    wrong = [one for one in found if not one.well]
    told = "; ".join(f"{one.name}: {one.found.removeprefix('cannot be looked at: ')}" for one in wrong)
    mends = dict.fromkeys(one.mend for one in wrong)
    return Diagnosis("imports", not wrong, told or f"{len(found)} libraries", " && ".join(mends))


def _try_row(names: tuple[str, ...]) -> list[Diagnosis]:
    return list(looking.make_apart([f"{__name__}:try_import {name}" for name in names]))


def try_import(name: str) -> Diagnosis:
    """Import a library into this process. One that is not installed is no matter of this look."""
    os.environ |= CPU_ONLY
    if find_spec(name) is None:
        return Diagnosis(name, True, "not installed")
    try:
        importlib.import_module(name)
    except BaseException as error:
        return Diagnosis(name, False, looking.described(error), _mend(name, error))
    return Diagnosis(name, True, "")


def _mend(name: str, error: BaseException) -> str:
    """The line that installs a library again. What another one lacks comes with the whole course."""
    package = PACKAGES.get(name, name)
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != name:
        return install()
    try:
        number, _, local = version(package).partition("+")
    except Exception:
        return install()
    index = f" --index-url {TORCH_WHEELS}/{local}" if local else ""
    return f"{PIP} --force-reinstall --no-deps {package}=={number}{index}"
