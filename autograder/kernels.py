"""Warm kernels: a Jupyter kernel provisioner over a fork server.

The kernelspec ``gradients`` names the provisioner, so that nbclient and nbgrader use it unchanged. It asks the
unit's fork server for a kernel over one connection, which is the kernel's life: when the connection closes,
however the process that holds it ends, the kernel and all that it started are killed.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import signal
import socket
import sys
import tarfile
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase

from autograder import forkserver, sandbox
from autograder.inside.keeper import HEADER
from autograder.inside.kernel import CHANNELS
from autograder.inside.limits import Limits

KERNEL_NAME = "gradients"
KERNELSPECS = Path(__file__).parent / "kernelspecs"
UNIT, ISOLATION, LIMITS = "GRADIENTS_UNIT", "GRADIENTS_ISOLATION", "GRADIENTS_LIMITS"
"""Environment variables by which whoever starts a kernel says for what it is."""
MAX_MESSAGE = 64_000_000  # bytes of one message that a kernel may send
START_SECONDS = 30.0


class WarmProvisioner(KernelProvisionerBase):
    """A kernel forked from the fork server of a unit."""

    connection: socket.socket | None = None
    folder: Path | None = None
    exit_code: int | None = None
    why = ""
    received = b""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the kernel's sockets, in a folder that only this process knows."""
        self.folder = Path(tempfile.mkdtemp(prefix="kernel-"))
        manager: Any = self.parent
        manager.transport, manager.ip = "ipc", str(self.folder / "k")
        manager.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)  # of the client's sockets
        self.sockets = []
        for number, channel in enumerate(CHANNELS, start=1):
            setattr(manager, f"{channel}_port", number)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(f"{manager.ip}-{number}")
            listener.listen(16)
            self.sockets.append(listener)
        self.connection_info = manager.get_connection_info()
        self.key = manager.session.key.decode()
        kwargs.pop("extra_arguments", None)
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Hand the request, the files in the working folder and the sockets to the fork server."""
        environment = dict(kwargs.get("env") or os.environ)
        unit, isolation = environment.get(UNIT, ""), environment.get(ISOLATION) or sandbox.STRICT
        server = await asyncio.to_thread(forkserver.running, unit, isolation)
        limits = Limits(**json.loads(environment.get(LIMITS, "{}")))
        request = {
            "environment": self._environment(environment, isolation),
            "key": self.key,
            "limits": asdict(limits),
            "work": str(self.folder / "work") if self.folder else "",
        }
        await asyncio.to_thread(self._send, server, request, archive(kwargs.get("cwd")))
        await self._started()
        return self.connection_info

    def _send(self, server: Path, request: dict[str, Any], files: bytes) -> None:
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.connection.connect(str(server))
        text = json.dumps(request).encode()
        head = HEADER.pack(len(text), len(files))
        socket.send_fds(self.connection, [head], [listener.fileno() for listener in self.sockets])
        self.connection.sendall(text + files)
        self.connection.setblocking(False)
        for listener in self.sockets:
            listener.close()

    def _environment(self, given: dict[str, str], isolation: str) -> dict[str, str]:
        """What a program needs to start, and nothing of the grader's own."""
        kept = {key: given[key] for key in ("LANG", "LC_ALL", "TZ") if key in given}
        if isolation == sandbox.NONE:
            kept |= {"HOME": f"{self.folder}/home", "TMPDIR": str(self.folder)}
        return forkserver.ENVIRONMENT | kept

    async def _started(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while b"\n" not in self.received:
            if time.monotonic() > deadline or not self._listen():
                raise RuntimeError(f"no kernel could be started: {self.why or 'the fork server does not answer'}")
            await asyncio.sleep(0.005)

    def _listen(self) -> bool:
        """Take in what the keeper has said; False once it says nothing more."""
        try:
            data = self.connection.recv(65536) if self.connection else b""
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self.received += data
        for line in self.received.splitlines():
            said = json.loads(line) if line.endswith(b"}") else {}
            self.exit_code = said.get("ended", 1 if "failed" in said else self.exit_code)
            self.why = said.get("why") or said.get("failed") or self.why
        if not data and self.exit_code is None:
            self.exit_code = -int(signal.SIGKILL)
        return bool(data) and self.exit_code is None

    @property
    def has_process(self) -> bool:
        return self.connection is not None

    async def poll(self) -> int | None:
        if self.connection is not None and self.exit_code is None:
            self._listen()
        return self.exit_code

    async def wait(self) -> int | None:
        while self.connection is not None and await self.poll() is None:
            await asyncio.sleep(0.01)
        self._hang_up()
        return self.exit_code

    async def send_signal(self, signum: int) -> None:
        if self.connection is not None and await self.poll() is None:
            try:
                self.connection.send(bytes([signum]))
            except OSError:  # it has just ended
                pass

    async def kill(self, restart: bool = False) -> None:
        self._hang_up()

    async def terminate(self, restart: bool = False) -> None:
        self._hang_up()

    def _hang_up(self) -> None:
        if self.connection is not None:
            self._listen()
            self.connection.close()
            self.connection = None

    async def cleanup(self, restart: bool = False) -> None:
        self._hang_up()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    async def post_launch(self, **kwargs: Any) -> None:
        """Nothing is left to do."""


class QuickClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel is."""

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or START_SECONDS)
        self.kernel_info()
        for channel in (self.shell_channel, self.iopub_channel):
            while True:
                try:
                    await channel.get_msg(timeout=0.5)
                    break
                except Empty:
                    if time.monotonic() > deadline or not await self._async_is_alive():
                        raise RuntimeError("the kernel does not answer") from None

    wait_for_ready = _async_wait_for_ready


def archive(folder: str | None) -> bytes:
    """The regular files below a folder, as a tar archive."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as files:
        root = Path(folder) if folder else None
        for path in sorted(root.rglob("*")) if root else ():
            if path.is_file() and not path.is_symlink():
                files.add(path, str(path.relative_to(root)), recursive=False)
    return data.getvalue()


def can_be_warm() -> bool:
    """Whether kernels can be forked here: on Linux."""
    return sys.platform.startswith("linux")


def warm_kernel_manager(folder: Path) -> AsyncKernelManager:
    """The manager of one warm kernel."""
    specs = KernelSpecManager(kernel_dirs=[str(KERNELSPECS)], ensure_native_kernel=False)
    return AsyncKernelManager(
        kernel_name=KERNEL_NAME,
        kernel_spec_manager=specs,
        connection_file=str(folder / "kernel.json"),
        client_class="autograder.kernels.QuickClient",
    )


def request_for(unit: str, isolation: str, limits: Limits) -> dict[str, str]:
    """The environment variables that tell the provisioner what kernel is wanted."""
    return {UNIT: unit, ISOLATION: isolation, LIMITS: json.dumps(asdict(limits))}
