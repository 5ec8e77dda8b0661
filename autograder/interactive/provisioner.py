"""Warm kernels for one's own work: a Jupyter kernel provisioner that forks kernels from the user's own fork server.

A Jupyter server that calls ``start_fork_server`` gets a second process beside it, which imports the frameworks once.
Each kernel is then a fork of that process. Otherwise it is an ordinary ipykernel: not confined, with its folder,
history, input and debugger, and with all cores. Kernels start the usual way until the imports are done, and always if
a fork would not be safe.
Grading does not use this, but ``autograder/sandbox/``.
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
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

log = logging.getLogger("gradients")
PRELOADED_MODULES = ("numpy", "matplotlib.pyplot", "sympy", "sklearn.datasets", "tensorflow", "torch", "ipywidgets")
FORK_SECONDS = 5.0
"""Time for the fork server to fork. It must not fork later: by then a cold kernel is started on the same ports."""
ANSWER_SECONDS = 2.0
"""Further time for it to answer with the process id."""


class OwnForkServer:
    """A process that imports modules, then forks kernels, as long as this process lives."""

    def __init__(self, modules: Sequence[str]):
        self._lock = threading.Lock()
        self._connection, theirs = socket.socketpair()
        with theirs:
            settings = json.dumps({"connection": theirs.fileno(), "modules": list(modules)})
            self._process = subprocess.Popen(
                [sys.executable, "-m", "autograder.interactive.server", settings],
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # else NumPy starts threads; kernels set it back
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the Jupyter server, which then closes the connection
            )
        self._answers = self._connection.makefile("r")
        self._ready: bool | None = None

    def ready(self) -> bool:
        """Whether the server can fork by now. If it never can, the log says why, once."""
        if self._ready is None and select.select([self._connection], [], [], 0)[0]:
            said = json.loads(self._answers.readline() or '{"why": "its process ended"}')
            self._ready = "ready" in said
            if not self._ready:
                log.warning("kernels start cold: %s", said["why"])
        return bool(self._ready)

    def fork(self, **request: Any) -> Forked | None:
        """A new kernel; None if the server is not ready, or does not answer now or did not earlier."""
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
        """The kernel that the server forks. Raises OSError, ValueError or KeyError if it does not fork in time."""
        request["deadline"] = time.monotonic() + FORK_SECONDS
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        if not select.select([self._connection], [], [], FORK_SECONDS + ANSWER_SECONDS)[0]:
            raise TimeoutError
        return Forked(json.loads(self._answers.readline())["forked"])

    def close(self) -> None:
        """End the server and its kernels, also while it imports and does not listen."""
        self._connection.close()
        self._process.kill()
        self._process.wait()


class Forked:
    """A process that another process forked, with the methods of ``subprocess.Popen`` that Jupyter uses."""

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
    """A local kernel, forked if this process's fork server is ready."""

    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel of ``cmd``; it is forked only if ``cmd`` is this Python's ``-m ipykernel_launcher …``."""
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


_server: OwnForkServer | None = None


def start_fork_server(*modules: str) -> None:
    """Start this process's fork server, which imports ``modules`` (default: ``PRELOADED_MODULES``). On Linux only."""
    global _server
    if _server is None and sys.platform.startswith("linux"):
        _server = OwnForkServer(modules or PRELOADED_MODULES)
        atexit.register(_server.close)
