"""Installations that are broken in some way, made from the one that runs the tests, of links to its files."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from programs import found, need, version_of

SITE = Path(sysconfig.get_path("purelib"))
HEAVY = ("tensorflow", "torch", "keras", "numpy", "scipy", "sklearn", "matplotlib", "sympy", "psutil", "zmq",
         "sqlalchemy", "IPython", "ipykernel", "nbformat", "nbclient", "jupyterlab", "nbgrader")  # fmt: skip
"""What the look at imports imports; without them it takes no time."""


class Installation:
    """An environment of this Python's with the same packages, each a link. It can be broken without harm to them."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.site = folder / "lib" / SITE.parent.name / "site-packages"
        self.python.parent.mkdir(parents=True)
        self.python.symlink_to(os.path.realpath(sys.executable))
        shutil.copy(Path(sys.prefix, "pyvenv.cfg"), folder)
        (folder / "share").symlink_to(Path(sys.prefix, "share"))
        _link(SITE, self.site)

    def remove(self, *names):
        """Remove files or folders of packages: ``torch``, ``torch/lib/libtorch_cpu.so``, ``rich-*``."""
        for name in names:
            self._own(Path(name).parent)
            for path in self.site.glob(name):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def write(self, name, content):
        """Write a file of a package, in the place of another one perhaps."""
        path = self.site / name
        self._own(Path(name).parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def raising(self, package, code):
        """Let a package do this when it is imported."""
        self.remove(package, f"{package}.py")
        self.write(f"{package}.py", code)

    def only(self, *kept):
        """Remove what takes long to import, but for these."""
        self.remove(*(name for name in HEAVY if name not in kept))

    def _own(self, folder):
        """Make the folders on the way ones of links, so that they can be changed."""
        for part in reversed([folder, *folder.parents]):
            path = self.site / part
            if path.is_symlink():
                there = path.resolve()
                path.unlink()
                _link(there, path)


def _link(there, here):
    here.mkdir(parents=True)
    for path in there.iterdir():
        (here / path.name).symlink_to(path)


def course(python, *words, inside=(), environment=None, unset=()):
    """What ``course`` says with this Python, as one line, and its exit status. ``inside`` are options of bubblewrap."""
    if inside:
        need("bubblewrap", "namespaces")
    command = ["bwrap", "--dev-bind", "/", "/", *inside] if inside else []
    variables = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [*map(str, command), str(python), "-m", "course", *words], cwd="/", stdin=subprocess.DEVNULL,
        capture_output=True, env={**variables, "COLUMNS": "80", **(environment or {})},
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode(errors="replace")
    return done.returncode, said


def older_pythons():
    """Pythons of this machine that are too old for the course."""
    folders = [*os.get_exec_path(), *map(str, Path.home().glob(".pyenv/versions/3.*/bin"))]
    paths = {Path(folder, f"python3.{minor}").resolve() for folder in folders for minor in range(6, 11)}
    return [path for path in sorted(paths) if os.access(path, os.X_OK) and (3, 6) <= version_of(path) < (3, 11)]


def libseccomp():
    """The files of libseccomp on this machine."""
    assert found("libseccomp")
    library = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    return sorted({os.path.realpath(line.split(" => ")[1]) for line in library.splitlines() if "libseccomp.so" in line})
