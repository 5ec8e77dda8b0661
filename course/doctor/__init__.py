"""``course doctor``: what may be wrong with an installation, and the line that mends it.

| module         | looks at                                                              |
|----------------|-----------------------------------------------------------------------|
| ``diagnosis``  | (what a look at one thing found)                                      |
| ``software``   | Python, packages, JupyterLab's extensions, notebooks, the sandbox     |
| ``gpus``       | the driver, CUDA's libraries and which of them are found              |
"""

from __future__ import annotations

from collections.abc import Callable

from course.doctor import gpus, software
from course.doctor.diagnosis import Diagnosis

CHECKS: tuple[Callable[[], Diagnosis], ...] = (
    software.python,
    software.packages,
    software.extensions,
    software.notebooks,
    software.sandbox,
    gpus.driver,
    gpus.cuda_wheels,
    gpus.cuda_version,
    gpus.library_path,
)
QUICK = (software.python, software.packages, software.extensions, gpus.driver, gpus.cuda_wheels, gpus.library_path)
"""What a notebook may look at: it takes no time, and matters to a student."""


def examine(checks: tuple[Callable[[], Diagnosis], ...] = CHECKS) -> list[Diagnosis]:
    """Look at everything, and return what was found."""
    return [_look(check) for check in checks]


def _look(check: Callable[[], Diagnosis]) -> Diagnosis:
    """What a check finds; without a package that the looking itself needs, that."""
    try:
        return check()
    except ImportError as error:
        name = check.__name__.replace("_", " ")
        return Diagnosis(name, False, f"cannot be looked at: {error}", software.install())


__all__ = ["CHECKS", "QUICK", "Diagnosis", "examine"]
