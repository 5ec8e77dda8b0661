"""When a submission was handed in, and the source of that time.

nbgrader keeps the time in ``timestamp.txt`` beside the notebook, where the student can write any time. So collecting
notes a time that the student cannot choose, outside of the submission (``note``). A submission that was not collected
in this way has the time of its ``timestamp.txt``, and grading says that nobody vouches for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.intake.files import STAMP, read_file
from autograder.writing import write_whole

NOTES = ".collected"  # beside the students' folders; no student's name in nbgrader begins with a dot
LONGEST_MESSAGE = 1000  # bytes of a note
UNCONFIRMED = f"its own {STAMP}"


@dataclass(frozen=True)
class HandedIn:
    """When a submission was handed in, in nbgrader's format, and the source of that time; both empty if unknown."""

    time: str = ""
    source: str = ""


def handed_in(folder: Path, time: str) -> HandedIn:
    """When the submission in ``folder`` (``<student>/<assignment>``) was handed in; ``time`` is nbgrader's note."""
    if not time:
        return HandedIn()
    try:
        noted = json.loads(read_file(_note(folder).parent, _note(folder).name, LONGEST_MESSAGE))
        if noted["time"] == time:  # else another submission was put there since
            return HandedIn(time, str(noted["source"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return HandedIn(time, UNCONFIRMED)


def note(folder: Path, time: datetime, source: str) -> None:
    """Note when the submission that was collected into ``folder`` was handed in (UTC), and the source of that time."""
    path, text = _note(folder), in_words(time)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, json.dumps({"time": text, "source": source}))


def _note(folder: Path) -> Path:
    return folder.parent.parent / NOTES / folder.parent.name / f"{folder.name}.json"


def in_words(time: datetime) -> str:
    """A time in UTC, in nbgrader's format."""
    return f"{time:%Y-%m-%d %H:%M:%S.%f} UTC"


def time_of(time: str) -> datetime | None:
    """A time in nbgrader's format, as UTC; None if it cannot be read."""
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(time) if time else None
    except (ValueError, OverflowError):
        return None
