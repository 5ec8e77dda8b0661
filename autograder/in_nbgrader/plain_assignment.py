"""Plain nbgrader assignments within nbgrader: all assignments that are not units of the course.

They keep nbgrader's own steps and marks, and the settings of the course folder. Only the way their notebooks run is
replaced: in the sandbox, with the limits of a unit's notebook. Their tests run beside the answers, so an answer can
forge its marks. Only a unit is judged outside. What cannot be confined, such as a kernel of another language, is not
run unless the course's settings allow it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.utils import find_all_files
from traitlets import Dict, List, Unicode

from autograder.errors import UserError
from autograder.in_nbgrader import CONFINED_KERNEL
from autograder.intake.files import MAX_FILE_BYTES, SECRET, STAMP, collect
from autograder.outputs import sound_output
from autograder.running.job import Job, limits_from
from autograder.running.plain_notebook import run_plain
from autograder.sandbox import bubblewrap
from autograder.sandbox.inside.limits import Limits
from autograder.sandbox.provisioner import ISOLATION_VARIABLE
from autograder.texts import shown

RUNS_UNCONFINED = "%s of %s runs unconfined, with the rights of your account: %s"
AS_ASKED = f"{ISOLATION_VARIABLE} is {bubblewrap.NONE}"
UNCONFINED = f"it would run with the rights of your account: {ISOLATION_VARIABLE}=none in the environment allows it"
FORGEABLE = (
    "%s is no unit of the course: its tests run beside the answers, so an answer can forge what they say; "
    "only units are judged outside"
)
CELLS = 20  # a notebook may take at least this many times a cell's time limit
ENDLESS = {("/", "dev"), ("/", "proc"), ("/", "sys")}  # folders in which reading a file may never end
LOCAL_PROVISIONER = "local-provisioner"
NOT_SETTINGS = {"kernel_manager_class", "shutdown_kernel", "store_widget_state"}  # set by nbclient's caller
Resources = dict[str, Any]


def isolation() -> str:
    """The isolation for submissions: ``strict`` or ``none``, from the environment."""
    return os.environ.get(ISOLATION_VARIABLE, bubblewrap.STRICT)


def course_of(part: Any) -> Any:
    """nbgrader's course directory; ``part`` is an exporter or one of its preprocessors."""
    return converter_of(part).coursedir


def converter_of(part: Any) -> Any:
    """nbgrader's converter to which an exporter or a preprocessor belongs."""
    while not hasattr(part, "coursedir"):
        part = part.parent
    return part


def folder_of(part: Any, step: str, names: dict[str, str]) -> Path:
    """The folder in which nbgrader keeps a submission at a step, such as ``submitted`` or ``autograded``."""
    course = course_of(part)
    folder = getattr(course, f"{step}_directory")
    student = "." if step == "source" else names["student"]
    return Path(course.root, course.format_path(folder, student, names["assignment"]))


def is_this_python(spec: KernelSpec | None) -> bool:
    """Whether a kernel runs this Python, without environment variables or a provisioner of its own."""
    if spec is None or spec.env or spec.language != "python" or "ipykernel_launcher" not in spec.argv:
        return False
    here = sys.version_info
    names = {"python", f"python{here[0]}", f"python{here[0]}.{here[1]}"}  # names that Jupyter takes for this Python
    provisioner = spec.metadata.get("kernel_provisioner", {}).get("provisioner_name", LOCAL_PROVISIONER)
    return provisioner == LOCAL_PROVISIONER and (
        spec.argv[0] in names or Path(spec.argv[0]).parent == Path(sys.executable).parent
    )


def endless_file(folder: Path) -> str:
    """The name of a file in a submission that nbgrader could not finish copying; an empty text if there is none.

    Such a file is no regular one, or a link to a very large file or into ``ENDLESS``.
    """
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            try:
                status, target = path.stat(), path.resolve()
            except (OSError, RuntimeError):  # a broken link: nothing is read
                continue
            led = path.is_symlink() and (status.st_size > MAX_FILE_BYTES or target.parts[:2] in ENDLESS)
            if led or not stat.S_ISREG(status.st_mode):
                return shown(path.name)
    return ""


def remove_unread(folder: Path, read: Collection[str]) -> None:
    """Remove the files that nbgrader copied but the intake did not read, such as the target of a link."""
    for path in folder.rglob("*"):
        kept = path.suffix == ".ipynb" or path.relative_to(folder).as_posix() in (*read, STAMP, SECRET)
        if path.is_file() and not kept:
            path.unlink()


def confined(step: Any, exporter: Any) -> Any:
    """A step of autograding that runs a student's notebook only confined, if it runs any. Raises CannotConfine."""
    if type(step) is preprocessors.Execute:
        return ConfinedExecute(parent=exporter)
    if isinstance(step, ExecutePreprocessor) and not isinstance(step, ConfinedExecute):
        why = f"{type(step).__name__} runs notebooks, and is not nbgrader's own Execute, which alone can be confined"
        if isolation() != bubblewrap.NONE:
            raise CannotConfine(f"not graded: {why}; {UNCONFINED}")
        exporter.log.warning("notebooks run unconfined: %s", why)
    return step


class CannotConfine(UserError):
    """A plain assignment's notebook would run unconfined."""


class ConfinedExecute(preprocessors.Execute):
    """nbgrader's Execute, in the sandbox. It has the settings of ``c.Execute``, and some of its own."""

    limits = Dict(help="Limits other than the usual ones, see autograder/sandbox/inside/limits.py.").tag(config=True)
    unconfined_kernels = List(
        Unicode(),
        help="Kernels that cannot be confined and may run with the rights of the account that grades.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources, **kwargs: Any) -> tuple[NotebookNode, Resources]:
        names = resources["nbgrader"]
        if unconfined := self._why_unconfined(nb):
            self.log.warning(RUNS_UNCONFINED, names["notebook"], names["student"], unconfined)
            return super().preprocess(nb, resources, **kwargs)
        bubblewrap.require()
        earlier = self.parent.written.get((names["student"], names["assignment"]), {})
        job = Job("", "", {}, {}, self._files(names) | earlier, self._limits(), isolation())
        settings = {name: getattr(self, name) for name in NotebookClient.class_trait_names(config=True)}
        for name in NOT_SETTINGS:
            del settings[name]
        with ThreadPoolExecutor(1) as thread:  # formgrader's own thread already runs an event loop
            findings, written = thread.submit(run_plain, job, nb, settings).result()
        self.parent.written[names["student"], names["assignment"]] = earlier | written
        for finding in findings:
            self.log.warning("%s, %s: %s", names["student"], names["notebook"], finding)
        return nb, resources

    def _why_unconfined(self, nb: NotebookNode) -> str:
        """Why a notebook runs unconfined; empty if it runs confined. Raises CannotConfine if it could only run so."""
        if isolation() == bubblewrap.NONE:
            return AS_ASKED
        name = nb.metadata.get("kernelspec", {}).get("name") or "python3"
        name = "python3" if name == CONFINED_KERNEL else name
        manager = self.kernel_manager_class(kernel_name=self.kernel_name or name, config=self.config)
        if is_this_python(manager.kernel_spec):
            return ""
        why = f"its kernel {shown(manager.kernel_name)} is not the Python that grades, and cannot be confined"
        if manager.kernel_name in self.unconfined_kernels:
            return why
        allow = f"c.ConfinedExecute.unconfined_kernels = [{manager.kernel_name!r}] in nbgrader_config.py allows it"
        raise CannotConfine(f"not graded: {why}; {UNCONFINED}, or {allow}")

    def _limits(self) -> Limits:
        """The usual limits, overridden by those of the settings. A cell's time limit is nbgrader's."""
        cell = float(self.timeout) if self.timeout and self.timeout > 0 else float("inf")
        total = max(Limits.total_seconds, CELLS * cell)
        return limits_from({"cell_seconds": cell, "total_seconds": total, **self.limits}, "ConfinedExecute.limits")

    def _files(self, names: dict[str, str]) -> dict[str, bytes]:
        """The files beside the notebook, by path: the student's, replaced by those that nbgrader copied there.

        A file that nbgrader copied but the intake does not read, such as the target of a link, is removed.
        """
        files, findings = collect(folder_of(self, "submitted", names))
        for finding in findings:
            self.log.warning("%s: %s", names["student"], finding)
        folder, put = folder_of(self, "autograded", names), self._put_there(names)
        remove_unread(folder, {*files, *put})
        return files | {name: (folder / name).read_bytes() for name in put}

    def _put_there(self, names: dict[str, str]) -> set[str]:
        """The files that nbgrader copies from the assignment's source, over the student's own."""
        source = folder_of(self, "source", names)
        found = find_all_files(str(source), [*course_of(self).ignore, "*.ipynb"])
        own = converter_of(self).exclude_overwriting.get(names["assignment"], [])
        return {Path(path).relative_to(source).as_posix() for path in found} - set(own)

    def on_cell_executed(self, **kwargs: Any) -> None:
        """After a cell: let nbgrader see whether it failed. Every status except ``ok`` is a failure."""
        content = kwargs["execute_reply"]["content"]
        if content.get("status") != "ok":
            error = sound_output("error", content)
            kwargs["execute_reply"] = {"content": {**(error or {}), "status": "error"}}
        super().on_cell_executed(**kwargs)
