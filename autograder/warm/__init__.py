"""Warm kernels for one's own work: a Jupyter kernel provisioner over a fork server of the user's own.

A Jupyter server that calls ``start`` has a second process beside it that imports the frameworks once. From then on
a kernel is a fork of that process, and in every other respect an ordinary ipykernel: not confined, with its folder,
history, input and debugger, on as many cores. Where a fork would not be safe, and until the imports are done,
kernels start the usual way. It is not what grades: see ``autograder/kernels/`` for that.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

log = logging.getLogger("gradients")
FRAMEWORKS = ("numpy", "matplotlib.pyplot", "sympy", "sklearn.datasets", "tensorflow", "torch", "ipywidgets")
FORK_SECONDS = 5.0
"""In which the fork server must fork, or leave it: later the kernel has been started cold, on the same ports."""
ANSWER_SECONDS = 2.0
"""In which it must then say which process it has forked."""


class ForkServer:
    """A process that imports modules, then forks kernels, as long as this process lives."""

    def __init__(self, modules: Sequence[str]):
        self._lock = threading.Lock()
        self._connection, theirs = socket.socketpair()
        with theirs:
            settings = json.dumps({"connection": theirs.fileno(), "modules": list(modules)})
            self._process = subprocess.Popen(
                [sys.executable, "-m", "autograder.warm.server", settings],
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # else NumPy starts threads; kernels set it back
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the Jupyter server's, which closes the connection then
            )
        self._answers = self._connection.makefile("r")
        self._ready: bool | None = None

    def ready(self) -> bool:
        """Whether it can fork by now. Says why, once, where it never will."""
        if self._ready is None and select.select([self._connection], [], [], 0)[0]:
            said = json.loads(self._answers.readline() or '{"why": "its process ended"}')
            self._ready = "ready" in said
            if not self._ready:
                log.warning("kernels start cold: %s", said["why"])
        return bool(self._ready)

    def fork(self, **request: Any) -> Forked | None:
        """A new kernel; None where the server does not answer, or has not answered before."""
        with self._lock:
            if not self._ready:
                return None
            try:
                return self._ask(request)
            except (OSError, ValueError, KeyError):
                self._ready = False
                log.warning("kernels start cold from now on: the fork server does not answer")
                return None

    def _ask(self, request: dict[str, Any]) -> Forked:
        """The kernel that the server forks in time. Raises OSError, ValueError, KeyError."""
        request["deadline"] = time.monotonic() + FORK_SECONDS
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        if not select.select([self._connection], [], [], FORK_SECONDS + ANSWER_SECONDS)[0]:
            raise TimeoutError
        return Forked(json.loads(self._answers.readline())["forked"])

    def close(self) -> None:
        """End the server and its kernels."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._process.wait()


class Forked:
    """A process that somebody else forked, with the methods of ``subprocess.Popen`` that Jupyter uses."""

    stdin = stdout = stderr = None
    returncode: int | None = None

    def __init__(self, pid: int):
        self.pid = pid
        try:
            self._process = os.pidfd_open(pid)
        except ProcessLookupError:  # it has ended already
            self.returncode = 1

    def poll(self) -> int | None:
        """None while it runs, then 1: only its parent learns how it ended."""
        if self.returncode is None and select.select([self._process], [], [], 0)[0]:
            self.returncode = 1
            os.close(self._process)
        return self.returncode

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return 1

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._process, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class OwnProvisioner(LocalProvisioner):
    """A local kernel, forked where this Python's fork server is ready."""

    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """The kernel of ``cmd``, which must be this Python's ``-m ipykernel_launcher …`` to be forked."""
        launcher = [sys.executable, "-m", "ipykernel_launcher"]
        if _server is None or cmd[:3] != launcher or not _server.ready():
            return await super().launch_kernel(cmd, **kwargs)
        environment = dict(kwargs.get("env") or os.environ)
        request = {"arguments": cmd[3:], "environment": environment, "folder": kwargs.get("cwd") or str(Path.cwd())}
        forked = await asyncio.to_thread(_server.fork, **request)
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = forked, forked.pid, forked.pid
        return self.connection_info


_server: ForkServer | None = None


def start(*modules: str) -> None:
    """Start this process's fork server, which imports the modules, ``FRAMEWORKS`` if none is named. On Linux only."""
    global _server
    if _server is None and sys.platform.startswith("linux"):
        _server = ForkServer(modules or FRAMEWORKS)
        atexit.register(_server.close)
