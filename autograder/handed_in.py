"""When a submission was handed in, and who says so.

nbgrader keeps the time in ``timestamp.txt`` beside the notebook, where its student can write whatever counts best. So
whoever collects notes the time that a student cannot choose (``note``), outside of the submission; what
was not collected in this way has the time of its ``timestamp.txt``, and it is said that nobody vouches for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.intake.files import STAMP, read_file
from autograder.writing import write_whole

NOTES = ".collected"  # beside the students' folders; nbgrader takes no student's name to begin with a dot
LONGEST = 1000  # bytes of a note
UNCONFIRMED = f"its own {STAMP}"


@dataclass(frozen=True)
class HandedIn:
    """When a submission was handed in, as nbgrader writes a time, and who says so; both empty if nobody does."""

    time: str = ""
    source: str = ""


def handed_in(folder: Path) -> HandedIn:
    """When the submission in a folder ``<student>/<assignment>`` was handed in."""
    time = note_in(folder, STAMP)
    if not time:
        return HandedIn()
    try:
        noted = json.loads(read_file(_note(folder).parent, _note(folder).name, LONGEST))
        if noted["time"] == time:  # else somebody has put another submission there since
            return HandedIn(time, str(noted["source"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return HandedIn(time, UNCONFIRMED)


def note(folder: Path, time: datetime, source: str) -> None:
    """Note when the submission that was collected into a folder was handed in (in UTC), and who says so."""
    path, text = _note(folder), in_words(time)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, json.dumps({"time": text, "source": source}))


def _note(folder: Path) -> Path:
    return folder.parent.parent / NOTES / folder.parent.name / f"{folder.name}.json"


def note_in(folder: Path, name: str) -> str:
    """What nbgrader noted in a file of its own when a submission was handed in; an empty text if there is none."""
    try:
        return read_file(folder, name, LONGEST).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""


def in_words(time: datetime) -> str:
    """A time in UTC, as nbgrader writes it."""
    return f"{time:%Y-%m-%d %H:%M:%S.%f} UTC"


def parsed(time: str) -> datetime | None:
    """A time as nbgrader wrote it, in UTC; None if it is none."""
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(time) if time else None
    except (ValueError, OverflowError):
        return None
