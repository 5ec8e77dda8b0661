"""``course doctor``: what may be wrong with an installation, and the line that mends it.

| module         | looks at                                                              |
|----------------|-----------------------------------------------------------------------|
| ``diagnosis``  | (the result of one check)                                             |
| ``software``   | Python, packages, JupyterLab's extensions                            |
| ``gpus``       | the driver, CUDA's libraries and which of them are found              |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from course.doctor import gpus, software
from course.doctor.diagnosis import Diagnosis
from course.errors import UserError

DoctorCheck = Callable[[], Diagnosis]
SOFTWARE: tuple[DoctorCheck, ...] = (software.python, software.packages, software.extensions)
GPUS: tuple[DoctorCheck, ...] = (gpus.driver, gpus.cuda_wheels, gpus.cuda_version, gpus.library_path)
QUICK = (*SOFTWARE, gpus.driver, gpus.cuda_wheels, gpus.library_path)
"""The checks that a notebook may run: they take no time, and matter to a student."""
PLUGINS = "gradients_course.doctor"
"""The group of entry points with which other packages, such as the autograder, add their checks."""


def examine(checks: Sequence[DoctorCheck] = ()) -> list[Diagnosis]:
    """Run these checks, by default all of them, and return what they found."""
    if checks:
        return [_look(check.__name__, check) for check in checks]
    others = [_look(other.name, lambda other=other: other.load()()) for other in entry_points(group=PLUGINS)]  # type: ignore[misc]
    return [*examine(SOFTWARE), *others, *examine(GPUS)]


def _look(name: str, check: DoctorCheck) -> Diagnosis:
    """What a check finds, or why it cannot run."""
    name = name.replace("_", " ")
    try:
        return check()
    except UserError as error:  # another package's check cannot run here
        return Diagnosis(name, False, str(error), minor=True)
    except ImportError as error:
        return Diagnosis(name, False, f"cannot be looked at: {error}", software.install())


__all__ = ["PLUGINS", "QUICK", "Diagnosis", "examine"]
