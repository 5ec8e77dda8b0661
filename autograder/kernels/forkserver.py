"""Starting fork servers: one for each unit, owned by this process and ending with it, however it ends."""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from autograder.kernels import sandbox, selftest
from autograder.kernels.view import hidden_libraries, preloads, write_view
from course.check.notebook import GRADING
from course.figures import DRAW

SHARED = "GRADIENTS_FORK_SERVERS"
"""Environment variable: fork servers of another process that this one may use, as JSON {unit: address}."""

QUIET = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # looking for oneDNN kernels takes a third of a notebook's TensorFlow
    "CUDA_VISIBLE_DEVICES": "",
    "USE_GPU": "none",
    DRAW: "off",
    GRADING: "yes",
}
"""Variables that keep a kernel to one processor, its libraries silent, the course's pictures undrawn and its practice
checks from comparing."""

ENVIRONMENT = {
    **QUIET,
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp/home",
    "USER": "student",
    "IPYTHONDIR": "/tmp/home/.ipython",
    "MPLCONFIGDIR": "/tmp/home/.matplotlib",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "TMPDIR": "/tmp",
}
"""What a program needs to start: the environment of a fork server, and that of its kernels."""

PREFIX, OWNED = "gradients-", "owned"
LATE = "its imports took too long"
LONGEST = 60  # characters, of the 107 that an address may have
START_SECONDS = 300.0  # in which a server has imported what its unit needs
END_SECONDS = 10.0  # in which a server that is told to end does so

_servers: dict[tuple[str, str], ForkServer] = {}
_lock = threading.Lock()


class NoWarmKernels(RuntimeError):
    """The fork server of a unit could not be started."""


def short_folder() -> str:
    """The folder for temporary files; another one where its name is too long for the address of a socket."""
    return tempfile.gettempdir() if len(tempfile.gettempdir()) < LONGEST else "/tmp"


class ForkServer:
    """A process that has imported what a unit needs. ``address`` is where it is asked for kernels."""

    def __init__(self, unit: str, isolation: str):
        self.unit, self.isolation = unit, isolation
        remove_left_behind()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=short_folder()))
        self._owned = own(self.folder)
        self.address = self.folder / "kernels"
        self.layers: list[str] = []
        self._closing = threading.Lock()
        self._start()
        atexit.register(self.close)

    def _start(self) -> None:
        view = self.folder / "view"
        write_view(self.unit, view)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.address))
        listener.listen(128)
        answers, answer = os.pipe()
        lifeline, self._lifeline = os.pipe()  # the server ends when this process no longer holds the other end
        settings = {
            "listener": listener.fileno(),
            "answer": answer,
            "lifeline": lifeline,
            "confined": self.isolation != sandbox.NONE,
            "imports": preloads(self.unit),
        }
        command = [os.path.normpath(sys.executable), "-m", "autograder.inside.server", json.dumps(settings)]
        shown = view
        if self.isolation != sandbox.NONE:
            shown = Path("/view")
            command = [*sandbox.command(view, shown, hidden_libraries(self.unit)), *command]
        self.process = subprocess.Popen(
            command,
            pass_fds=(listener.fileno(), answer, lifeline),
            env=ENVIRONMENT | {"PYTHONPATH": str(shown)},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "messages").open("wb"),
            start_new_session=True,  # Ctrl-C would end bubblewrap halfway, and what waits for it would wait for ever
        )
        listener.close()
        os.close(answer)
        os.close(lifeline)
        self._answers = os.fdopen(answers)
        threading.Thread(target=self._follow, daemon=True).start()

    def wait_until_ready(self) -> None:
        """Return once the imports are done. Raises NoWarmKernels with the reason if they failed, NoSandbox."""
        with _lock:
            if self._answers.closed:
                return
            came, _, _ = select.select([self._answers], [], [], START_SECONDS)
            said = json.loads(self._answers.readline() or "{}") if came else {"error": LATE}
            self._answers.close()
            if said.get("ready") and self.isolation != sandbox.NONE:
                self.layers = self._verified()
        if not said.get("ready"):
            messages = (self.folder / "messages").read_text(errors="replace").strip().splitlines()
            reason = said.get("error") or " ".join(messages[-3:]) or "it ended without a word"
            self.close()
            if reason.startswith("bwrap:"):
                raise sandbox.refused(reason)
            raise NoWarmKernels(f"the fork server of {self.unit or 'no unit'} did not start: {reason}")

    def _verified(self) -> list[str]:
        """Try the sandbox; returns its layers. Raises NoSandbox where a kernel could escape."""
        try:
            return selftest.verify(self.unit, self.address, {*ENVIRONMENT, *sandbox.KEPT})
        except sandbox.NoSandbox:
            self.close()
            raise

    def _let_go(self) -> None:
        """Close the lifeline: then the server ends."""
        with self._closing:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def _follow(self) -> None:
        """Once bubblewrap has ended, if only by a kill: let the server below it end too."""
        self.process.wait()
        self._let_go()

    def answers(self) -> bool:
        """Whether it can still be asked for kernels."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(str(self.address))
            except OSError:
                return False
        return self.process.poll() is None

    def close(self) -> None:
        """End the server, and every kernel with it."""
        self._let_go()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if _servers.get((self.unit, self.isolation)) is self:
            del _servers[self.unit, self.isolation]
        shutil.rmtree(self.folder, ignore_errors=True)
        self._owned.close()


def own(folder: Path) -> IO[bytes]:
    """Mark a folder as this process's: locked as long as it lives and what this returns is open."""
    import fcntl

    mark = (folder / "marking").open("wb")
    fcntl.flock(mark, fcntl.LOCK_EX)
    (folder / "marking").rename(folder / OWNED)  # from now on others may look whether it is locked
    return mark


def remove_left_behind() -> None:
    """Remove the folders of fork servers whose owners were killed."""
    import fcntl

    for folder in Path(short_folder()).glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / OWNED).open("rb") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def start(unit: str, isolation: str) -> ForkServer:
    """The fork server of a unit, which this process owns; it may still be importing."""
    with _lock:
        key = unit, isolation or sandbox.STRICT
        if key in _servers and _servers[key].process.poll() is not None:
            _servers[key].close()
        if key not in _servers:
            _servers[key] = ForkServer(*key)
        return _servers[key]


def running(unit: str, isolation: str) -> Path:
    """The address of the fork server of a unit, once it is ready: a shared one, or one of this process."""
    shared = json.loads(os.environ.get(SHARED, "{}"))
    if unit in shared:
        return Path(shared[unit])
    server = start(unit, isolation)
    server.wait_until_ready()
    return server.address
