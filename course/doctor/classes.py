"""A lab's courses: nbgrader's exchange, and the accounts that grade, as the configurations name them.

The configurations are read, not run: what they say is taken from literal texts and paths.
"""

from __future__ import annotations

import ast
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.doctor import places
from course.doctor.diagnosis import Diagnosis
from course.doctor.server import listed
from course.doctor.software import PROJECT_FOLDER

MAKE_COURSE = shlex.quote(str(PROJECT_FOLDER / "lab" / "make_course.sh"))
CONFIG_VARIABLE = "GRADIENTS_HUB_CONFIG"
"""Environment variable: the hub's configuration, if it does not lie where README of ``lab/`` puts it."""
HUB_CONFIG = "/etc/jupyterhub/jupyterhub_config.py"
EXCHANGE_VARIABLE, USUAL_EXCHANGE = "GRADIENTS_EXCHANGE", "/srv/nbgrader/exchange"
MODES = {"": 0o755, "outbound": 0o755, "inbound": 0o3733, "feedback": 0o711}
"""The folders of a course in the exchange with their modes, as ``lab/make_course.sh`` makes them."""
EXCHANGE_MODE = 0o1777
MANY = 100  # courses that are looked at: everyone may make folders in the exchange


@dataclass(frozen=True)
class Course:
    """A course of the hub's configuration. What is not said there in so many words is empty."""

    name: str
    folder: str
    grader: str


def exchange() -> Diagnosis:
    """Whether the exchange is there, can be written, and has the modes that let each do what is theirs alone."""
    name, place = "exchange", exchange_folder()
    courses = {one.name: one for one in configured() if one.name}
    if not place.is_dir():
        mend = f"{MAKE_COURSE} {shlex.quote(str(place))} /srv/courses/COURSE GRADER"
        return Diagnosis(name, False, f"{place} is not there", mend)
    wrong = [_mode_fault(place, EXCHANGE_MODE)]
    if not courses:
        found = sorted(path.name for path in place.iterdir() if path.is_dir() and (path / "inbound").is_dir())
        courses = {one: Course(one, "", "") for one in found[:MANY]}
    for course in courses.values():
        wrong += [_mode_fault(place / course.name / part, mode, course) for part, mode in MODES.items()]
    if full := places.why_not_written(place):
        wrong.append((f"{place}: {full}", f"df -h {shlex.quote(str(place))}"))
    said, mends = zip(*filter(None, wrong), strict=True) if any(wrong) else ((), ())
    told = f"{listed(said)}" if said else f"{place}, {len(courses)} course{'' if len(courses) == 1 else 's'}"
    return Diagnosis(name, not said, told, " && ".join(dict.fromkeys(mends)))


def _mode_fault(path: Path, wanted: int, course: Course | None = None) -> tuple[str, str] | None:
    """What is wrong with a folder of the exchange and what mends it; None if nothing is. Links are not followed."""
    quoted = shlex.quote(str(path))
    try:
        found = path.lstat()
    except FileNotFoundError:
        words = [str(path.parent), course.folder or "FOLDER", course.grader or "GRADER"] if course else [str(path)]
        return f"{path} is missing", f"{MAKE_COURSE} {shlex.join(words)}"
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        return f"{path} is no folder: somebody may have put it there", f"ls -ld {quoted}  # look at it, then remove it"
    owner = account_number(course.grader) if course and course.grader else None
    if owner is not None and found.st_uid != owner and course:
        return f"{path} does not belong to {course.grader}", f"chown {shlex.quote(course.grader)}: {quoted}"
    if stat.S_IMODE(found.st_mode) != wanted:
        return f"{path} has mode {stat.S_IMODE(found.st_mode):o}, not {wanted:o}", f"chmod {wanted:o} {quoted}"
    return None


def graders() -> Diagnosis:
    """Whether each account that grades exists, and the folder in which it grades is its own and nobody else's."""
    name, config = "graders", Path(os.environ.get(CONFIG_VARIABLE) or HUB_CONFIG)
    if not config.exists():
        mend = f"copy lab/jupyterhub_config.py there, or name yours: {CONFIG_VARIABLE}=FILE course doctor --lab"
        return Diagnosis(name, False, f"there is no configuration of the hub at {config}", mend, minor=True)
    courses = [one for one in configured() if one.grader]
    if not courses:
        mend = f'write HubCourse(name="…", folder=Path("…"), grader="…") in {config}, with the texts themselves'
        return Diagnosis(name, False, f"{config} names no account that grades", mend, minor=True)
    faults = [fault for one in courses for fault in _grader_faults(one)]
    told = "; ".join(said for said, _ in faults) or ", ".join(f"{one.grader} grades {one.name}" for one in courses)
    return Diagnosis(name, not faults, told, " && ".join(dict.fromkeys(mend for _, mend in faults)))


def _grader_faults(course: Course) -> Iterator[tuple[str, str]]:
    """What is wrong with an account that grades and with its folder, each with what mends it."""
    grader, owner = shlex.quote(course.grader), account_number(course.grader)
    make = f"{MAKE_COURSE} {shlex.join([str(exchange_folder()), course.folder, course.grader])}"
    if owner is None:
        yield f"there is no account {course.grader}", f"useradd --create-home {grader} && {make}"
        return
    if not course.folder:
        return
    folder, quoted = Path(course.folder), shlex.quote(course.folder)
    if not folder.is_dir():
        yield f"{folder} is not there", make
        return
    others = [path for path in (folder, *folder.iterdir()) if path.lstat().st_uid != owner]
    if others:
        yield f"{listed(map(str, others))} not {course.grader}'s own", f"chown -hR {grader}: {quoted}"
    if folder.stat().st_mode & 0o077:
        yield f"others may enter or read {folder}, which holds solutions and marks", f"chmod 700 {quoted}"


def account_number(name: str) -> int | None:
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def exchange_folder() -> Path:
    """Where the exchange is: as the environment says, or the hub's configuration, or nbgrader's, or the usual place."""
    said = os.environ.get(EXCHANGE_VARIABLE) or _assigned(_hub_config(), "EXCHANGE")
    return Path(said or next(filter(None, map(_nbgrader_root, _nbgrader_configs())), USUAL_EXCHANGE))


def configured() -> list[Course]:
    """The courses of the hub's configuration."""
    found = []
    for node in ast.walk(_hub_config()):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("HubCourse"):
            said = {word.arg: _text(word.value) for word in node.keywords}
            found.append(Course(said.get("name", ""), said.get("folder", ""), said.get("grader", "")))
    return found


def _hub_config() -> ast.AST:
    """The hub's configuration, unless there is none. Raises OSError and SyntaxError, which the look tells."""
    path = Path(os.environ.get(CONFIG_VARIABLE) or HUB_CONFIG)
    return ast.parse(path.read_text(encoding="utf-8") if path.exists() else "", filename=str(path))


def _nbgrader_configs() -> Iterator[Path]:
    from jupyter_core.paths import jupyter_config_path

    yield from (Path(place, "nbgrader_config.py") for place in jupyter_config_path())


def _nbgrader_root(path: Path) -> str:
    with suppress(OSError, SyntaxError, ValueError):
        return _assigned(ast.parse(path.read_text(encoding="utf-8")), "c.Exchange.root")
    return ""


def _assigned(tree: ast.AST, name: str) -> str:
    """The text or path that a name is given last; empty if there is none."""
    given = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return next(filter(None, map(_text, reversed(given))), "")


def _text(node: Any) -> str:
    """A literal text, ``Path("…")`` of one, or the default in ``os.environ.get(…, "…")``."""
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in ("Path", "str", "os.environ.get"):
        return _text(node.args[-1])
    return str(node.value) if isinstance(node, ast.Constant) and node.value is not None else ""
