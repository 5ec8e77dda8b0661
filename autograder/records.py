"""Grade records: one file for each graded submission, from which every verdict can be reproduced.

An earlier record is removed before anything of a new result is written, and the new one written last, after the
graded notebook and the gradebook. So where there is one, all of it has been written; a run that was stopped, however
it was stopped, goes on with what has none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import course
from autograder.build import NOTEBOOKS, PROJECT, notebook_path
from autograder.kernels.view import closure, imports_of
from autograder.writing import write_whole
from course.check import Unit, Verdict

FOLDER = "records"
LIBRARIES = ("gradients-course", "numpy", "sympy", "tensorflow", "keras", "torch", "ipykernel", "nbgrader")
MOST_OBSERVED = 5_000_000  # characters of observations that a record keeps
LONGEST_NAME = 200  # bytes of a student's name that a file is named by


@dataclass
class Record:
    """How a submission was graded, what was observed, and what it earned.

    ``digest`` tells whether the submission has changed since, ``submitted`` (when it was handed in, as ``time_from``
    says) whether it was handed in again, ``check`` whether the unit has changed. ``missing`` says why an observation
    may be. ``seconds`` is how long the notebook ran, None where it did not run or an earlier version of the program
    graded it; ``every_cell`` says that also the demonstrations ran that bear on no mark.
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
                texts += [verdict.mistake or "", verdict.hint, *(part.name for part in verdict.parts)]
                texts += [part.reason for part in verdict.parts]
            if not all(isinstance(text, str) for text in texts) or not isinstance(record.versions, dict):
                raise ValueError("a text is none")
            if not isinstance(record.observations, dict | None):
                raise ValueError("observations are no dict")
            numbers = [verdict.points for verdict in record.verdicts.values()]
            if record.seconds is not None:
                numbers.append(record.seconds)
            if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
                raise ValueError("points or seconds are no number")
            return record
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"not a grade record: {error}") from error


class Busy(RuntimeError):
    """Another run is grading in this folder."""


class Records:
    """The records of one unit in a course folder."""

    def __init__(self, course_dir: Path, unit: Unit):
        self.unit = unit
        self.root = course_dir / FOLDER
        self.folder = self.root / unit.name

    def path(self, student: str) -> Path:
        """The file of a student's record. It lies in the folder of the records, whatever the name is."""
        name = student
        if not can_name_a_file(student):
            plain = "".join(letter if letter.isalnum() else "_" for letter in student[:30])
            name = f"{plain}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
        return self.folder / f"{name}.json"

    def read(self, student: str) -> Record | None:
        """The record of a student; None where there is none that can be read."""
        return self.read_file(self.path(student), student)

    def all(self) -> Iterator[Record]:
        """Every record that can be read, by the name of its file."""
        return (record for _, record in self.each() if record)

    def each(self) -> Iterator[tuple[Path, Record | None]]:
        """The file of every record, with None where it cannot be read."""
        return ((path, self.read_file(path)) for path in self.paths())

    def paths(self) -> list[Path]:
        """The files of all records, whether they can be read or not."""
        return sorted(self.folder.glob("*.json"))

    def read_file(self, path: Path, student: str = "") -> Record | None:
        """The record in a file; None where it is none of this unit, or of another student than this."""
        try:
            record = Record.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if record.unit == self.unit.name and record.student == (student or record.student) else None

    def write(self, record: Record) -> None:
        """Write a record. It need not outlast a power cut: what has none is graded again."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.path(record.student), record.to_json(), lasting=False)

    def remove(self, student: str) -> None:
        """Remove the record of a student, if there is one: what it says is about to be replaced."""
        self.path(student).unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Grade in this course folder as the only one. Raises Busy."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / ".lock").open("a+") as lock:
            try:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(f"another run is grading in {self.root.parent}; wait for it, or stop it") from error
            except (ImportError, OSError):  # Windows, or a file system without locks: nothing keeps two runs apart
                pass
            yield


def can_name_a_file(student: str) -> bool:
    """Whether a student's name is the name of a file or folder as it is."""
    encoded = student.encode("utf-8", "replace")
    return bool(student) and student.isprintable() and len(encoded) <= LONGEST_NAME and not (
        student.startswith(".") or any(letter in student for letter in "/\\:")
    )  # fmt: skip


def marking_files(unit: Unit) -> list[Path]:
    """All that marks of a unit depend on: its tasks, reference and mistakes, what these import from the course, the
    judge, the notebook."""
    home = Path(course.__file__).parent
    own = {*(home / "check").glob("*.py"), *(home / unit.name).glob("*.py")}
    sources = (path.read_text(encoding="utf-8") for path in own if path.stem != "pictures")
    imported = closure([name for source in sources for name in imports_of(source)], "course")
    files = own | {home.parent.joinpath(*name.split(".")).with_suffix(".py") for name in imported}
    return [*sorted(files), PROJECT / notebook_path(unit, NOTEBOOKS)]


@cache
def fingerprint(unit: Unit) -> str:
    """A hash of all that marks of a unit depend on."""
    whole = hashlib.sha256()
    for path in marking_files(unit):
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


def differing_versions(were: dict[str, str], now: dict[str, str]) -> list[str]:
    """What was of another version, in words."""
    return [
        f"{name} was {were.get(name, 'not installed')}, is {now.get(name, 'not installed')}"
        for name in {**were, **now}
        if were.get(name) != now.get(name)
    ]
