"""The sandbox around a fork server. What is not bound into it does not exist for an answer.

bubblewrap gives the server namespaces of its own. Its file system holds the system's libraries, this Python and the
course (without the unit's answers), all read-only. It has no network and no other processes. Nothing else below
``/usr`` is shown, since an exchange, a course or a configuration may lie beside libraries. Inside, each kernel then
gives up the rest (``autograder/sandbox/inside/confine.py``).
"""

from __future__ import annotations

import os
import shutil
import site
import sys
from collections.abc import Iterable
from pathlib import Path

import autograder
import course
from autograder.errors import UserError

STRICT, NONE = "strict", "none"
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
PROGRAM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64")
"""The folders below ``/usr`` that hold programs and libraries."""
LOCAL_FOLDERS = ("/usr/local/lib", "/usr/local/lib64", "/usr/local/share/fonts")
SHARED_DATA = ("fonts", "fontconfig", "i18n", "locale", "matplotlib", "mime", "misc", "terminfo", "xml/fontconfig",
               "zoneinfo")  # fmt: skip
"""The folders below ``share`` that libraries read."""
PYTHON_FOLDERS = ("bin", "include", "lib", "lib64", "pyvenv.cfg", *(f"share/{name}" for name in SHARED_DATA))
"""What belongs to a Python, below its prefix. No kernel needs its ``etc`` and the rest of its ``share``."""
CONFIGURATION = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/fonts", "/etc/localtime",
                 "/etc/alternatives")  # fmt: skip
KEPT_VARIABLES = ("LANG", "LC_ALL", "TZ", "NBGRADER_EXECUTION")
"""Environment variables of the grader that a submission may see."""
INSTALL_BUBBLEWRAP = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)"
INSTALL_LIBSECCOMP = "install libseccomp (Debian, Ubuntu: apt install libseccomp2; Fedora: dnf install libseccomp)"
INSTALL_PYSECCOMP = f"install pyseccomp again: {sys.executable} -m pip install --force-reinstall pyseccomp"
WAY_OUT = (
    "; or grade unconfined, with the rights of your account: --isolation none, or within nbgrader the environment "
    "variable GRADIENTS_ISOLATION=none"
)
FORBIDDEN = (
    "the system lets this account make no namespaces: on Ubuntu, give bwrap an AppArmor profile, or let everybody: "
    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; in a container, start it with the right to make them"
)


class NoSandbox(UserError):
    """Submissions cannot be confined here: why, and what to do."""

    def __init__(self, why: str, mend: str = ""):
        super().__init__(f"{why}; {mend}{WAY_OUT}" if mend else why)
        self.why, self.mend = why, mend


def require() -> None:
    """Make sure that submissions can be confined here. Raises NoSandbox, with what to do."""
    if not sys.platform.startswith("linux"):
        raise NoSandbox(f"submissions can be confined on Linux only, this is {sys.platform}{WAY_OUT}")
    if shutil.which("bwrap") is None:
        raise NoSandbox("there is no bwrap to confine submissions with", INSTALL_BUBBLEWRAP)
    try:
        import pyseccomp  # noqa: F401
    except Exception as error:  # missing, or broken in any way
        mend = INSTALL_PYSECCOMP if isinstance(error, ImportError | SyntaxError) else INSTALL_LIBSECCOMP
        raise NoSandbox(f"libseccomp cannot be used ({error})", mend) from error


def no_sandbox(said: str) -> NoSandbox:
    """The error for a bubblewrap that did not start. ``said`` is its message."""
    forbidden = "ermission denied" in said or "not permitted" in said
    return NoSandbox(f"submissions cannot be confined: {said}", FORBIDDEN if forbidden else INSTALL_BUBBLEWRAP)


def command(view: Path, shown: Path, hidden: Iterable[Path] = ()) -> list[str]:
    """The command that starts a program in the sandbox.

    The folder ``view`` is seen there as ``shown``. What is ``hidden`` is empty there.
    """
    bwrap = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() != 0:  # root needs no user namespace, and without it can give each kernel a user of its own
        bwrap.append("--unshare-user")
    for path in SYSTEM:
        if Path(path).is_symlink():
            bwrap += ["--symlink", str(Path(path).readlink()), path]
    # /tmp comes before what is shown, which may lie below it
    bwrap += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    for path in CONFIGURATION:
        bwrap += [*_parents(Path(path)), "--ro-bind-try", path, path]
    for place in shown_folders():
        bwrap += [*_parents(place), "--ro-bind", str(place), str(place)]
    for place in (*hidden_folders(), *hidden):
        if place.is_dir():
            bwrap += ["--tmpfs", str(place), "--remount-ro", str(place)]
        else:
            bwrap += ["--ro-bind", os.devnull, str(place)]
    bwrap += ["--ro-bind", str(view), str(shown)]
    # read-only: all kernels share these, and one could change a mode or a time for the others
    return [*bwrap, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def shown_folders() -> list[Path]:
    """What is shown of the system, and of this Python and what is installed into it."""
    names = {path for path in SYSTEM if not Path(path).is_symlink()}
    names |= {f"/usr/{name}" for name in (*PROGRAM_FOLDERS, *(f"share/{name}" for name in SHARED_DATA))} | {
        *LOCAL_FOLDERS
    }
    names |= {f"{prefix}/{name}" for prefix in python_prefixes() for name in PYTHON_FOLDERS}
    names |= {*site.getsitepackages(), sys.executable, os.path.realpath(sys.executable)}
    if site.ENABLE_USER_SITE:
        names.add(site.getusersitepackages())
    places = {Path(os.path.normpath(name)) for name in names}  # without the "..", links as they are
    found: list[Path] = []
    for place in sorted(path for path in places if path.exists()):
        if not any(place.is_relative_to(other) for other in found):
            found.append(place)
    return found


def python_prefixes() -> list[str]:
    """The folders of this Python, and of the Python from which its environment was made."""
    return sorted({sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix})


def hidden_folders() -> list[Path]:
    """The folders of the course and the grader, if they lie within what is shown, as installed packages do."""
    packages = [Path(package.__file__ or "").parent for package in (course, autograder)]
    return [path for path in packages if any(path.is_relative_to(place) for place in shown_folders())]


def _parents(path: Path) -> list[str]:
    """The options that make the folders above a path, readable by everyone."""
    above = [str(parent) for parent in reversed(path.parents) if str(parent) != "/"]
    return [word for parent in above for word in ("--perms", "0755", "--dir", parent)]
