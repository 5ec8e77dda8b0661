"""The sandbox around a fork server: what is not bound into it does not exist for an answer.

bubblewrap gives the server namespaces of its own: a file system that holds the system's libraries, this
Python and the course (without the unit's answers), all read-only; no network; no other processes. Inside, each
kernel then gives up the rest (``autograder/inside/confine.py``).
"""

from __future__ import annotations

import os
import shutil
import site
import sys
from pathlib import Path

import autograder
import course

STRICT, NONE = "strict", "none"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
CONFIGURATION = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/fonts", "/etc/localtime",
                 "/etc/alternatives")  # fmt: skip
KEPT = ("LANG", "LC_ALL", "TZ", "NBGRADER_EXECUTION")
"""Environment variables of the grader that a submission may see."""
INSTALL = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)"
WAY_OUT = (
    "; or grade unconfined, with the rights of your account: --isolation none, or within nbgrader the environment "
    "variable GRADIENTS_ISOLATION=none"
)
FORBIDDEN = (
    "the system lets this account make no namespaces: on Ubuntu, give bwrap an AppArmor profile, or let everybody: "
    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; in a container, start it with the right to make them"
)


class NoSandbox(RuntimeError):
    """Submissions cannot be confined here."""


def require() -> None:
    """Raises NoSandbox, with what to do, where submissions cannot be confined."""
    if not sys.platform.startswith("linux"):
        raise NoSandbox(f"submissions can be confined on Linux only, this is {sys.platform}{WAY_OUT}")
    if shutil.which("bwrap") is None:
        raise NoSandbox(f"there is no bwrap to confine submissions with; {INSTALL}{WAY_OUT}")
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError, OSError) as error:
        raise NoSandbox(f"libseccomp cannot be used ({error}); install libseccomp2 and pyseccomp{WAY_OUT}") from error


def refused(said: str) -> NoSandbox:
    """The error for a bubblewrap that did not start, by what it ``said``."""
    why = f"; {FORBIDDEN}" if "ermission denied" in said or "not permitted" in said else ""
    return NoSandbox(f"submissions cannot be confined: {said}{why}{WAY_OUT}")


def command(view: Path, shown: Path) -> list[str]:
    """The command that starts a program in the sandbox, with the folder ``view`` seen as ``shown``."""
    bwrap = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() != 0:  # root needs no user namespace, and without it can give each kernel a user of its own
        bwrap.append("--unshare-user")
    for path in SYSTEM:
        if Path(path).is_symlink():
            bwrap += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            bwrap += ["--ro-bind", path, path]
    for path in CONFIGURATION:
        bwrap += ["--ro-bind-try", path, path]
    for place in python_folders():
        bwrap += [*_parents(place), "--ro-bind", str(place), str(place)]
    for place in hidden_folders():
        bwrap += ["--tmpfs", str(place)]
    bwrap += ["--ro-bind", str(view), str(shown)]
    return [*bwrap, "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--dir", "/tmp", "--chdir", "/"]


def python_folders() -> list[Path]:
    """The folders of this Python and of what is installed into it, outside of the system's own."""
    names = {sys.prefix, sys.base_prefix, *site.getsitepackages()}
    if site.ENABLE_USER_SITE:
        names.add(site.getusersitepackages())
    places = {Path(os.path.normpath(name)) for name in names}  # without the "..", links as they are
    found: list[Path] = []
    for place in sorted(path for path in places if path.exists()):
        if not any(place.is_relative_to(other) for other in [*found, *map(Path, SYSTEM)]):
            found.append(place)
    return found


def hidden_folders() -> list[Path]:
    """The folders of the course and the grader, where they lie within what is shown: as installed packages, say."""
    shown = [*map(Path, SYSTEM), *python_folders()]
    packages = [Path(package.__file__ or "").parent for package in (course, autograder)]
    return [path for path in packages if any(path.is_relative_to(place) for place in shown)]


def _parents(path: Path) -> list[str]:
    """Make the folders above a path, readable by everyone."""
    above = [str(parent) for parent in reversed(path.parents) if str(parent) != "/"]
    return [word for parent in above for word in ("--perms", "0755", "--dir", parent)]
