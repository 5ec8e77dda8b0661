"""Grade records: one file for each graded submission, from which every verdict can be reproduced.

A record is written last, after the graded notebook and the gradebook. So where there is one, all of it
has been written; a run that was stopped, however it was stopped, goes on with what has none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import course
from autograder.build import NOTEBOOKS, PROJECT, notebook_path
from course.check import Unit, Verdict

FOLDER = "records"
LIBRARIES = ("gradients-course", "numpy", "sympy", "tensorflow", "keras", "torch", "ipykernel", "nbgrader")
MOST_OBSERVED = 5_000_000  # characters of observations that a record keeps


@dataclass
class Record:
    """How a submission was graded, what was observed, and what it earned.

    ``digest`` tells whether the submission has changed since, ``check`` whether the unit has.
    """

    student: str
    unit: str
    digest: str
    check: str
    isolation: str
    graded: str
    seeds: dict[str, int]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    findings: list[tuple[str, str]] = field(default_factory=list)
    observations: dict[str, Any] | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        data = asdict(self)
        data["verdicts"] = {task: verdict.to_json() for task, verdict in self.verdicts.items()}
        text = json.dumps(data)
        return text if len(text) <= MOST_OBSERVED else json.dumps(data | {"observations": None})

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Raises ValueError, KeyError or TypeError for what is no record."""
        data = json.loads(text)
        data["verdicts"] = {task: Verdict.from_json(verdict) for task, verdict in data["verdicts"].items()}
        data["findings"] = [(name, detail) for name, detail in data["findings"]]
        return cls(**data)


class Busy(RuntimeError):
    """Another run is grading in this folder."""


class Records:
    """The records of one unit in a course folder."""

    def __init__(self, course_dir: Path, unit: Unit):
        self.unit = unit
        self.root = course_dir / FOLDER
        self.folder = self.root / unit.name

    def path(self, student: str) -> Path:
        return self.folder / f"{student}.json"

    def read(self, student: str) -> Record | None:
        """The record of a student; None where there is none that can be read."""
        try:
            return Record.from_json(self.path(student).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def students(self) -> list[str]:
        """The students that have a record."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def write(self, record: Record) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.path(record.student), record.to_json())

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Grade in this course folder as the only one. Raises Busy."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / ".lock").open("a+") as lock:
            try:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except ImportError:  # Windows: there, nothing keeps two runs apart
                pass
            except OSError as error:
                raise Busy(f"another run is grading in {self.root.parent}; wait for it, or stop it") from error
            yield


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or, whatever happens meanwhile, as it was before."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


@cache
def fingerprint(unit: Unit) -> str:
    """A hash of all that marks of a unit depend on: its tasks, reference and mistakes, the judge, the notebook."""
    home = Path(course.__file__).parent
    files = [*sorted((home / "check").glob("*.py")), *sorted((home / unit.name).glob("*.py"))]
    whole = hashlib.sha256()
    for path in [*files, PROJECT / notebook_path(unit, NOTEBOOKS)]:
        data = path.read_bytes()
        whole.update(f"{path.parent.name}/{path.name}\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()


@cache
def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that answers use."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
