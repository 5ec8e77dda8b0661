"""Grade records: one file for each graded submission, from which every verdict can be reproduced.

Before a new result is written, the earlier record is removed. The new record is written last, after the graded notebook
and the gradebook. So a submission with a record is completely written. However a run was stopped, the next one goes on
with the submissions that have no record.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from autograder.course import current
from autograder.errors import UserError
from autograder.sandbox.view import closure, file_of, imports_of_file
from autograder.writing import write_whole
from course import check
from course.check import Unit, Verdict

RECORDS_FOLDER = "records"
LIBRARIES = ("gradients-course", "numpy", "sympy", "tensorflow", "keras", "torch", "ipykernel", "nbgrader")
MOST_OBSERVED = 5_000_000  # characters of observations that a record keeps
LONGEST_FILE_NAME = 200  # bytes of a student's name that is used as the name of a file


@dataclass
class Record:
    """How a submission was graded, what was observed, and what it earned.

    ``digest`` tells whether the submission has changed since, ``check`` whether the unit has. ``submitted`` is when it
    was handed in, according to ``time_from``, and tells whether it was handed in again. ``missing`` says why an
    observation may be missing. ``seconds`` is how long the notebook ran; None if it did not run, or if an earlier
    version of the program graded it. ``every_cell`` says that demonstrations ran too, on which no mark depends.
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
    submitted: str = ""
    time_from: str = ""
    missing: str = ""
    seconds: float | None = None
    every_cell: bool = False

    def to_json(self) -> str:
        data = {part.name: getattr(self, part.name) for part in fields(self)}
        data["verdicts"] = {task: asdict(verdict) for task, verdict in self.verdicts.items()}
        text = json.dumps(data)
        return text if len(text) <= MOST_OBSERVED else json.dumps(data | {"observations": None})

    @classmethod
    def from_json(cls, text: str) -> Record:
        """What ``to_json`` wrote, in this version of the program or another. Raises ValueError for anything else."""
        try:
            data = json.loads(text)
            known = {part.name: data[part.name] for part in fields(cls) if part.name in data}
            known["verdicts"] = {task: Verdict.from_json(verdict) for task, verdict in data["verdicts"].items()}
            known["findings"] = [(str(name), str(detail)) for name, detail in data["findings"]]
            known["seeds"] = {str(task): int(seed) for task, seed in data["seeds"].items()}
            record = cls(**known)
            texts = [record.student, record.unit, record.digest, record.check, record.isolation, record.submitted,
                     record.time_from, record.missing, record.graded]  # fmt: skip
            for verdict in record.verdicts.values():
                texts += [
                    verdict.mistake or "",
                    verdict.symptom or "",
                    verdict.hint,
                    *(part.name for part in verdict.parts),
                ]
                texts += [part.reason for part in verdict.parts]
            if not all(isinstance(text, str) for text in texts) or not isinstance(record.versions, dict):
                raise ValueError("a text is none")
            if not all(isinstance(verdict.borrowed, bool) for verdict in record.verdicts.values()):
                raise ValueError("whether an answer is borrowed is neither true nor false")
            if not isinstance(record.observations, dict | None):
                raise ValueError("observations are no dict")
            verdicts = record.verdicts.values()
            numbers = [number for verdict in verdicts for number in (verdict.points, verdict.share)]
            numbers += [
                number for verdict in verdicts for part in verdict.parts for number in (part.points, part.worth)
            ]
            if record.seconds is not None:
                numbers.append(record.seconds)
            if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
                raise ValueError("points or seconds are no number")
            return record
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"not a grade record: {error}") from error


class Busy(UserError):
    """Another run is grading in this folder."""


class Records:
    """The records of one unit in a course folder."""

    def __init__(self, course_dir: Path, unit: Unit):
        self.unit = unit
        self.root = course_dir / RECORDS_FOLDER
        self.folder = self.root / unit.name

    def path(self, student: str) -> Path:
        """The path of a student's record. It is in the folder of the records, whatever the student's name is."""
        name = student
        if not can_name_a_file(student):
            plain = "".join(letter if letter.isalnum() else "_" for letter in student[:30])
            name = f"{plain}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
        return self.folder / f"{name}.json"

    def read(self, student: str) -> Record | None:
        """The record of a student; None if there is none, or it cannot be read."""
        return self.read_file(self.path(student), student)

    def all(self) -> Iterator[Record]:
        """Every record that can be read, in the order of their file names."""
        return (record for _, record in self.each() if record)

    def each(self) -> Iterator[tuple[Path, Record | None]]:
        """The path of every record, with the record, or None if it cannot be read."""
        return ((path, self.read_file(path)) for path in self.paths())

    def paths(self) -> list[Path]:
        """The paths of all records, whether they can be read or not."""
        return sorted(self.folder.glob("*.json"))

    def read_file(self, path: Path, student: str = "") -> Record | None:
        """The record in a file; None if it cannot be read, or is of another unit or another student."""
        try:
            record = Record.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if record.unit == self.unit.name and record.student == (student or record.student) else None

    def write(self, record: Record) -> None:
        """Write a record. It may be lost in a power cut: a submission without a record is graded again."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.path(record.student), record.to_json(), lasting=False)

    def remove(self, student: str) -> None:
        """Remove the record of a student, if there is one, before a new result is written."""
        self.path(student).unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the course folder for grading. Raises Busy if another run has locked it, and names that run."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / ".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                holder = " ".join(lock.read(LONGEST_FILE_NAME).split())
                who = f" ({holder})" if holder else ""
                raise Busy(f"another run is grading in {self.root.parent}{who}; wait for it, or stop it") from error
            except OSError:  # a file system without locks: nothing keeps two runs apart
                pass
            lock.truncate(0)
            account, machine, since = psutil.Process().username(), platform.node(), f"{datetime.now():%Y-%m-%d %H:%M}"
            lock.write(f"process {os.getpid()} of {account} on {machine}, since {since}")
            lock.flush()
            yield


def can_name_a_file(student: str) -> bool:
    """Whether a student's name can be used as the name of a file or folder."""
    encoded = student.encode("utf-8", "replace")
    return bool(student) and student.isprintable() and len(encoded) <= LONGEST_FILE_NAME and not (
        student.startswith(".") or any(letter in student for letter in "/\\:")
    )  # fmt: skip


def marking_files(unit: Unit) -> list[Path]:
    """The files that marks of a unit depend on.

    These are its tasks, reference and mistakes, what they import from the course, the judge, and the notebook.
    """
    own = {*Path(check.__file__).parent.glob("*.py"), *unit.folder.glob("*.py")}
    sources = (path for path in own if path.stem != "pictures")
    imported = closure([name for path in sources for name in imports_of_file(path)])
    files = own | {path for path in map(file_of, imported) if path}
    return [*sorted(files), current().notebook(unit)]


def fingerprint(unit: Unit) -> str:
    """A hash of all that marks of a unit depend on."""
    return _fingerprint(unit, current().borrowed_share)


@cache
def _fingerprint(unit: Unit, borrowed_share: float) -> str:
    whole = hashlib.sha256(f"{borrowed_share}\0".encode())
    for path in marking_files(unit):
        data = path.read_bytes()
        whole.update(f"{path.parent.name}/{path.name}\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()


@cache
def library_versions() -> dict[str, str]:
    """The versions of Python and of the libraries that answers use."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def differing_versions(were: dict[str, str], now: dict[str, str]) -> list[str]:
    """The versions that differ, in words."""
    return [
        f"{name} was {were.get(name, 'not installed')}, is {now.get(name, 'not installed')}"
        for name in {**were, **now}
        if were.get(name) != now.get(name)
    ]
