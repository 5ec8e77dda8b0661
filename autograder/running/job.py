"""What is to be run: a notebook, the files beside it, and the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from autograder.sandbox import bubblewrap
from autograder.sandbox.inside.limits import Limits
from course.check import Unit


@dataclass(frozen=True)
class Job:
    """What to run: an aligned notebook (as JSON text) with the files beside it, and for each check a seed
    and time limits: ``check_seconds`` for the check, ``part_seconds`` for each of its parts. ``lent`` is the code of
    the answers that the notebook borrows, by task and answer."""

    unit: str
    notebook: str
    seeds: dict[str, int]
    check_seconds: dict[str, float]
    files: dict[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    isolation: str = bubblewrap.STRICT
    part_seconds: dict[str, float] = field(default_factory=dict)
    lent: dict[str, dict[str, str]] = field(default_factory=dict)


def write_files(files: dict[str, bytes], work: Path) -> None:
    work.mkdir()
    for name, data in files.items():
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def limits_for(unit: Unit) -> Limits:
    """The limits for notebooks of a unit: its own, and the usual ones otherwise. Raises ValueError."""
    return limits_from(unit.limits, unit.name)


def limits_from(given: Mapping[str, float], whose: str) -> Limits:
    """The limits in ``given``, and the usual ones otherwise. ``whose`` names who set them. Raises ValueError."""
    unknown = set(given) - {field.name for field in fields(Limits)}
    if unknown:
        raise ValueError(f"{whose}: no limit is called {', '.join(sorted(unknown))}")
    return Limits(**given)  # type: ignore[arg-type]
