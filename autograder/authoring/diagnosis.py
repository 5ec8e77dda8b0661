"""What ``course doctor`` says of the notebooks."""

from __future__ import annotations

from autograder.authoring.build import stale
from autograder.course import current
from course.doctor.diagnosis import Diagnosis


def notebooks() -> Diagnosis:
    """Whether the notebooks are built from the present lessons. Students' copies elsewhere are not checked."""
    units = current().units
    old = sorted({line.split(":")[0] for line in stale(units)})
    found = f"not those of the lessons: {', '.join(old)}" if old else f"{len(units)} units, as the lessons say"
    return Diagnosis("notebooks", not old, found, "autograder build (after saving elsewhere what was written there)")
