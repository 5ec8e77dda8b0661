"""Warm kernels: a Jupyter kernel provisioner over a fork server.

The kernelspec ``gradients`` names the provisioner, so nbclient and nbgrader use it unchanged. It asks the unit's fork
server for a kernel over one connection. The kernel lives as long as that connection: when it closes, for example
because this process was killed, the kernel and all that it started are killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase

from autograder.sandbox import bubblewrap, forkserver
from autograder.sandbox.asking import archive, ask_for_kernel
from autograder.sandbox.channels import MAX_MESSAGE, START_SECONDS, NoKernel, bound_sockets
from autograder.sandbox.inside.ending import Ending
from autograder.sandbox.inside.kernel import CHANNELS
from autograder.sandbox.inside.limits import Limits
from autograder.sandbox.inside.watching import WATCH_REQUEST
from autograder.sandbox.relay import Relay
from course.check.borrowing import LENT

KERNEL_NAME = "gradients"
CLIENT = "autograder.sandbox.channels.QuickClient"
KERNELSPECS = Path(__file__).parent / "kernelspecs"
UNIT_VARIABLE, ISOLATION_VARIABLE, LIMITS_VARIABLE = "GRADIENTS_UNIT", "GRADIENTS_ISOLATION", "GRADIENTS_LIMITS"
"""Environment variables that say for which unit a kernel is, how it is confined, and its limits."""


class WarmProvisioner(KernelProvisionerBase):
    """A kernel forked from the fork server of a unit."""

    connection: socket.socket | None = None
    folder: Path | None = None
    exit_code: int | None = None
    ending: Ending | None = None
    """Why the kernel ended, once it has."""
    why = crowded = ""
    clock: float | None = None
    """The kernel's own time in seconds, as the keeper last told it: without the time when it waited for a processor."""
    started = _asked = False
    _begun = b""  # the part that has come of the keeper's next line
    sockets: Sequence[socket.socket] = ()
    relay: Relay | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the kernel's sockets, in a folder that only this process knows, and the relay that all go through."""
        async with self._or_nothing():
            self._listen_for_clients()
        kwargs.pop("extra_arguments", None)
        return await super().pre_launch(cmd=[], **kwargs)

    @asynccontextmanager
    async def _or_nothing(self) -> AsyncIterator[None]:
        """Leave nothing behind where a kernel cannot be started: Jupyter's managers do not clean up then."""
        try:
            yield
        except BaseException:
            await self.cleanup()
            raise

    def _listen_for_clients(self) -> None:
        self.folder = self.folder or Path(tempfile.mkdtemp(prefix="kernel-", dir=forkserver.short_folder()))
        self.exit_code, self.ending, self.why, self.crowded = None, None, "", ""  # as after a restart
        self.clock, self.started, self._asked, self._begun = None, False, False, b""
        manager: Any = self.parent
        bound_sockets(manager.context)  # the manager has a socket of its own
        self.relay = self.relay or Relay(forkserver.short_folder(), MAX_MESSAGE)
        manager.transport, manager.ip = "ipc", str(self.relay.folder / "k")
        self.sockets = sockets = list[socket.socket]()
        for number, channel in enumerate(CHANNELS, start=1):
            setattr(manager, f"{channel}_port", number)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sockets.append(listener)
            path = self.folder / f"k-{number}"
            listener.bind(str(path))
            listener.listen(16)
            self.relay.listen_for(path)
        self.connection_info = manager.get_connection_info()
        self.key = manager.session.key.decode()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Hand the request, the files in the working folder and the sockets to the fork server."""
        environment = dict(kwargs.get("env") or os.environ)
        request = {
            "environment": self.variables(environment),
            "key": self.key,
            "limits": asdict(self.limits(environment)),
            "folder": str(self.folder),
        }
        async with self._or_nothing():
            server = await asyncio.to_thread(self.fork_server, environment)
            files = await asyncio.to_thread(self.files, kwargs.get("cwd"))
            await asyncio.to_thread(self._send, server, request, files)
            await self._started()
        return self.connection_info

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The kernel's environment. ``environment`` is that of whoever starts it."""
        kept = (*bubblewrap.KEPT_VARIABLES, LENT)
        return forkserver.ENVIRONMENT | {name: environment[name] for name in kept if name in environment}

    def limits(self, environment: Mapping[str, str]) -> Limits:
        return Limits(**json.loads(environment.get(LIMITS_VARIABLE, "{}")))

    def fork_server(self, environment: Mapping[str, str]) -> Path:
        """The address of the fork server to be asked, once it is ready. Raises NoSandbox, NoWarmKernels."""
        isolation = environment.get(ISOLATION_VARIABLE) or bubblewrap.STRICT
        return forkserver.running(environment.get(UNIT_VARIABLE, ""), isolation)

    def files(self, folder: str | None) -> bytes:
        """The files that the kernel gets, as a tar archive."""
        return archive(folder)

    def _send(self, server: Path, request: dict[str, Any], files: bytes) -> None:
        self.connection = ask_for_kernel(server, request, files, [listener.fileno() for listener in self.sockets])
        self.connection.setblocking(False)
        for listener in self.sockets:
            listener.close()

    async def _started(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.started:
            if time.monotonic() > deadline or not self._listen():
                raise NoKernel(self.why or "the fork server does not answer")
            await asyncio.sleep(0.005)

    def _listen(self) -> bool:
        """Take in what the keeper has said. False once the keeper has hung up or the kernel has ended."""
        try:
            data = self.connection.recv(65536) if self.connection else b""
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        if not data and self.exit_code is None:
            self.exit_code, self.ending = -int(signal.SIGKILL), Ending.LOST
        return bool(data) and self.exit_code is None

    def _take(self, said: dict[str, Any]) -> None:
        self.started = self.started or "started" in said
        self.crowded = said.get("crowded", self.crowded)
        self.why = said.get("why") or said.get("failed") or self.why
        if "clock" in said:
            self.clock, self._asked = said["clock"], False
        if "ended" in said:
            self.exit_code, self.ending = said["ended"], Ending(said["ending"])
        elif "failed" in said:
            self.exit_code, self.ending = 1, Ending.DIED

    @property
    def has_process(self) -> bool:
        return self.connection is not None

    async def poll(self) -> int | None:
        if self.connection is not None and self.exit_code is None:
            self._listen()
            if not self._asked:
                self._asked = True
                await self.send_signal(WATCH_REQUEST)
        return self.exit_code

    async def wait(self) -> int | None:
        while self.connection is not None and await self.poll() is None:
            await asyncio.sleep(0.01)
        self._hang_up()
        return self.exit_code

    async def send_signal(self, signum: int) -> None:
        if self.connection is not None and self.exit_code is None:
            with suppress(OSError):  # the kernel has just ended
                self.connection.send(bytes([signum]))

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
        for listener in self.sockets:
            listener.close()
        if self.folder is not None:
            remove(self.folder)
            if restart:
                self.folder.mkdir(0o700)
        if self.relay is not None and not restart:  # after a restart clients use it again
            self.relay.close()
            self.folder = self.relay = None

    async def post_launch(self, **kwargs: Any) -> None:
        """Nothing is left to do."""


def remove(folder: Path) -> None:
    """Delete a folder, even if what ran in it has changed access rights. No link is followed."""
    shutil.rmtree(folder, ignore_errors=True)
    for place, names, _ in os.walk(folder):
        for path in (Path(place) / name for name in names):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


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
        client_class=CLIENT,
    )


def request_for(unit: str, isolation: str, limits: Limits) -> dict[str, str]:
    """The environment variables that tell the provisioner what kernel is wanted."""
    return {UNIT_VARIABLE: unit, ISOLATION_VARIABLE: isolation, LIMITS_VARIABLE: json.dumps(asdict(limits))}
