"""What may be wrong with an installation, and the line that mends it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

PYTHON = ((3, 11), (3, 14))


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at: whether it is well, what was found, and what to do if it is not."""

    name: str
    well: bool
    found: str
    mend: str = ""

    def to_json(self) -> dict[str, str | bool]:
        return asdict(self)


def python() -> Diagnosis:
    """Whether this Python is one that the course is made for."""
    first, last = PYTHON
    found = ".".join(map(str, sys.version_info[:3]))
    mend = "install Python 3.11, 3.12 or 3.13, and begin anew with it: make clean; make setup PYTHON=python3.12"
    return Diagnosis("Python", first <= sys.version_info[:2] < last, found, mend)


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


CHECKS: tuple[Callable[[], Diagnosis], ...] = (python, sandbox)


def examine() -> list[Diagnosis]:
    """Look at everything, and return what was found."""
    return [check() for check in CHECKS]
