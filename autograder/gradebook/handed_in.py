"""When a submission was handed in, and the source of that time.

nbgrader keeps the time in ``timestamp.txt`` beside the notebook, where the student can write any time. So collecting
notes a time that the student cannot choose, outside of the submission (``note``). A submission that was not collected
in this way has the time of its ``timestamp.txt``, and grading says that nobody vouches for it. It is never a time after
the file came here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from autograder.findings import Finding, Odd
from autograder.intake.files import STAMP, note_in, read_file
from autograder.writing import write_whole

NOTES = ".collected"  # beside the students' folders; no student's name in nbgrader begins with a dot
LONGEST_MESSAGE = 2000  # bytes of a note
UNCONFIRMED = f"its own {STAMP}"
FILE_SYSTEM = f"the file system, before the time in its own {STAMP}"
TOLERANCE = timedelta(minutes=5)  # by which the clocks of two machines may differ
FIRST_YEAR = 2000  # formgrader cannot show the earliest times in every time zone
ZONE = re.compile(r"[A-Za-z]\w*(/\w+)*", re.ASCII)  # no path: a time zone is a file, and may be any file


@dataclass(frozen=True)
class HandedIn:
    """When a submission was handed in, in nbgrader's format, and the source of that time; both empty if unknown.

    ``findings`` say what is odd about that time.
    """

    time: str = ""
    source: str = ""
    findings: tuple[Finding, ...] = ()


def handed_in(folder: Path, time: str) -> HandedIn:
    """When the submission in ``folder`` (``<student>/<assignment>``) was handed in; ``time`` is nbgrader's note."""
    if (noted := _noted(folder)) and noted.time == time:  # else another submission was put there since
        return noted
    said, came = time_of(time), _last_change(folder / STAMP)
    if came is None:
        return HandedIn()
    if said is None:
        return HandedIn(findings=(Finding(Odd.UNREADABLE_TIME, STAMP),))
    if said > came + TOLERANCE:
        return HandedIn(in_words(came), FILE_SYSTEM, (claimed([(f"its {STAMP}", said)], came),))
    return HandedIn(time, UNCONFIRMED)


def claimed(claims: list[tuple[str, datetime]], found: datetime) -> Finding:
    """The finding that a submission claims other times than the file system has."""
    said = " and ".join(f"{what} says {time:%Y-%m-%d %H:%M}" for what, time in claims)
    return Finding(Odd.CLAIMED_TIME, f"{said}, but the file system has {found:%Y-%m-%d %H:%M} UTC, which counts")


def note(folder: Path, handed_in: HandedIn) -> None:
    """Note when the submission that was collected into ``folder`` was handed in, and the source of that time."""
    path = _note(folder)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    findings = [[finding.name, finding.detail] for finding in handed_in.findings]
    write_whole(path, json.dumps({"time": handed_in.time, "source": handed_in.source, "findings": findings}))


def _note(folder: Path) -> Path:
    return folder.parent.parent / NOTES / folder.parent.name / f"{folder.name}.json"


def _noted(folder: Path) -> HandedIn | None:
    """What ``note`` wrote about a submission; None if there is no such note."""
    try:
        noted = json.loads(read_file(_note(folder).parent, _note(folder).name, LONGEST_MESSAGE))
        findings = tuple(Finding(str(name), str(detail)) for name, detail in noted.get("findings", []))
        return HandedIn(str(noted["time"]), str(noted["source"]), findings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _last_change(file: Path) -> datetime | None:
    """When the file system last changed a file, in UTC; None if there is none."""
    try:
        return datetime.fromtimestamp(file.lstat().st_ctime, UTC).replace(tzinfo=None)
    except OSError:
        return None


def in_words(time: datetime) -> str:
    """A time in UTC, in nbgrader's format."""
    return f"{time:%Y-%m-%d %H:%M:%S.%f} UTC"


def time_of(time: str) -> datetime | None:
    """A time in nbgrader's format, as UTC; None if it cannot be read. Anybody may have written it."""
    from nbgrader.utils import parse_utc

    day, hour, zone = parts if len(parts := time.split(" ")) == 3 else ("", "", "")
    if re.fullmatch(r"[+-]\d{4}", zone):  # nbgrader takes this for seconds
        time = f"{day}T{hour}{zone}"
    elif zone and not ZONE.fullmatch(zone):
        return None
    try:
        read = parse_utc(time) if time else None
    except Exception:  # whatever its parser raises
        return None
    return read if read and read.year >= FIRST_YEAR else None


def bound_times(course: Any) -> None:
    """Have nbgrader read the times of submissions as we do. Its own way stops at times that cannot be read, and opens
    whatever file a time names as its time zone. ``course`` is its course directory, which has no setting for this."""

    def existing_timestamp(folder: str) -> datetime | None:
        return time_of(handed_in(Path(folder), note_in(Path(folder), STAMP)).time)

    course.get_existing_timestamp = existing_timestamp
