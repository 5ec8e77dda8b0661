"""What is set around a notebook: whether it is being graded, and what ``course.toml`` says of borrowed answers."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from course.errors import UserError

FILE, COURSE_VARIABLE = "course.toml", "GRADIENTS_COURSE"
"""The file that describes a course, and the environment variable that names the folder in which it lies."""
GRADING = "GRADIENTS_GRADING"
"""Environment variable that is set where notebooks are graded: no reference is there, so checks compare nothing."""
BORROWED_SHARE = 0.5


class WrongSetting(UserError):
    """A ``course.toml`` that says something which cannot be."""


def borrowed_share_in(said: Mapping[str, Any], path: Path) -> float:
    """The share of its points that a borrowed task earns, from what a ``course.toml`` says. Raises WrongSetting."""
    share = said.get("borrowed_share", BORROWED_SHARE)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise WrongSetting(f"{path}: borrowed_share must be a number from 0 to 1, such as 0.5, got {share!r}")
    return float(share)


def borrowed_share_here() -> float:
    """The share that holds where a notebook runs. Raises WrongSetting.

    It stands in the ``course.toml`` of the folder that ``GRADIENTS_COURSE`` names, or else of the notebook's folder or
    the nearest one above it.
    """
    for path in _files():
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WrongSetting(f"{path}: {error}") from error
        if "units" in said:
            return borrowed_share_in(said, path)
    return BORROWED_SHARE


def _files() -> Iterator[Path]:
    named, here = os.environ.get(COURSE_VARIABLE), Path.cwd()
    folders = [Path(named)] if named else [here, *here.parents]
    return (folder / FILE for folder in folders if os.access(folder / FILE, os.R_OK))
