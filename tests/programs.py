"""Programs that tests need and pip does not install: how each is found, and what installs it.

``python tests/programs.py --install`` installs what is missing, where it may. ``python tests/programs.py`` says which
tests were skipped since a program is missing, and the line that installs it. Both run without any package.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

VERSIONS = (3, 11), (3, 13)
"""The oldest and the newest Python for which the course is made."""
APT_INSTALL = """
export DEBIAN_FRONTEND=noninteractive
clusters=/etc/postgresql-common/createcluster.conf
case " $* " in *" postgresql "*)
  mkdir -p ${clusters%/*}
  [ -e $clusters ] || echo "create_main_cluster = false" > $clusters # the tests make a server of their own
esac
apt-get update -qq
for package; do
  apt-get install -y -qq --no-install-recommends "$package" || echo "$package could not be installed"
done
"""


@dataclass(frozen=True)
class Program:
    """What is needed, the tests that need it, how to find it (nothing, or where it is), its Debian packages, and which
    program it comes with. Some machines lack an ``optional`` program, and no package brings it."""

    name: str
    tests: str
    find: Callable[[], object]
    packages: tuple[str, ...] = ()
    part_of: str = ""
    optional: bool = False


def namespaces() -> bool:
    """Whether bubblewrap may make namespaces here: tried, not assumed."""
    tried = subprocess.run(["bwrap", "--unshare-net", "--ro-bind", "/", "/", "true"], stderr=subprocess.DEVNULL)
    return tried.returncode == 0


def library(name: str) -> Callable[[], bool]:
    def find() -> bool:
        try:
            return bool(ctypes.CDLL(ctypes.util.find_library(name) or "no such library"))
        except OSError:
            return False

    return find


def chromium() -> str | None:
    """The system's, or the one that Playwright installed."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    found += map(str, Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*/chrome"))
    return next(filter(None, found), None)


def initdb() -> Path | None:
    """PostgreSQL's ``initdb``; its other programs lie beside it. Debian keeps them apart from the commands."""
    found = [Path(shutil.which("initdb") or "/none"), *Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return next((path.resolve() for path in found if path.exists()), None)


def proxy() -> Path | None:
    """The hub's, which ``make test`` and ``make hub`` fetch with npm."""
    found = Path(sys.prefix, "proxy", "node_modules", ".bin", "configurable-http-proxy")
    return found if found.exists() else None


def python(minor: int, which: Callable[[list[tuple[int, ...]]], tuple[int, ...]]) -> Callable[[], str | None]:
    """Finds a Python 3.<minor>. If there are several, ``which`` chooses among their versions."""

    def find() -> str | None:
        name = f"python3.{minor}"
        folders = [*os.get_exec_path(), "/usr/bin"]
        folders += map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin"))
        found: dict[tuple[int, ...], str] = {}
        for path in {Path(folder, name).resolve() for folder in folders}:
            if os.access(path, os.X_OK) and (version := version_of(path))[:2] == (3, minor):
                found[version] = str(path)
        return found[which(list(found))] if found else None

    return find


def version_of(path: Path) -> tuple[int, ...]:
    """The version of a Python; none if it does not run."""
    asked = [str(path), "-c", "import sys; print(*sys.version_info[:3])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return tuple(map(int, done.stdout.split()))


def command(name: str) -> Callable[[], str | None]:
    return lambda: shutil.which(name)


(_, oldest), (_, newest) = VERSIONS
PROGRAMS = {
    "bubblewrap": Program("bubblewrap", "grading in a sandbox", command("bwrap"), ("bubblewrap",)),
    "namespaces": Program("the right to make namespaces", "grading in a sandbox", namespaces, part_of="bubblewrap"),
    "libseccomp": Program("libseccomp", "grading in a sandbox", library("seccomp"), ("libseccomp2",)),
    "libatomic": Program("libatomic", "pages in a browser", library("atomic"), ("libatomic1",)),
    "chromium": Program("Chromium", "pages in a browser", chromium, ("chromium",)),
    "initdb": Program("PostgreSQL", "a gradebook in PostgreSQL", initdb, ("postgresql",)),
    "npm": Program("npm", "a running hub", command("npm"), ("nodejs", "npm")),
    "proxy": Program("the hub's proxy, which npm fetches,", "a running hub", proxy, part_of="npm"),
    "oldest": Program(f"Python 3.{oldest}", "grading with the oldest Python", python(oldest, min), optional=True),
    "newest": Program(f"Python 3.{newest}", "grading with the newest Python", python(newest, max), optional=True),
}
SANDBOX = ("bubblewrap", "namespaces", "libseccomp")


@cache
def found(name: str) -> Any:
    """Where a program is; nothing if it is not here."""
    whole = PROGRAMS[name].part_of
    return PROGRAMS[name].find() if not whole or found(whole) else None


def need(*names: str) -> Any:
    """Skip the test if a program that it needs is missing. In CI the test fails, unless the program is optional.

    Returns where the last of the programs is.
    """
    import pytest

    for name in names:
        if not found(name):
            missing = f"{PROGRAMS[name].name} is missing"
            pytest.fail(missing) if os.environ.get("CI") and not PROGRAMS[name].optional else pytest.skip(missing)
    return found(names[-1])


def missing() -> list[Program]:
    """The programs that are missing; for a missing program, not its parts too."""
    return [one for name, one in PROGRAMS.items() if not found(name) and (not one.part_of or found(one.part_of))]


def packages() -> list[str]:
    return [package for program in missing() for package in program.packages]


def privilege() -> list[str] | None:
    """What lets a command install packages: nothing for root, sudo where it asks for no password."""
    if os.geteuid() == 0:
        return []
    able = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], stderr=subprocess.DEVNULL).returncode == 0
    return ["sudo", "-n"] if able else None


def install() -> None:
    """Install with apt what is missing, after saying so; do nothing where there is no apt or no right to use it."""
    wanted, through = packages(), privilege()
    if wanted and through is not None and shutil.which("apt-get"):
        print(f"The tests need what is not here. Installing with apt: {' '.join(wanted)}", flush=True)
        command = [*through, "sh", "-c", APT_INSTALL, "install", *wanted]
        subprocess.run(command, stdin=subprocess.DEVNULL, check=False)


def tell() -> None:
    """Say what was skipped, and what installs it."""
    for program in missing():
        print(f"skipped, since {program.name} is missing: the tests of {program.tests}")
    wanted = " ".join(packages())
    if wanted and shutil.which("apt-get"):
        print(f"To run them too: sudo apt install {wanted} && make test")
    elif wanted:
        print(f"To run them too, install what Debian calls {wanted}, then: make test")


if __name__ == "__main__":
    install() if "--install" in sys.argv else tell()
