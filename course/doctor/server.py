"""A lab's server: whether other accounts reach Python and the course, their homes, the hub's proxy, systemd."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from course.doctor.diagnosis import Diagnosis
from course.doctor.software import PIP, PROJECT_FOLDER

NOBODY = 65534
LONGEST = 60.0  # seconds that a program may take that is asked
SHOWN = 5  # of a long list of names
PROXY = "configurable-http-proxy"
PROXY_PACKAGE = f"{PROXY}@5.3.0"
INSTALL_PROXY = f"apt install nodejs npm && npm install --global {PROXY_PACKAGE}"
LOGIN_DEFS = Path("/etc/login.defs")
SYSTEMD_RUNS = Path("/run/systemd/system")
"""This folder is there if systemd started the machine; see sd_booted(3)."""


def reach() -> Diagnosis:
    """Whether every account can run this Python with the course: by modes, and tried where root may try."""
    name = "Python for other accounts"
    places = [
        Path(sys.executable),
        Path(sys.executable).resolve(),
        Path(sys.prefix),
        Path(sys.base_prefix),
        PROJECT_FOLDER,
    ]
    shut = closed(places)
    if shut:
        mend = f"chmod o+x {_words(shut)}"
        if any(place in (Path("/root"), *Path("/home").glob("*")) for place in shut):
            mend = _move(PROJECT_FOLDER, shut)
        told = f"others cannot enter {listed(map(str, shut))}, and so not run {sys.executable}"
        return Diagnosis(name, False, told, mend)
    if os.geteuid() != 0:
        return Diagnosis(name, True, f"{sys.executable}, by the modes of the folders; root could try it")
    code, said = asked(
        [sys.executable, "-P", "-c", "import course, numpy, jupyterlab, nbgrader"], user=NOBODY, group=NOBODY
    )
    mend = f"chmod -R o+rX {_words(dict.fromkeys([Path(sys.prefix), PROJECT_FOLDER]))}"
    told = f"the account nobody cannot import the course: {last_line(said)}" if code else f"{sys.executable}: tried"
    return Diagnosis(name, not code, told, mend)


def _move(project: Path, shut: list[Path]) -> str:
    """What makes the environment anew with a Python that everyone can run, outside the folders that are shut."""
    inside = any(project.is_relative_to(place) for place in shut)
    there = shlex.quote(str(Path("/srv", project.name) if inside else project))
    moved = f"mv {shlex.quote(str(project))} {there} && " if inside else ""
    return f"{moved}cd {there} && rm -rf .venv && /usr/bin/python3 -m venv .venv, then install as lab/README.md says"


def closed(places: Iterable[Path]) -> list[Path]:
    """The folders on the way to some places that others cannot enter."""
    above = {parent: None for place in places for parent in (*reversed(place.parents), place)}
    return [path for path in above if path.is_dir() and not path.stat().st_mode & 0o001]


def homes() -> Diagnosis:
    """Whether the homes of people are their owners' alone, those that there are and those that will be made."""
    import pwd

    people = [one for one in pwd.getpwall() if _defined("UID_MIN", 1000) <= one.pw_uid <= _defined("UID_MAX", 60000)]
    open_ones = [one.pw_dir for one in people if Path(one.pw_dir).is_dir() and Path(one.pw_dir).stat().st_mode & 0o077]
    open_ones = sorted(set(open_ones))
    later = _defined("HOME_MODE", 0o777 & ~_defined("UMASK", 0o022, 8), 8) & 0o077
    found = [f"others may enter or read {listed(open_ones)}"] if open_ones else []
    found += [f"useradd makes homes that others may read ({LOGIN_DEFS}: no HOME_MODE 0700)"] if later else []
    mends = [f"chmod 700 {' '.join(map(shlex.quote, open_ones))}"] if open_ones else []
    mends += [f"echo 'HOME_MODE 0700' >> {LOGIN_DEFS}"] if later else []
    told = "; ".join(found) or f"{len(people)} accounts, homes are their owners' alone"
    return Diagnosis("homes", not found, told, " && ".join(mends))


def _defined(word: str, default: int, base: int = 10) -> int:
    """A number of ``/etc/login.defs``, by which useradd goes; the last one counts."""
    try:
        text = LOGIN_DEFS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return default
    found = re.findall(rf"^\s*{word}\s+([0-9]+)", text, re.MULTILINE)
    return int(found[-1], base) if found else default


def proxy() -> Diagnosis:
    """Whether the hub's proxy is installed and runs."""
    name, fetched = "the hub's proxy", Path(sys.prefix, "proxy", "node_modules", ".bin", PROXY)
    command = shutil.which(PROXY) or (str(fetched) if fetched.exists() else "")
    if not command:
        return Diagnosis(name, False, f"{PROXY} is not on PATH", INSTALL_PROXY)
    code, said = asked([command, "--version"])
    told = f"{command} does not run: {last_line(said)}" if code else f"{command} {last_line(said)}"
    return Diagnosis(name, not code, told, INSTALL_PROXY)


def systemd() -> Diagnosis:
    """Whether the hub is installed, and servers can be started as units of systemd, so that limits are enforced."""
    name = "JupyterHub and systemd"
    if find_spec("jupyterhub") is None:
        mend = f'cd {shlex.quote(str(PROJECT_FOLDER))} && {PIP} -e ".[gpu,lab]" -c constraints-gpu.txt'
        return Diagnosis(name, False, "jupyterhub is not installed", mend)
    if not SYSTEMD_RUNS.is_dir():
        mend = "take the line with systemd.py out of jupyterhub_config.py; limits are then not enforced"
        return Diagnosis(name, False, "systemd does not run here (in a container, perhaps)", mend, minor=True)
    if find_spec("systemdspawner") is None:
        mend = f"{PIP} 'jupyterhub-systemdspawner==1.0.2'"
        return Diagnosis(name, False, "systemdspawner is not installed", mend, minor=True)
    return Diagnosis(name, True, "systemd runs, and systemdspawner is there")


def asked(command: list[str], **options: int) -> tuple[int, str]:
    """A program's exit status and what it printed, whatever the bytes are. One that does not end has status 124."""
    if "user" in options:
        options = {**options, "extra_groups": []}  # type: ignore[dict-item]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
            env=environment, timeout=LONGEST, check=False, **options,
        )  # type: ignore[call-overload]  # fmt: skip
    except subprocess.TimeoutExpired:
        return 124, f"no answer within {LONGEST:.0f} seconds"
    except (OSError, subprocess.SubprocessError) as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode(errors="replace")


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it says nothing")


def listed(names: Iterable[str]) -> str:
    """Names in a line, of many the first few."""
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def _words(paths: Iterable[Path]) -> str:
    return " ".join(shlex.quote(str(path)) for path in paths)
