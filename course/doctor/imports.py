"""Whether the libraries can be imported: one that is installed may be broken, or lack a library of the system."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from course.doctor import looking
from course.doctor.diagnosis import Diagnosis
from course.doctor.gpus import UNSET
from course.doctor.software import again

TOGETHER = (
    ("tensorflow", "keras"),
    ("torch",),
    ("numpy", "scipy", "sklearn", "matplotlib", "sympy", "typer", "rich", "pynvml", "psutil", "zmq", "sqlalchemy",
     "IPython", "ipykernel", "nbformat", "nbclient", "jupyterlab", "nbgrader"),
)  # fmt: skip
"""What is imported, each row in a process of its own, and the rows at the same time."""
LONGEST_IMPORT = 140.0  # seconds, of which two fit into a look
CPU_ONLY = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}


def imports() -> Diagnosis:
    """Whether each library can be imported: tried, in processes of their own."""
    with ThreadPoolExecutor() as pool:
        found = [one for row in pool.map(_try_row, TOGETHER) for one in row]
    wrong = [one for one in found if not one.well]
    told = "; ".join(f"{one.name}: {one.found.removeprefix('cannot be looked at: ')}" for one in wrong)
    mends = dict.fromkeys(again(None, one.name) if looking.crashed(one) else one.mend for one in wrong)
    return Diagnosis("imports", not wrong, told or f"{len(found)} libraries", " && ".join(mends))


def _try_row(names: tuple[str, ...]) -> list[Diagnosis]:
    return list(looking.make_apart([f"{__name__}:try_import {name}" for name in names], longest=LONGEST_IMPORT))


def try_import(name: str) -> Diagnosis:
    """Import a library into this process. One that is not installed is no matter of this look."""
    os.environ |= CPU_ONLY
    if find_spec(name) is None:
        return Diagnosis(name, True, "not installed")
    try:
        importlib.import_module(name)
    except BaseException as error:
        hiding = any(place in str(error) for place in os.environ.get("LD_LIBRARY_PATH", "").split(":") if place)
        return Diagnosis(name, False, looking.described(error), UNSET if hiding else again(error, name))
    return Diagnosis(name, True, "")
