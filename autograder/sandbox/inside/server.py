"""The fork server: imports once what a unit needs, then forks a keeper for every connection.

It gets its settings as JSON in the last argument, and an open listening socket. It runs no student's code. Its memory
holds no secret, since every kernel begins as a copy of it.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TIDY_SECONDS = 2.0
WRAPPED = ("sklearn",)
"""Libraries that others import only to wrap them, if they are installed. That is a fifth of Keras's import."""


class NotForkable(RuntimeError):
    """After its imports the server has more than one thread, or TensorFlow has run: a fork of it could hang."""


def threads() -> int:
    """The number of threads of this process, those of C libraries included."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


@contextmanager
def absent(*modules: str) -> Iterator[None]:
    """Within the block these modules cannot be imported. Afterwards they can."""
    sys.modules.update(dict.fromkeys(modules))  # type: ignore[arg-type]  # None stands for what is not there
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


def preload(modules: list[str]) -> None:
    """Import modules, and nothing more. Raises NotForkable with the name of the one that started a thread."""
    with absent(*(name for name in WRAPPED if name not in {module.partition(".")[0] for module in modules})):
        for name in modules:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                if error.name != name:  # else the name is not a module's but of something in one
                    raise
            if threads() > 1:
                raise NotForkable(f"importing {name} starts a thread; a unit that needs it cannot have warm kernels")
    if "course.check.originals" in sys.modules:  # as they are before any answer can replace them
        sys.modules["course.check.originals"].bind()
    if "torch" in sys.modules:  # it reads the processor's instructions in /proc/cpuinfo, which kernels do not see
        sys.modules["torch"].backends.cpu.get_cpu_capability()
    tensorflow = sys.modules.get("tensorflow.python.eager.context")
    if tensorflow is not None and tensorflow.context()._initialized:
        raise NotForkable("an import ran a TensorFlow operation; TensorFlow would hang in every kernel")


def end_with_owner(lifeline: int) -> None:
    """Let Linux end this process, whatever it is importing, as soon as the other end of the lifeline is closed."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)  # Linux then sends SIGIO when the other end is closed


def serve_kernels(listener: socket.socket, lifeline: int, confined: bool) -> None:
    """Fork a keeper for each connection, until whoever holds the other end of the lifeline is gone."""
    from autograder.sandbox.inside import confine, machine, usage

    for name in (machine.LOAD, machine.MEMORY):
        machine.opened(name)
    if confined:
        from autograder.sandbox.inside import seccomp

        seccomp.instructions()  # compiled once, for all kernels
        if os.geteuid() == 0:
            # bubblewrap covers parts of /proc, and so no kernel could have its own
            confine.show_own_processes(machine=True)
        confine.set_dumpable(False)
        Path("/tmp/canary").touch(mode=0o600)  # which no kernel may read: see autograder/sandbox/inside/probe.py
    confine.adopt_orphans()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no one to wait for them
    gc.freeze()
    gc.enable()
    keepers: set[int] = set()
    fcntl.fcntl(lifeline, fcntl.F_SETFL, 0)  # from now on the end is orderly
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    while lifeline not in (ready := {descriptor for descriptor, _ in poll.poll(TIDY_SECONDS * 1000)}):
        if listener.fileno() in ready:
            keepers.add(fork_keeper(listener, confined))
        else:
            keepers &= set(usage.processes())
            usage.end_descendants(but=keepers)
    usage.end_descendants()


def fork_keeper(listener: socket.socket, confined: bool) -> int:
    from autograder.sandbox.inside import keeper

    connection, _ = listener.accept()
    process = os.fork()
    if process == 0:
        listener.close()
        keeper.keep(connection, confined)
    connection.close()
    return process


def main() -> None:
    gc.disable()  # imports leave hardly any garbage, and looking for it takes a quarter of TensorFlow's
    settings = json.loads(sys.argv[1])
    end_with_owner(settings["lifeline"])
    os.write(settings["answer"], b'{"running": true}\n')
    answer: dict[str, Any] = {"ready": True}
    try:
        from autograder.sandbox.inside import kernel

        kernel.prepare()
        preload(settings["imports"])
    except Exception as error:
        answer = {"ready": False, "error": f"{type(error).__name__}: {error}"}
    with os.fdopen(settings["answer"], "w") as grader:
        grader.write(json.dumps(answer) + "\n")
    if answer["ready"]:
        serve_kernels(socket.socket(fileno=settings["listener"]), settings["lifeline"], settings["confined"])


if __name__ == "__main__":
    main()
