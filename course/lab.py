"""Opening copies of the notebooks in JupyterLab, so that answers and released files stay apart."""

from __future__ import annotations

import shutil
import socket
import sys
from importlib.metadata import entry_points
from pathlib import Path

from course.errors import UserError
from course.writing import replacing

RELEASED = Path(__file__).resolve().parents[1] / "notebooks"
LOOPBACK = "127.0.0.1"
EXTENSIONS = "gradients_course.jupyter_server"
"""Entry points of extensions that JupyterLab is started with: the autograder's, which this package knows nothing of."""
NO_UPDATES = "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"  # the course has its own versions


class CannotOpen(UserError):
    """Why JupyterLab cannot be opened, and what to do."""


def bring_notebooks(released: Path, work: Path) -> list[Path]:
    """Copy the released notebooks that ``work`` does not have yet. Never changes one that is there.

    Returns the paths of the new ones within ``work``. Raises CannotOpen if nothing is released, OSError.
    """
    notebooks = sorted(path.relative_to(released) for path in released.glob("*/*.ipynb"))
    if not notebooks:
        raise CannotOpen(f"there are no notebooks in {released}; write them with: autograder build")
    missing = [path for path in notebooks if not (work / path).exists()]
    for path in missing:
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        with replacing(work / path) as new:
            shutil.copyfile(released / path, new)
    return missing


def require_port(port: int) -> None:
    """Make sure that a port is free. Raises CannotOpen."""
    with socket.socket() as trial:
        if sys.platform != "win32":  # where this would let two servers share a port
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError as error:
            why = f"port {port} cannot be used ({error.strerror})"
            raise CannotOpen(f"{why}; name another one, or leave --port out") from error


def serve(work: Path, notebook: Path | None, port: int | None, browser: bool) -> None:
    """Run JupyterLab on the notebooks in ``work`` until it is stopped.

    It listens on this machine only, and asks for a token that it makes up. So root may run it too, for example in a
    container. Raises CannotOpen if JupyterLab is not installed, or an extension that belongs to the course fails.
    """
    try:
        from jupyterlab.labapp import LabApp
    except ImportError as error:
        raise CannotOpen(f"JupyterLab is missing ({error}); install it with: pip install jupyterlab") from error
    page = f"/lab/tree/{notebook.as_posix()}" if notebook else "/lab"
    options = [f"--ServerApp.root_dir={work.resolve()}", f"--ServerApp.ip={LOOPBACK}", f"--LabApp.default_url={page}",
               "--log-level=WARN", "--allow-root", NO_UPDATES]  # fmt: skip
    options += [f"--ServerApp.jpserver_extensions={name}=True" for name in extensions()]
    if port:
        options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        options.append("--no-browser")
    LabApp.launch_instance(options)


def extensions() -> list[str]:
    """The names of the extensions. Raises CannotOpen if one cannot be imported: Jupyter would go on without it."""
    names = []
    for one in entry_points(group=EXTENSIONS):
        try:
            one.load()
        except Exception as error:
            raise CannotOpen(f"{one.value} cannot be imported ({error}); install the course again") from error
        names.append(one.value)
    return names
