"""Running a notebook and gathering what its answers did. Runs beside the student's code, in a process
of its own: it has no gradebook, no reference and no expected values, and nothing it returns is trusted.

This is the seam behind which kernels and their isolation can change: a notebook and seeds go in, the
executed notebook, observations and findings come out, all of them plain data.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder import kernels
from autograder.client import MAX_OBSERVED, BoundedClient, NoKernel
from autograder.inside.ending import Ending
from autograder.inside.limits import MB, Limits
from autograder.kernels import forkserver, sandbox
from autograder.outputs import observed_in
from autograder.timing import OutOfTime, Timing
from course.check import Unit
from course.check.sampling import inputs_of, sampled

SILENT = logging.getLogger("autograder.nbclient")
SILENT.setLevel(logging.CRITICAL)
CHECKS_ALL = "check.all()"
"""A cell that shows a student all verdicts. It is not run here, where no answer can be compared with a reference."""
REFUSED = "may not be imported while answers of"
SIGNS = {
    ("MemoryError:", "can't allocate memory", "Cannot allocate memory"): "memory limit",
    ("can't start new thread", "Resource temporarily unavailable"): "process limit",
    ("No space left on device", "File too large"): "disk limit",
}
"""How the limits of the sandbox look to the cell that reaches them: parts of an error's name and message."""


@dataclass(frozen=True)
class Job:
    """What to run: an aligned notebook (as JSON text) with the files beside it, and a seed and time limit for each
    check, and for each of its parts."""

    unit: str
    notebook: str
    seeds: dict[str, int]
    check_seconds: dict[str, float]
    files: dict[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    isolation: str = sandbox.STRICT
    part_seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Execution:
    """What came of a job. ``stopped`` says why the run ended early, if it did, and ``ending`` why its kernel died,
    if that was the reason; ``seconds`` is what it took."""

    notebook: str
    observations: dict[str, Any] = field(default_factory=dict)
    findings: list[tuple[str, str]] = field(default_factory=list)
    stopped: str = ""
    ending: Ending | None = None
    seconds: float | None = None


def execute(job: Job) -> Execution:
    """Run every code cell of the notebook in a new kernel, in a folder of its own that is then deleted."""
    notebook = nbformat.reads(job.notebook, as_version=4)
    result, began = Execution(""), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
        work = Path(home) / "work"
        write_files(job.files, work)
        asyncio.run(_run(notebook, job, work, result))
    result.seconds = round(time.monotonic() - began, 3)
    result.notebook = nbformat.writes(notebook).encode("utf-8", "replace").decode("utf-8")
    return result


def write_files(files: dict[str, bytes], work: Path) -> None:
    work.mkdir()
    for name, data in files.items():
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


async def _run(notebook: NotebookNode, job: Job, work: Path, result: Execution) -> None:
    client = BoundedClient(
        notebook,
        km=kernel_manager(job, work.parent),
        timeout=None,  # ``timing`` knows better
        allow_errors=True,
        raise_on_iopub_timeout=True,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(work)}},
        store_widget_state=False,
        most=job.limits.total_output,
    )
    client.owns_km = True  # so that the kernel ends with the client, whatever happens
    client.log = SILENT  # else it is the log of whatever program runs this
    provisioner: Any = None
    try:
        async with client.async_setup_kernel(**launch(job, work)):
            provisioner = client.km.provisioner if client.km else None
            timing = Timing(client, provisioner, job.limits.total_seconds)
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code" and cell.source.strip() not in ("", CHECKS_ALL):
                    await _run_cell(client, cell, index, job, timing, result)
    except Stop as stop:
        result.stopped, result.ending = str(stop), stop.ending
        result.findings.append((stop.finding, str(stop)))
    except (OSError, RuntimeError) as error:
        if provisioner is not None:
            raise
        raise NoKernel(f"no kernel could be started: {error}") from error
    finally:
        atexit.unregister(client._cleanup_kernel)  # which nbclient forgets where no kernel could be started
    crowded = getattr(provisioner, "crowded", "")
    if crowded and "process limit" not in dict(result.findings):
        result.findings.append(("process limit", crowded))


def kernel_manager(job: Job, home: Path) -> AsyncKernelManager:
    """A warm kernel; a cold one, reached by sockets in ``home``, where nothing can be forked."""
    if kernels.can_be_warm():
        return kernels.warm_kernel_manager(home)
    manager = AsyncKernelManager(
        kernel_name="python3", connection_file=str(home / "kernel.json"), client_class=kernels.CLIENT
    )
    if os.name == "posix":
        manager.transport, manager.ip = "ipc", str(home / "kernel")
    return manager


class Stop(Exception):
    """The kernel is gone: nothing more can be run."""

    def __init__(self, finding: str, message: str, ending: Ending | None = None):
        super().__init__(message)
        self.finding, self.ending = finding, ending


async def _run_cell(
    client: BoundedClient, cell: NotebookNode, index: int, job: Job, timing: Timing, result: Execution
) -> None:
    task, source, name = task_of(cell), cell.source, f"cell {index + 1}"
    if task:
        call = f"publish({job.unit!r}, {task!r}, {inputs_of(job.seeds[task])})"
        cell.source = f"__import__('course.check.notebook', fromlist=['']).{call}"
    most = MAX_OBSERVED if task else job.limits.output
    client.allow(most, counts=not task)
    try:
        await execute_cell(client, cell, index, job, timing)
    except CellTimeoutError:
        result.findings.append(("output limit", f"{name} sent a message that was too large; it was dropped"))
        await client.reconnect()
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # within nbclient, of a reply that was forged
        result.findings.append(("forged message", f"{name} made the kernel answer what no kernel does ({error})"[:200]))
    finally:
        cell.source = source
        client.settle()
        if client.interrupted:
            result.findings.append(("time limit", f"{name} took longer than {_limit(cell, job)}"))
        result.findings += limits_in(cell, name)
        if client.overflowed:
            if not task and client.left_in_all < most:
                name, most = f"{name} and those before it", job.limits.total_output
            result.findings.append(("output limit", f"{name} showed more than {most // MB} MB; the rest was dropped"))
        if task:
            _gather(cell, task, job.seeds[task], result)


def _gather(cell: NotebookNode, task: str, seed: int, result: Execution) -> None:
    """Move what a check observed from its cell to the result; of large arrays, entries that its kernel cannot know."""
    seen = [parts for parts in observed_in(cell) if isinstance(parts, dict)]
    if seen:
        result.observations[task] = {name: sampled(value, seed) for parts in seen for name, value in parts.items()}
        if REFUSED in json.dumps(result.observations[task]):
            result.findings.append(("refused import", f"the answer to {task} imports what it may not"))
    cell.outputs = []


async def execute_cell(client: BoundedClient, cell: NotebookNode, index: int, job: Job, timing: Timing) -> None:
    """Run one cell. Raises Stop if the kernel is gone afterwards."""
    each = job.part_seconds.get(task_of(cell))
    running = asyncio.ensure_future(client.async_execute_cell(cell, index))
    try:
        await timing.keep(running, _seconds(cell, job), each, lambda: len(observed_in(cell)))
    except DeadKernelError as error:
        raise _death(client, index) from error
    except OutOfTime as error:
        if error.whole:
            raise Stop("time limit", f"the notebook took longer than {job.limits.total_seconds:g} s") from error
        raise Stop("kernel stopped", f"cell {index + 1} did not stop at its limit of {_limit(cell, job)}") from error


def _death(client: BoundedClient, index: int) -> Stop:
    """How the death of a kernel is told."""
    if client.flooded:
        return Stop("output limit", f"the kernel was ended in cell {index + 1}: it sent more than could be taken")
    provisioner: Any = client.km.provisioner if client.km else None
    ending, code = getattr(provisioner, "ending", None), getattr(provisioner, "exit_code", None)
    if ending and ending.by_limit:
        return Stop(ending.value, f"the kernel was ended in cell {index + 1}: {provisioner.why}", ending)
    how = f" ({signal.Signals(-code).name})" if code is not None and -65 < code < 0 else ""
    return Stop("dead kernel", f"the kernel died in cell {index + 1}{how}", ending)


def task_of(cell: NotebookNode) -> str:
    """The task that a check cell checks; an empty text for every other cell."""
    marks = cell.metadata.get("nbgrader", {})
    return marks["grade_id"] if marks.get("grade") else ""


def _seconds(cell: NotebookNode, job: Job) -> float:
    return job.check_seconds.get(task_of(cell), job.limits.cell_seconds)


def _limit(cell: NotebookNode, job: Job) -> str:
    """The time limit of a cell, in words."""
    each = job.part_seconds.get(task_of(cell))
    return f"{_seconds(cell, job):g} s" if each is None else f"{each:g} s for a part"


def limits_in(cell: NotebookNode, name: str) -> list[tuple[str, str]]:
    """What the errors that a cell ended with say about it."""
    found = []
    for error in (out for out in cell.outputs if out.output_type == "error"):
        if REFUSED in error.evalue:
            found.append(("refused import", f"{name} imports {error.evalue.partition(' ')[0][:100]}"))
        else:
            said = f"{error.ename}: {error.evalue}"
            limits = (limit for signs, limit in SIGNS.items() if any(sign in said for sign in signs))
            found += [(limit, f"{name} reached it: {error.ename}") for limit in limits]
    return found


def launch(job: Job, work: Path) -> dict[str, Any]:
    """How the kernel of a job is started."""
    return {"env": _environment(job, work), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _environment(job: Job, work: Path) -> dict[str, str]:
    """The kernel's environment: what a program needs to start, and nothing of the grader's own."""
    kept = {key: os.environ[key] for key in (*sandbox.KEPT, "SYSTEMROOT") if key in os.environ}
    if kernels.can_be_warm():
        return kept | kernels.request_for(job.unit, job.isolation, job.limits)
    home = str(work.parent)
    path = {"PATH": os.environ.get("PATH", ""), "HOME": home, "TMPDIR": home}
    return kept | forkserver.QUIET | path | {"IPYTHONDIR": f"{home}/ipython", "MPLCONFIGDIR": f"{home}/matplotlib"}


def limits_for(unit: Unit) -> Limits:
    """The bounds for notebooks of a unit: the usual ones, but for those that the unit sets. Raises ValueError."""
    return limits_from(unit.limits, unit.name)


def limits_from(given: Mapping[str, float], whose: str) -> Limits:
    """The usual bounds, but for those that somebody sets. Raises ValueError."""
    unknown = set(given) - {field.name for field in fields(Limits)}
    if unknown:
        raise ValueError(f"{whose}: no limit is called {', '.join(sorted(unknown))}")
    return Limits(**given)  # type: ignore[arg-type]
