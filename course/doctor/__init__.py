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
    return [check() for check in checks]


__all__ = ["CHECKS", "QUICK", "Diagnosis", "examine"]
