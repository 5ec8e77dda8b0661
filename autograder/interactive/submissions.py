"""Which notebooks are submissions: those that lie in nbgrader's folders, whatever leads to them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

FOLDERS = {"submitted": 2, "autograded": 2, "inbound": 1}
"""nbgrader's folders with what students handed in, and how many folders below them hold one submission."""
SEPARATORS = re.compile(r"[/\\:]")
"""What stands between the names of a path, or after the name of a drive, on any system."""


@dataclass(frozen=True)
class Submission:
    """A submission that a notebook belongs to. ``whole`` is its folder, ``files`` the notebook's own folder in it.

    A notebook that lies elsewhere than nbgrader puts it is a submission of its own, without files.
    """

    whole: Path
    files: Path | None = None


def submission_at(root: Path, path: str) -> Submission | None:
    """The submission at a path that a Jupyter server was given; None if there is none.

    ``root`` is the server's folder. The path need not exist. It may be that of a notebook, a console or a folder. A
    path below one of the folders counts, and so does one that leads there by links.
    """
    place = Path(os.path.realpath(Path(root, path.strip("/"))))
    found = [number for number, name in enumerate(place.parts) if name.casefold() in FOLDERS]
    if not found:
        names = map(str.casefold, SEPARATORS.split(path))
        return Submission(place) if not FOLDERS.keys().isdisjoint(names) else None
    depth = found[-1] + 1 + FOLDERS[place.parts[found[-1]].casefold()]
    folder = place if place.is_dir() else place.parent
    if len(folder.parts) < depth:
        return Submission(place)
    return Submission(Path(*place.parts[:depth]), folder)
