"""Kernels for submissions in JupyterLab: confined as grading is, with the course as a student has it.

Unlike in grading, checks compare and pictures are drawn, since whoever opens a submission wants to see what the student
saw. So the kernel sees the references too, as every student's does. It gets copies of the files beside the notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import Instance
from zmq.eventloop.zmqstream import ZMQStream

from autograder.intake.files import collect
from autograder.interactive.harmless import harmless_stream
from autograder.interactive.submissions import Submission
from autograder.sandbox import bubblewrap, forkserver
from autograder.sandbox.asking import archive, archive_of
from autograder.sandbox.inside.limits import Limits
from autograder.sandbox.provisioner import WarmProvisioner
from course.figures import DRAW
from course.settings import GRADING

UNIT = ""  # one fork server for all submissions
ENVIRONMENT = {name: value for name, value in forkserver.ENVIRONMENT.items() if name not in (GRADING, DRAW)}


def fork_server() -> Path:
    """The address of the fork server, once it is ready. Raises NoSandbox, NoWarmKernels."""
    bubblewrap.require()
    server = forkserver.start(UNIT, bubblewrap.STRICT)
    server.wait_until_ready()
    return server.address


class ConfinedProvisioner(WarmProvisioner):
    """A confined kernel. No environment variable can make it anything else."""

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        return ENVIRONMENT | {name: environment[name] for name in ("LANG", "LC_ALL", "TZ") if name in environment}

    def limits(self, environment: Mapping[str, str]) -> Limits:
        return Limits()

    def fork_server(self, environment: Mapping[str, str]) -> Path:
        return fork_server()

    def files(self, folder: str | None) -> bytes:
        """Copies of the files beside the notebook, as grading takes them. No link is followed."""
        own = self.parent.submission.files  # type: ignore[union-attr]
        if own is None:
            return archive(None)
        found, findings = collect(own)
        for finding in findings:
            self.log.warning("%s, of which the notebook's kernel gets a copy: %s", own, finding)
        return archive_of(found)

    async def poll(self) -> int | None:
        code = await super().poll()
        if code is not None and self.why:
            self.log.warning("the kernel of %s was ended: %s", self.parent.submission.whole, self.why)  # type: ignore[union-attr]
            self.why = ""
        return code


def harmless(connect: Callable[..., Any]) -> Callable[..., Any]:
    """A method that connects to a kernel, of whose messages only what is harmless is passed on."""

    def connect_harmless(self: Any, identity: bytes | None = None) -> ZMQStream:
        return harmless_stream(connect(self, identity=identity), self.session.key)

    return connect_harmless


class ConfinedKernelManager(ServerKernelManager):
    """The manager of a confined kernel. What comes from the kernel is made harmless before anything reads it."""

    submission = Instance(Submission)

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        kwargs.pop("cwd", None)
        if self.provisioner is None:  # it is not chosen by a kernelspec, which has a name that somebody can take
            self.kernel_id = kwargs.pop("kernel_id")
            self.provisioner = ConfinedProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self, log=self.log
            )
        return await super()._async_pre_start_kernel(**kwargs)

    connect_shell = harmless(ServerKernelManager.connect_shell)
    connect_iopub = harmless(ServerKernelManager.connect_iopub)
    connect_stdin = harmless(ServerKernelManager.connect_stdin)
    connect_control = harmless(ServerKernelManager.connect_control)
