"""nbgrader's formgrader for a course folder, in a server that only this machine can reach.

| module       | does                                                                               |
|--------------|------------------------------------------------------------------------------------|
| ``server``   | the server, which has nothing but formgrader                                       |
| ``on_hub``   | the same server as a service of a JupyterHub                                       |
| ``notebook`` | rebuilds a student's notebook from the fields that a page shows                    |
| ``safe``     | replaces nbconvert's filters, so that their HTML is harmless                       |

This folder also holds ``nbgrader_config.py``, nbgrader's configuration in this server, and ``nbconvert/``, which
replaces what nbgrader's page would fetch from elsewhere.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path

from autograder.course import current
from autograder.errors import UserError
from autograder.gradebook.writer import GradebookWriter
from course.lab import LOOPBACK


class CannotServe(UserError):
    """The formgrader cannot be started as asked."""


def port_to_use(wanted: int = 0) -> int:
    """The port asked for, or a free one for 0. Raises CannotServe if the port cannot be used."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as error:
            raise CannotServe(
                f"port {wanted}: {error.strerror}; name another, or leave --port out for a free one"
            ) from error
        return probe.getsockname()[1]


def register_submitted(course_dir: Path, db_url: str = "") -> list[str]:
    """Register the units that students handed in, so that formgrader can grade them; returns the units' names.

    Raises NoGradebook.
    """
    units = [unit for unit in current().units if any(course_dir.glob(f"submitted/*/{unit.assignment}"))]
    for unit in units:
        with GradebookWriter(course_dir, unit, db_url):
            pass
    return [unit.name for unit in units]


def serve_formgrader(course_dir: Path, port: int, token: str, browser: bool, db_url: str = "") -> None:
    """Run formgrader in a course folder until it is stopped."""
    from autograder.in_nbgrader.formgrade.server import Server

    here = str(Path(__file__).parent)
    programs = str(Path(sys.executable).parent)  # nbgrader starts alembic by name
    for name, path in {"JUPYTER_CONFIG_PATH": here, "JUPYTER_PATH": here, "PATH": programs}.items():
        os.environ[name] = os.pathsep.join(filter(None, [path, os.environ.get(name)]))
    os.environ["GRADIENTS_DB_URL"] = db_url  # nbgrader_config.py reads it
    os.chdir(course_dir)  # nbgrader takes the working directory for the course
    Server.launch_instance(
        [
            f"--ServerApp.ip={LOOPBACK}",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            "--ServerApp.base_url=/",
            f"--ServerApp.root_dir={Path.cwd()}",
            f"--ServerApp.open_browser={browser}",
            "--ServerApp.answer_yes=True",  # Ctrl-C ends it without a question
            f"--ServerApp.allow_root={hasattr(os, 'geteuid') and os.geteuid() == 0}",  # a user who is root may run it
            f"--IdentityProvider.token={token}",
            "--ServerApp.default_url=/formgrader",
            "--Application.log_level=WARN",
        ]
    )


def address(port: int, token: str) -> str:
    """The URL of the formgrader, with the token."""
    return f"http://{LOOPBACK}:{port}/formgrader?token={token}"


def new_token() -> str:
    """A random token, with which a browser may open the formgrader."""
    return secrets.token_hex(24)
