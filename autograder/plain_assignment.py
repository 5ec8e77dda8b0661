"""Plain nbgrader assignments within nbgrader: all that are no units of the course.

They keep nbgrader's own steps, settings and marks, whatever the course's folder sets. Only how their notebooks run is
replaced: in the sandbox, with the limits of a unit's. Their tests run beside the answers, so an answer can forge its
marks; only a unit is judged outside. What cannot be confined, such as a kernel of another language, is not run, unless
the course's settings allow it.
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

from autograder import kernels
from autograder.execute import Job, limits_from
from autograder.inside.limits import Limits
from autograder.intake.files import MAX_FILE_BYTES, SECRET, STAMP, collect
from autograder.kernels import sandbox
from autograder.outputs import sound_output
from autograder.plain_notebook import run_plain
from autograder.texts import shown

ISOLATION = kernels.ISOLATION
RUNS_UNCONFINED = "%s of %s runs unconfined, with the rights of your account: %s"
AS_ASKED = f"{ISOLATION} is {sandbox.NONE}"
UNCONFINED = f"it would run with the rights of your account: {ISOLATION}=none in the environment allows it"
FORGEABLE = (
    "%s is no unit of the course: its tests run beside the answers, so an answer can forge what they say; "
    "only units are judged outside"
)
CELLS = 20  # as long as so many of the longest cells a whole notebook may take
ENDLESS = {("/", "dev"), ("/", "proc"), ("/", "sys")}  # where a file may never end
LOCAL = "local-provisioner"
NOT_SETTINGS = {"kernel_manager_class", "shutdown_kernel", "store_widget_state"}  # of nbclient: said by who runs it
Resources = dict[str, Any]


def isolation() -> str:
    """How submissions are to be confined."""
    return os.environ.get(ISOLATION, sandbox.STRICT)


def course_of(part: Any) -> Any:
    """nbgrader's course directory; ``part`` is an exporter or one of its preprocessors."""
    return converter_of(part).coursedir


def converter_of(part: Any) -> Any:
    """nbgrader's command of which an exporter or a preprocessor is a part."""
    while not hasattr(part, "coursedir"):
        part = part.parent
    return part


def folder_of(part: Any, step: str, names: dict[str, str]) -> Path:
    """Where nbgrader keeps a submission in one of its steps, such as ``submitted`` and ``autograded``."""
    course = course_of(part)
    folder = getattr(course, f"{step}_directory")
    student = "." if step == "source" else names["student"]
    return Path(course.root, course.format_path(folder, student, names["assignment"]))


def is_this_python(spec: KernelSpec | None) -> bool:
    """Whether a kernel is that of the Python that runs this, with nothing set that only its own start would set."""
    if spec is None or spec.env or spec.language != "python" or "ipykernel_launcher" not in spec.argv:
        return False
    here = sys.version_info
    names = {"python", f"python{here[0]}", f"python{here[0]}.{here[1]}"}  # which Jupyter takes for this one
    provisioner = spec.metadata.get("kernel_provisioner", {}).get("provisioner_name", LOCAL)
    return provisioner == LOCAL and (spec.argv[0] in names or Path(spec.argv[0]).parent == Path(sys.executable).parent)


def endless_file(folder: Path) -> str:
    """A file of a submission that nbgrader would read for ever when it copies it; an empty text if there is none."""
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            try:
                status, target = path.stat(), path.resolve()
            except (OSError, RuntimeError):  # it leads nowhere, and so to nothing that is read
                continue
            led = path.is_symlink() and (status.st_size > MAX_FILE_BYTES or target.parts[:2] in ENDLESS)
            if led or not stat.S_ISREG(status.st_mode):
                return shown(path.name)
    return ""


def remove_unread(folder: Path, read: Collection[str]) -> None:
    """Remove what nbgrader copied of a submission that the intake did not read: what a link led to, say."""
    for path in folder.rglob("*"):
        kept = path.suffix == ".ipynb" or path.relative_to(folder).as_posix() in (*read, STAMP, SECRET)
        if path.is_file() and not kept:
            path.unlink()


def confined(step: Any, exporter: Any) -> Any:
    """A step of autograding a plain assignment, which runs nothing of a student's unconfined. Raises CannotConfine."""
    if type(step) is preprocessors.Execute:
        return ConfinedExecute(parent=exporter)
    if isinstance(step, ExecutePreprocessor) and not isinstance(step, ConfinedExecute):
        why = f"{type(step).__name__} runs notebooks, and is not nbgrader's own Execute, which alone can be confined"
        if isolation() != sandbox.NONE:
            raise CannotConfine(f"not graded: {why}; {UNCONFINED}")
        exporter.log.warning("notebooks run unconfined: %s", why)
    return step


class CannotConfine(RuntimeError):
    """A plain assignment's notebook would run unconfined."""


class ConfinedExecute(preprocessors.Execute):
    """nbgrader's Execute, in the sandbox. It has the settings of ``c.Execute``, and some of its own."""

    limits = Dict(help="Limits other than the usual ones, see autograder/inside/limits.py.").tag(config=True)
    unconfined_kernels = List(
        Unicode(),
        help="Kernels that cannot be confined and may run with the rights of the account that grades.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources, **kwargs: Any) -> tuple[NotebookNode, Resources]:
        names = resources["nbgrader"]
        if unconfined := self._why_unconfined(nb):
            self.log.warning(RUNS_UNCONFINED, names["notebook"], names["student"], unconfined)
            return super().preprocess(nb, resources, **kwargs)
        sandbox.require()
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
        """Why a notebook runs unconfined; an empty text where it need not. Raises CannotConfine where it must not."""
        if isolation() == sandbox.NONE:
            return AS_ASKED
        name = nb.metadata.get("kernelspec", {}).get("name") or "python3"
        manager = self.kernel_manager_class(kernel_name=self.kernel_name or name, config=self.config)
        if is_this_python(manager.kernel_spec):
            return ""
        why = f"its kernel {shown(manager.kernel_name)} is not the Python that grades, and cannot be confined"
        if manager.kernel_name in self.unconfined_kernels:
            return why
        allow = f"c.ConfinedExecute.unconfined_kernels = [{manager.kernel_name!r}] in nbgrader_config.py allows it"
        raise CannotConfine(f"not graded: {why}; {UNCONFINED}, or {allow}")

    def _limits(self) -> Limits:
        """The usual limits and those of the settings; a cell may take as long as nbgrader lets it."""
        cell = float(self.timeout) if self.timeout and self.timeout > 0 else float("inf")
        total = max(Limits.total_seconds, CELLS * cell)
        return limits_from({"cell_seconds": cell, "total_seconds": total, **self.limits}, "ConfinedExecute.limits")

    def _files(self, names: dict[str, str]) -> dict[str, bytes]:
        """What lies beside the notebook: what the student handed in, and over it what nbgrader put there.

        What nbgrader copied and the intake does not read, such as what a link led to, is removed.
        """
        files, findings = collect(folder_of(self, "submitted", names))
        for finding in findings:
            self.log.warning("%s: %s", names["student"], finding)
        folder, put = folder_of(self, "autograded", names), self._put_there(names)
        remove_unread(folder, {*files, *put})
        return files | {name: (folder / name).read_bytes() for name in put}

    def _put_there(self, names: dict[str, str]) -> set[str]:
        """The files that nbgrader copies from the assignment's source, in the place of the student's own."""
        source = folder_of(self, "source", names)
        found = find_all_files(str(source), [*course_of(self).ignore, "*.ipynb"])
        own = converter_of(self).exclude_overwriting.get(names["assignment"], [])
        return {Path(path).relative_to(source).as_posix() for path in found} - set(own)

    def on_cell_executed(self, **kwargs: Any) -> None:
        """After a cell: let nbgrader see whether it failed. Whatever is no success is a failure."""
        content = kwargs["execute_reply"]["content"]
        if content.get("status") != "ok":
            error = sound_output("error", content)
            kwargs["execute_reply"] = {"content": {**(error or {}), "status": "error"}}
        super().on_cell_executed(**kwargs)
