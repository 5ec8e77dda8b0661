"""An ipykernel whose costly parts, its shell above all, are built before the fork.

A kernel does not make its five listening sockets; they are given to it. So it needs no file and no port that others
could reach, and it works where making a socket is refused. History, debugger and the pipe for the output of child
processes are off, since grading has no use for them.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets.config import Config

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
"""The order in which the sockets are passed."""
USED_LATER = (
    "asyncio.selector_events",
    "IPython.core.async_helpers",
    "IPython.core.display_functions",
    "IPython.core.pylabtools",
    "course.check.notebook",
    "ipykernel.debugger",
    "pygments.formatters.terminal256",
    "pygments.lexers.python",
    "stack_data",
    "tornado.platform.asyncio",
    "zmq.eventloop.zmqstream",
)
"""Modules that a kernel would import while it runs. The fork server imports them, once for all kernels."""


class NoChannelThread:
    """Stands in for the thread that reads the shell channel, since ipykernel asks for that thread's parent."""

    def __bool__(self) -> bool:
        return False

    @property
    def parent_thread(self) -> threading.Thread:
        """The thread that runs cells; ipykernel asks when a cell awaits something."""
        return threading.main_thread()


class PlainKernel(IPythonKernel):
    """A kernel without subshells, so that it needs no thread to read its shell channel."""

    _supports_kernel_subshells = False


class GivenHeartbeat(Heartbeat):
    """A heartbeat on a socket that was given to the kernel."""

    def __init__(self, context: zmq.Context, descriptor: int):
        super().__init__(context, ("ipc", "given-hb", 1))
        self.descriptor = descriptor

    def _try_bind_socket(self) -> None:
        self.socket.use_fd = self.descriptor
        self.socket.bind("ipc://given-hb")


class GivenSocketsApp(IPKernelApp):
    """The kernel's application, on sockets that were given to it. Its port n is channel n of ``CHANNELS``."""

    sockets: dict[str, int]

    def _try_bind_socket(self, s: Any, port: int) -> int:
        channel = CHANNELS[port - 1]
        s.use_fd = self.sockets[channel]
        s.bind(f"ipc://given-{channel}")
        return port

    def init_connection_file(self) -> None:
        for number, channel in enumerate(CHANNELS, start=1):
            setattr(self, f"{channel}_port", number)

    def write_connection_file(self, **kwargs: Any) -> None:
        """Do nothing: there is no connection file."""

    def init_control(self, context: zmq.Context) -> None:
        """The control channel; the debugger's sockets stay unconnected."""
        from ipykernel.control import ControlThread

        self.control_socket = context.socket(zmq.ROUTER)
        self.control_port = self._bind_socket(self.control_socket, self.control_port)
        self.debugpy_socket = context.socket(zmq.STREAM)
        self.debug_shell_socket = context.socket(zmq.DEALER)
        self.control_thread = ControlThread(daemon=True)
        self.shell_channel_thread = NoChannelThread()

    def init_iopub(self, context: zmq.Context) -> None:
        self.iopub_socket = context.socket(zmq.XPUB)
        self.iopub_port = self._bind_socket(self.iopub_socket, self.iopub_port)
        self.configure_tornado_logger()
        self.iopub_thread = IOPubThread(self.iopub_socket, pipe=False, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_heartbeat(self) -> None:
        self.heartbeat = GivenHeartbeat(zmq.Context(), self.sockets["hb"])
        self.heartbeat.start()

    def initialize(self, argv: Any = None) -> None:
        """Do what is left after the fork; ``prepare`` did the rest."""
        self.init_connection_file()
        self.init_sockets()
        self.init_heartbeat()
        self.init_io()
        self.init_signal()
        self.init_kernel()
        self.init_shell()
        self.init_gui_pylab()


def settings() -> Config:
    config = Config()
    config.IPKernelApp.kernel_class = PlainKernel
    config.HistoryManager.enabled = False
    config.IPCompleter.use_jedi = False
    config.InteractiveShellApp.exec_PYTHONSTARTUP = False
    config.IPKernelApp.log_level = 50
    return config


def prepare() -> None:
    """Before any fork: import what kernels use, and build the application and its shell."""
    import importlib

    from ipykernel.compiler import XCachingCompiler
    from IPython.core.application import BaseIPythonApplication

    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]  # it would take longer than all the rest
    for name in USED_LATER:
        importlib.import_module(name)
    app = GivenSocketsApp.instance(config=settings(), transport="ipc", ip="given")
    BaseIPythonApplication.initialize(app, [])
    app.init_pdb()
    app.init_path()
    shell = ZMQInteractiveShell.instance(
        parent=app, profile_dir=app.profile_dir, user_ns={}, compiler_class=XCachingCompiler, kernel=None
    )
    shell.run_line_magic("load_ext", "storemagic")  # %store, which every other kernel has
    shell.unobserve_all("exit_now")  # `exit` would end the kernel a moment later, and chance tell which cells still run


def start_kernel(sockets: list[int], key: bytes) -> GivenSocketsApp:
    """After the fork: a kernel on these sockets, which serves once it is started."""
    reseed()
    app = GivenSocketsApp.instance()
    app.sockets = dict(zip(CHANNELS, sockets, strict=True))
    app.session.key = key
    app.initialize()
    shell = app.kernel.shell
    shell.kernel = shell.parent = app.kernel
    return app


def reseed() -> None:
    """Give this kernel random numbers of its own, as a newly started one would have."""
    import random

    random.seed()
    import numpy

    numpy.random.seed()
