"""An extension of Jupyter's server: a notebook that is a submission gets a confined kernel, or none.

The server decides, by where the notebook lies. What the notebook's metadata, the browser or a request asks for does
not count. ``course lab`` and the lab's servers load the extension themselves. ``make setup`` enables it for every
other server of this Python's environment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import new_class
from typing import Any, cast

import zmq.asyncio
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.utils import url_path_join
from tornado import web

from autograder.errors import UserError
from autograder.in_nbgrader import CONFINED_KERNEL
from autograder.interactive.submissions import Submission, submission_at

KERNELSPECS = Path(__file__).parent / "kernelspecs"
"""The confined kernel's. Whoever chooses it elsewhere gets a confined kernel too, without files."""
USUAL_SPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
SUBMISSION = "this notebook is a submission, so it runs confined or not at all"
NOT_VALIDATED = f"{SUBMISSION}. Validate would run it with the rights of your account: choose Run All Cells instead."


class NoConfinedKernel(web.HTTPError):
    """There is no confined kernel for a submission, and so there is none."""

    def __init__(self, why: str):
        super().__init__(500, f"No kernel: {SUBMISSION}. {why}".replace("%", "%%"))

    def __str__(self) -> str:
        return str(self.log_message).replace("%%", "%")


class ConfiningKernels:
    """Added to the server's manager of kernels: decides which kernel a path gets."""

    root_dir: str
    connection_dir: str
    log: Any
    kernel_spec_manager: Any
    _kernels: dict[str, Any]
    shutdown_kernel: Callable[..., Any]
    new_kernel_id: Callable[..., str]

    def submission(self, path: str | None) -> Submission | None:
        return submission_at(Path(self.root_dir), path or "")

    @cached_property
    def confined_context(self) -> zmq.asyncio.Context:
        """The context of the sockets to confined kernels, which bound what they take in."""
        return zmq.asyncio.Context()

    def fits(self, kernel_id: str, path: str | None) -> bool:
        """Whether a kernel that runs may serve a notebook at this path."""
        wanted, kernel = self.submission(path), self._kernels.get(kernel_id)
        return wanted is None or kernel is None or belongs_to(kernel, wanted)

    async def start_kernel(
        self, *, kernel_id: str | None = None, path: str | None = None, kernel_name: str | None = None, **kwargs: Any
    ) -> str:
        submission = self.submission(path)
        if submission is None and kernel_name == CONFINED_KERNEL:
            submission = Submission(Path(self.root_dir, path or ""))
        jupyters = cast("Any", super())
        if submission is None:
            return await jupyters.start_kernel(kernel_id=kernel_id, path=path, kernel_name=kernel_name, **kwargs)
        self._require_python(kernel_name)
        try:
            from autograder.interactive import confined  # on Windows there is none

            await asyncio.to_thread(confined.fork_server)
        except UserError as error:
            raise NoConfinedKernel(f"{without_way_out(error)}. It can be read without a kernel.") from error
        chosen = kernel_id if kernel_id and kernel_id not in self._kernels else None
        started = await jupyters.start_kernel(kernel_id=chosen, kernel_name=CONFINED_KERNEL, submission=submission)
        if not belongs_to(self._kernels.get(started), submission):
            await self.shutdown_kernel(started)
            raise NoConfinedKernel(f"{type(self).__name__} cannot start confined kernels.")
        return started

    def _require_python(self, kernel_name: str | None) -> None:
        """Make sure that a notebook asks for Python, whose kernel alone can be confined. Raises NoConfinedKernel."""
        if kernel_name and kernel_name != CONFINED_KERNEL:
            spec = self.kernel_spec_manager.get_kernel_spec(kernel_name)
            if spec.language.lower() != "python":
                raise NoConfinedKernel(f"Its kernel {kernel_name} is not Python, and cannot be confined.")

    def pre_start_kernel(self, kernel_name: str | None, kwargs: Any) -> Any:
        """Make the manager of a kernel that is about to start."""
        submission, jupyters = kwargs.pop("submission", None), cast("Any", super())
        if submission is None:
            return jupyters.pre_start_kernel(kernel_name, kwargs)
        from autograder.interactive.confined import ConfinedKernelManager

        kernel_id = kwargs.pop("kernel_id", None) or self.new_kernel_id()
        manager = ConfinedKernelManager(
            parent=self,
            log=self.log,
            kernel_name=CONFINED_KERNEL,
            kernel_spec_manager=self.kernel_spec_manager,
            connection_file=str(Path(self.connection_dir, f"kernel-{kernel_id}.json")),
            context=self.confined_context,
            submission=submission,
        )
        return manager, CONFINED_KERNEL, kernel_id

    def start_buffering(self, kernel_id: str, session_key: str, channels: dict[str, Any]) -> None:
        """While nobody looks, what a confined kernel sends is dropped, so that it cannot fill the server's memory."""
        if self._kernels[kernel_id].kernel_name == CONFINED_KERNEL:
            for stream in channels.values():
                stream.close()
        else:
            cast("Any", super()).start_buffering(kernel_id, session_key, channels)


def belongs_to(kernel: Any, submission: Submission) -> bool:
    """Whether a kernel is confined, and for this submission."""
    return getattr(kernel, "kernel_name", "") == CONFINED_KERNEL and getattr(kernel, "submission", None) == submission


def without_way_out(error: UserError) -> str:
    """An error of the sandbox, without what helps in grading only."""
    return str(error).partition("; or grade unconfined")[0]


class ConfiningSessions:
    """Added to the server's manager of sessions: a submission's session has a kernel that belongs to it."""

    kernel_manager: Any
    get_session: Callable[..., Any]
    delete_session: Callable[..., Any]

    async def create_session(
        self,
        path: str | None = None,
        name: str | None = None,
        type: str | None = None,
        kernel_name: str | None = None,
        kernel_id: str | None = None,
    ) -> dict[str, Any]:
        if kernel_id and not self.kernel_manager.fits(kernel_id, path):
            kernel_id = None  # then it gets one of its own
        asked = {"path": path, "name": name, "type": type, "kernel_name": kernel_name, "kernel_id": kernel_id}
        return await cast("Any", super()).create_session(**asked)

    async def start_kernel_for_session(
        self, session_id: str, path: str, name: str, type: str, kernel_name: str | None, kernel_id: str | None = None
    ) -> str:
        more = {"kernel_id": kernel_id} if kernel_id else {}  # which older servers do not know
        if self.kernel_manager.submission(path):
            return await self.kernel_manager.start_kernel(path=path, kernel_name=kernel_name, **more)
        jupyters = cast("Any", super())
        return await jupyters.start_kernel_for_session(session_id, path, name, type, kernel_name, **more)

    async def update_session(self, session_id: str, **changes: Any) -> None:
        """Note that a session has another kernel or path, as when a notebook is moved. If the kernel does not belong
        there, the session gets one that does, or it ends."""
        before = await self.get_session(session_id=session_id)
        path, kernel_id = changes.get("path", before["path"]), changes.get("kernel_id", before["kernel"]["id"])
        manager = self.kernel_manager
        if not manager.fits(kernel_id, path):
            try:
                name = manager.get_kernel(kernel_id).kernel_name
                changes["kernel_id"] = await manager.start_kernel(path=path, kernel_name=name)
            except BaseException:
                await self.delete_session(session_id)
                raise
        await cast("Any", super()).update_session(session_id, **changes)


class KeepingKernelNames:
    """Added to the server's manager of files: a submission goes on naming the kernel that its student chose."""

    root_dir: str
    _get_os_path: Callable[[str], str]

    def run_pre_save_hooks(self, model: dict[str, Any], path: str, **kwargs: Any) -> None:
        content = model.get("content")
        metadata = content.get("metadata", {}) if isinstance(content, dict) else {}
        if metadata.get("kernelspec", {}).get("name") == CONFINED_KERNEL and submission_at(Path(self.root_dir), path):
            metadata["kernelspec"] = named_in(Path(self._get_os_path(path)))
        cast("Any", super()).run_pre_save_hooks(model=model, path=path, **kwargs)


def named_in(notebook: Path) -> dict[str, Any]:
    """The kernelspec that a notebook's file names; Jupyter's usual one if it names none."""
    try:
        named = json.loads(notebook.read_bytes())["metadata"]["kernelspec"]
        return named if named["name"] != CONFINED_KERNEL else USUAL_SPEC
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return USUAL_SPEC


ADDED = {
    "kernel_manager_class": ConfiningKernels,
    "session_manager_class": ConfiningSessions,
    "contents_manager_class": KeepingKernelNames,
}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _link_jupyter_server_extension(server: Any) -> None:
    """Before the server makes its managers: let each be one of ours too."""
    try:
        server.gateway_config = GatewayClient.instance(parent=server)  # by which the server chooses its managers
        for trait, added in ADDED.items():
            configured = getattr(server, trait)
            setattr(server, trait, new_class(f"{added.__name__}{configured.__name__}", (added, configured)))
    except Exception as error:  # Jupyter would go on without
        raise SystemExit(f"Jupyter is not started, since submissions could not be confined in it: {error}") from error


def _load_jupyter_server_extension(server: Any) -> None:
    """Make the kernel's name known, and stand before nbgrader's Validate, which starts kernels of its own."""
    from nbgrader.server_extensions.validate_assignment.handlers import ValidateAssignmentHandler

    class Validate(ValidateAssignmentHandler):
        def validate_notebook(self, path: str) -> dict[str, Any]:
            if submission_at(Path(server.root_dir), path):
                return {"success": False, "value": NOT_VALIDATED}
            return super().validate_notebook(path)

    server.kernel_spec_manager.kernel_dirs.insert(0, str(KERNELSPECS))
    address = url_path_join(server.base_url, "/assignments/validate")
    server.web_app.add_handlers(".*$", [(address, Validate)])
