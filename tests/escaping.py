"""What the tests of the sandbox share: running notebooks of unit 0 that misbehave, and a table of what each got."""

import os
import socket
import subprocess
import sys
import textwrap
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder.intake import released
from autograder.running.execute import Execution, execute
from autograder.running.job import Job
from autograder.sandbox.inside.limits import MB, Limits
from course.check import Expected, judge, load

UNIT = load("start_here")
TASK = UNIT.tasks["mean_of_squares"]
RIGHT = "import numpy as np\ndef mean_of_squares(x):\n    return np.mean(np.square(x))"
WRONG = "def mean_of_squares(x):\n    return -1.0"
SEED = 20
EXPECTED = Expected(UNIT, TASK, SEED)
SMALL = {"cell_seconds": 10.0, "total_seconds": 300.0, "memory": 512 * MB, "processes": 48, "disk": 32 * MB,
         "file_bytes": 16 * MB, "shared": 8 * MB, "output": MB}  # fmt: skip

TRIED: list[tuple[str, str, str]] = []
"""(kind, attack or accident, what it got), for the table at the end of a test run."""


@dataclass
class Outcome:
    """The result of a notebook: the execution, and how many of the three parts of its task are right."""

    execution: Execution
    right: int
    findings: list[str] = field(default_factory=list)
    text: str = ""

    @property
    def full(self) -> bool:
        return self.right == 3


def notebook_with(*cells, answer=RIGHT, after=()):
    """The released notebook of unit 0 as JSON: the answer, then ``cells``, the check, then cells ``after``."""
    notebook = released(UNIT)
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "mean_of_squares")
    notebook.cells[place - 1].source = answer
    notebook.cells[place + 1 : place + 1] = [nbformat.v4.new_code_cell(textwrap.dedent(source)) for source in after]
    notebook.cells[place:place] = [nbformat.v4.new_code_cell(textwrap.dedent(source)) for source in cells]
    return nbformat.writes(notebook)


def run(*cells, answer=RIGHT, after=(), isolation="strict", files=None, seconds=60.0, unit=UNIT.name, **limits):
    """Execute that notebook within small limits, and judge it."""
    text = notebook_with(*cells, answer=answer, after=after)
    bounds = Limits(**{**SMALL, **limits})
    job = Job(unit, text, {TASK.name: SEED}, {TASK.name: seconds}, files or {}, bounds, isolation)
    return outcome_of(execute(job))


def outcome_of(done):
    done.notebook.encode("utf-8")
    notebook = nbformat.reads(done.notebook, as_version=4)
    nbformat.validate(notebook)
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    texts = [out.get("text", "") or str(out.get("evalue", "")) for out in outputs]
    verdict = judge(EXPECTED, done.observations.get(TASK.name))
    right = sum(part.right for part in verdict.parts)
    return Outcome(done, right, [name for name, _ in done.findings], "\n".join(texts))


ABSTRACT = f"gradients-test-{os.getpid()}"


class Outside:
    """What a submission must not reach: files, sockets and processes of this machine. A context manager."""

    def __init__(self, folder: Path):
        self.folder, self.stack = folder, ExitStack()

    def __enter__(self):
        (self.folder / "secret.txt").write_text("s3cret")
        (self.folder / "secret.txt").chmod(0o644)
        self.victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10_000)"])
        self.stack.callback(self.victim.wait)
        self.stack.callback(self.victim.kill)
        self.tcp = self._socket(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.udp = self._socket(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self.tcp6 = self._socket(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        self.unix = self._socket(socket.AF_UNIX, socket.SOCK_STREAM, str(self.folder / "stream"))
        self.datagrams = self._socket(socket.AF_UNIX, socket.SOCK_DGRAM, str(self.folder / "datagrams"))
        self.abstract = self._socket(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{ABSTRACT}")
        self.abstract_datagrams = self._socket(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{ABSTRACT}-datagrams")
        return self

    def _socket(self, family, kind, address):
        made = self.stack.enter_context(socket.socket(family, kind))
        made.bind(address)
        made.setblocking(False)
        if kind == socket.SOCK_STREAM:
            made.listen()
        return made

    def reached(self):
        """The names of those sockets that somebody reached."""
        found = []
        for name, one in vars(self).items():
            if isinstance(one, socket.socket):
                try:
                    one.accept() if one.type == socket.SOCK_STREAM else one.recv(100)
                    found.append(name)
                except BlockingIOError:
                    pass
        return found

    def __exit__(self, *error):
        self.stack.close()
