"""nbgrader's formgrader for a course folder, in a server that only this machine reaches.

| module       | does                                                                               |
|--------------|------------------------------------------------------------------------------------|
| ``server``   | the server, which has nothing but formgrader; ``on_hub``: as a service of a hub    |
| ``notebook`` | makes a student's notebook anew from what a page has a use for                     |
| ``safe``     | nbconvert's filters, of which nothing comes that acts                              |

In this folder lie too ``nbgrader_config.py``, with which nbgrader is configured then, and ``nbconvert/``, which
replaces what nbgrader's page would fetch from elsewhere.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path

from autograder.gradebook import GradebookWriter
from course import UNITS
from course.check import load

LOOPBACK = "127.0.0.1"


class CannotServe(RuntimeError):
    """The formgrader cannot be started as asked."""


def port_to_use(wanted: int = 0) -> int:
    """The port asked for, or a free one. Raises CannotServe where somebody else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as error:
            raise CannotServe(
                f"port {wanted}: {error.strerror}; name another, or leave --port out for a free one"
            ) from error
        return probe.getsockname()[1]


def register(course_dir: Path, db_url: str = "") -> list[str]:
    """Tell the gradebook of the units that students handed in, so that formgrader can grade them; returns their names.

    Raises NoGradebook.
    """
    units = [unit for unit in map(load, UNITS) if any(course_dir.glob(f"submitted/*/{unit.assignment}"))]
    for unit in units:
        with GradebookWriter(course_dir, unit, db_url):
            pass
    return [unit.name for unit in units]


def serve(course_dir: Path, port: int, token: str, browser: bool, db_url: str = "") -> None:
    """Run formgrader in a course folder until it is stopped."""
    from autograder.formgrade.server import Server

    here = str(Path(__file__).parent)
    programs = str(Path(sys.executable).parent)  # nbgrader starts alembic by name
    for name, path in {"JUPYTER_CONFIG_PATH": here, "JUPYTER_PATH": here, "PATH": programs}.items():
        os.environ[name] = os.pathsep.join(filter(None, [path, os.environ.get(name)]))
    os.environ["GRADIENTS_DB_URL"] = db_url  # nbgrader_config.py hands it on
    os.chdir(course_dir)  # where nbgrader takes the course to be
    Server.launch_instance(
        [
            f"--ServerApp.ip={LOOPBACK}",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            "--ServerApp.base_url=/",
            f"--ServerApp.root_dir={Path.cwd()}",
            f"--ServerApp.open_browser={browser}",
            "--ServerApp.answer_yes=True",  # Ctrl-C ends it without a question
            f"--ServerApp.allow_root={hasattr(os, 'geteuid') and os.geteuid() == 0}",  # who is root already is
            f"--IdentityProvider.token={token}",
            "--ServerApp.default_url=/formgrader",
            "--Application.log_level=WARN",
        ]
    )


def address(port: int, token: str) -> str:
    """Where the formgrader is opened."""
    return f"http://{LOOPBACK}:{port}/formgrader?token={token}"


def new_token() -> str:
    """What lets a browser in."""
    return secrets.token_hex(24)
