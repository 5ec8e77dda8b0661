"""Starting fork servers, one for each unit. This process owns them, and they end when it ends, in any way."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from autograder.errors import UserError
from autograder.sandbox import bubblewrap, selftest
from autograder.sandbox.view import hidden_libraries, preloads, write_view
from course.figures import DRAW
from course.settings import GRADING

SHARED_VARIABLE = "GRADIENTS_FORK_SERVERS"
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
"""Variables that keep a kernel to one processor and its libraries silent. The course's pictures are not drawn, and its
practice checks compare nothing."""

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
LONGEST_FOLDER = 60  # characters of a folder's name; the address of a socket may have 107 in all
IMPORT_SECONDS = 300.0  # in which a server must have imported what its unit needs
END_SECONDS = 10.0  # after which a server that was told to end is killed

_servers: dict[tuple[str, str], ForkServer] = {}
_lock = threading.Lock()


class NoWarmKernels(UserError):
    """The fork server of a unit could not be started."""


def short_folder() -> str:
    """The folder for temporary files, or ``/tmp`` if its name is too long for the address of a socket."""
    return tempfile.gettempdir() if len(tempfile.gettempdir()) < LONGEST_FOLDER else "/tmp"


class ForkServer:
    """A process that has imported what a unit needs. ``address`` is where it is asked for kernels."""

    def __init__(self, unit: str, isolation: str):
        self.unit, self.isolation = unit, isolation
        remove_left_behind()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=short_folder()))
        self.address = self.folder / "kernels"
        self.layers: list[str] = []
        self._ready = False
        self._closing = threading.Lock()
        self._lifeline = -1
        self._held = ExitStack()  # what this process keeps open of it
        try:
            self._held.enter_context(lock_folder(self.folder))
            self._start()
        except BaseException:
            self._clear()
            raise
        atexit.register(self.close)

    def _start(self) -> None:
        view = self.folder / "view"
        write_view(self.unit, view)
        with ExitStack() as theirs:  # closed here once the server has it
            listener = theirs.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(str(self.address))
            listener.listen(128)
            answers, answer = os.pipe()
            self._answers = self._held.enter_context(os.fdopen(answers, "rb", buffering=0))
            theirs.callback(os.close, answer)
            lifeline, self._lifeline = os.pipe()  # the server ends when this process no longer holds the other end
            theirs.callback(os.close, lifeline)
            settings = {
                "listener": listener.fileno(),
                "answer": answer,
                "lifeline": lifeline,
                "confined": self.isolation != bubblewrap.NONE,
                "imports": preloads(self.unit),
            }
            command = [os.path.normpath(sys.executable), "-m", "autograder.sandbox.inside.server", json.dumps(settings)]
            shown = view
            if self.isolation != bubblewrap.NONE:
                shown = Path("/view")
                command = [*bubblewrap.command(view, shown, hidden_libraries(self.unit)), *command]
            self.process = subprocess.Popen(
                command,
                pass_fds=(listener.fileno(), answer, lifeline),
                env=ENVIRONMENT | {"PYTHONPATH": str(shown)},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=theirs.enter_context((self.folder / "messages").open("wb")),
                start_new_session=True,  # Ctrl-C would end bubblewrap halfway; what waits for it would wait for ever
            )
        threading.Thread(target=self._follow, daemon=True).start()

    def wait_until_ready(self) -> None:
        """Return once the imports are done and the sandbox is tried. Raises NoWarmKernels, NoSandbox."""
        with _lock:
            if self._ready:
                return
            try:
                self._hear()
            except BaseException:
                self.close()
                raise

    def _hear(self) -> None:
        """Wait for what the server says, and try its sandbox. Raises NoWarmKernels, NoSandbox."""
        running = self._said()
        said = self._said() if running.get("running") else running
        if said.get("ready"):
            if self.isolation != bubblewrap.NONE:
                self.layers = selftest.verify(self.unit, self.address, {*ENVIRONMENT, *bubblewrap.KEPT_VARIABLES})
            self._ready = True
            self._answers.close()
            return
        messages = (self.folder / "messages").read_text(errors="replace").strip().splitlines()
        reason = said.get("error") or " ".join(messages[-3:]) or "it ended without a word"
        if messages and not running and self.isolation != bubblewrap.NONE:  # then these are bubblewrap's
            raise bubblewrap.no_sandbox(reason)
        raise NoWarmKernels(f"the fork server of {self.unit or 'no unit'} did not start: {reason}")

    def _said(self) -> dict[str, Any]:
        """What the server says next: that it runs, then that it is ready or why not; nothing if it has ended."""
        if self._answers.closed:
            return {"error": "it was closed"}
        came = select.select([self._answers], [], [], IMPORT_SECONDS)[0]
        return dict(json.loads(self._answers.readline() or "{}")) if came else {"error": LATE}

    def _let_go(self) -> None:
        """Close the lifeline: then the server ends."""
        with self._closing:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def _follow(self) -> None:
        """When bubblewrap has ended, by a kill for example, let the server below it end too."""
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
        atexit.unregister(self.close)
        self._clear()

    def _clear(self) -> None:
        """Let go of what this process holds of the server."""
        self._let_go()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._held.close()


def lock_folder(folder: Path) -> IO[bytes]:
    """Mark a folder as this process's. It is locked while this process lives and the returned file is open."""
    mark = (folder / "marking").open("wb")
    fcntl.flock(mark, fcntl.LOCK_EX)
    (folder / "marking").rename(folder / OWNED)  # from now on others may look whether it is locked
    return mark


def remove_left_behind() -> None:
    """Remove the folders of fork servers whose owners were killed."""
    for folder in Path(short_folder()).glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / OWNED).open("rb") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def start(unit: str, isolation: str) -> ForkServer:
    """The fork server of a unit, which this process owns; it may still be importing."""
    with _lock:
        key = unit, isolation or bubblewrap.STRICT
        if key in _servers and _servers[key].process.poll() is not None:
            _servers[key].close()
        server = _servers.pop(key) if key in _servers else ForkServer(*key)
        _servers[key] = server  # the last to be asked for comes last
        return server


def close_oldest(most: int) -> None:
    """Close the fork servers of this process that were not asked for the longest, until there are only so many."""
    with _lock:
        oldest = list(_servers.values())[:-most]
    for server in oldest:
        server.close()


def running(unit: str, isolation: str) -> Path:
    """The address of the fork server of a unit, once it is ready: a shared one, or one of this process."""
    shared = json.loads(os.environ.get(SHARED_VARIABLE, "{}"))
    if unit in shared:
        return Path(shared[unit])
    server = start(unit, isolation)
    server.wait_until_ready()
    return server.address
