"""The folders that every account needs: home and the one for temporary files. Writing is tried, not assumed."""

from __future__ import annotations

import errno
import getpass
import os
import shlex
import tempfile
from pathlib import Path

from course.doctor.diagnosis import Diagnosis

TRIAL = 16 * 2**20
"""So many bytes are written: a notebook with its pictures takes a few of them."""
OTHER_TMPDIR = "make one that can be written: mkdir -p ~/tmp && export TMPDIR=~/tmp; or as root: chmod 1777 /tmp"
OWN_FOLDERS = (".local", ".local/share", ".local/share/jupyter", ".local/share/jupyter/runtime", ".jupyter", ".ipython",
               ".config", ".cache", ".cache/matplotlib", ".keras")  # fmt: skip
"""What Jupyter and the libraries write to in a home, if it is there."""


def home() -> Diagnosis:
    """Whether there is a home, and room in it: Jupyter keeps its settings and running servers there."""
    name = "home"
    try:
        place = Path.home()
    except RuntimeError:
        mend = "set HOME to a folder of yours: export HOME=FOLDER"
        return Diagnosis(name, False, "this account has none, and HOME is not set", mend)
    if not place.is_dir():
        mend = f"make it (as root: install -d -m 0700 -o {_account()} {shlex.quote(str(place))}), or set HOME"
        return Diagnosis(name, False, f"{place} is not there", mend)
    return _tried(name, place, "set HOME to a folder of yours: export HOME=FOLDER")


def own_folders() -> Diagnosis:
    """Whether this account may write what Jupyter writes to in the home. ``sudo jupyter`` leaves folders of root's."""
    name = "folders in the home"
    try:
        places = [Path.home() / folder for folder in OWN_FOLDERS]
    except RuntimeError:
        return Diagnosis(name, True, "there is no home")
    closed = [str(place) for place in places if place.exists() and not os.access(place, os.R_OK | os.W_OK | os.X_OK)]
    mend = f"sudo chown -R {_account()} {' '.join(map(shlex.quote, closed))}; chmod u+rwx there if they are yours"
    return Diagnosis(name, not closed, f"cannot be written: {', '.join(closed)}" if closed else "can be written", mend)


def temporary_files() -> Diagnosis:
    """Whether there is a folder for temporary files with room, and whether it is the one that was asked for."""
    name, wanted = "temporary files", os.environ.get("TMPDIR")
    mend = "name a folder that can be written: export TMPDIR=/tmp"
    try:
        place = Path(tempfile.gettempdir())
    except FileNotFoundError:
        told = "no folder can be written, not even /tmp: it is closed, read-only or full"
        return Diagnosis(name, False, told, OTHER_TMPDIR)
    tried = _tried(name, place, mend)
    if tried.well and wanted and Path(wanted).absolute() != place.absolute():
        why = why_not_written(Path(wanted), 1) or "not usable"
        return Diagnosis(name, False, f"TMPDIR={wanted}: {why}; {place} is used in its place", mend, minor=True)
    return tried


def _tried(name: str, place: Path, otherwise: str) -> Diagnosis:
    """Whether a folder can be written. What mends it depends on what the system says."""
    why = why_not_written(place)
    mend = f"make room there: df -h {shlex.quote(str(place))}" if "full" in why else otherwise
    return Diagnosis(name, not why, f"{place}: {why}" if why else str(place), mend)


def why_not_written(place: Path, size: int = TRIAL) -> str:
    """Why so much cannot be written to a folder; an empty text if it can."""
    piece = os.urandom(min(size, 2**20))  # which no file system makes smaller
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            for _ in range(size // len(piece)):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"it is full ({error.strerror})"
        return f"it cannot be written ({error.strerror})"
    return ""


def _account() -> str:
    """This account's name for a command, or its number where it has none."""
    try:
        return shlex.quote(getpass.getuser())
    except (OSError, KeyError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else "YOUR-NAME"
