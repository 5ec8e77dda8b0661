"""Starting the commands ``course`` and ``autograder``: what keeps one from starting is told in a line.

An older Python must be able to read this file, and it imports nothing that may be missing.
"""

import importlib
import sys
from contextlib import suppress

from course.pythons import PYTHON_VERSIONS, PYTHONS

OURS = ("course", "autograder")


def course() -> None:
    start("course")


def autograder() -> None:
    start("autograder")


def start(command: str) -> None:
    """Run a command, and end this process with its status."""
    if sys.version_info[:2] < PYTHON_VERSIONS[0]:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(
            f"error: the course needs Python {PYTHONS}, and {sys.executable} is {found}\n"
            "  begin anew with another one: make clean; make setup PYTHON=python3.12"
        )
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # no output fails because of a letter that it cannot show
    try:
        sys.exit(run(command))
    except OSError as error:  # of the output, for example, where the disk is full
        with suppress(OSError):
            sys.stdout.close()
        sys.exit(f"error: {error.filename or 'output cannot be written'}: {error.strerror or error}")


def run(command: str) -> "str | int | None":
    """Run a command, and return its status, or what keeps it from starting."""
    try:
        app = importlib.import_module(command + ".cli").app
    except Exception as error:
        if command == "course" and sys.argv[1:2] == ["doctor"]:
            return examine(sys.argv[2:])
        return cannot_start(error)
    try:
        app(prog_name=command)
    except ImportError as error:
        if (error.name or "").partition(".")[0] in OURS:
            raise
        return cannot_start(error)
    return None


def examine(words: "list[str]") -> int:
    """Run ``course doctor`` without what the command needs otherwise."""
    from course.doctor.telling import tell

    return tell("--json" in words, "--lab" in words, [word for word in words if not word.startswith("-")])


def cannot_start(error: Exception) -> str:
    """What is said where a package cannot be imported."""
    told = str(error).strip() or "something cannot be imported"
    return (
        f"error: {told} ({type(error).__name__})\n"
        f"  see what is wrong, and the line that mends it: {sys.executable} -m course doctor"
    )
