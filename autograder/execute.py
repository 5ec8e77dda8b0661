"""Running a notebook and gathering what its answers did. Runs beside the student's code, in a process
of its own: it has no gradebook, no reference and no expected values, and nothing it returns is trusted.

This is the seam behind which kernels and their isolation can change: a notebook and seeds go in, the
executed notebook, observations and findings come out, all of them plain data.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder import forkserver, kernels, sandbox
from autograder.inside.limits import Limits
from course.check import Unit
from course.check.notebook import OBSERVATIONS

GRACE = 5.0  # seconds in which an interrupted cell must stop
MAX_MESSAGES = 20_000  # that one cell may send
REFUSED = "may not be imported while answers of"


@dataclass(frozen=True)
class Job:
    """What to run: an aligned notebook (as JSON text) with the files beside it, and a seed and time limit for
    each check."""

    unit: str
    notebook: str
    seeds: dict[str, int]
    check_seconds: dict[str, float]
    files: dict[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    isolation: str = sandbox.STRICT


@dataclass
class Execution:
    """What came of a job. ``stopped`` says why the run ended early, if it did."""

    notebook: str
    observations: dict[str, Any] = field(default_factory=dict)
    findings: list[tuple[str, str]] = field(default_factory=list)
    stopped: str = ""


def execute(job: Job) -> Execution:
    """Run every code cell of the notebook in a new kernel, in a folder of its own that is then deleted."""
    notebook = nbformat.reads(job.notebook, as_version=4)
    result = Execution("")
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
        work = Path(home) / "work"
        _write_files(job.files, work)
        asyncio.run(_run(notebook, job, work, result))
    result.notebook = nbformat.writes(notebook)
    return result


def _write_files(files: dict[str, bytes], work: Path) -> None:
    work.mkdir()
    for name, data in files.items():
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


class _Client(NotebookClient):
    """An nbclient that takes in a bounded amount of output from each cell."""

    most = 0  # bytes that the running cell may still send
    messages = 0

    def allow(self, size: int) -> None:
        self.most, self.messages = size, MAX_MESSAGES

    def output(self, outs: list, msg: dict, display_id: str, cell_index: int) -> NotebookNode | None:
        self.most -= len(json.dumps(msg["content"]))
        self.messages -= 1
        if self.most < 0 or self.messages < 0:
            return None
        return super().output(outs, msg, display_id, cell_index)

    @property
    def overflowed(self) -> bool:
        return self.most < 0 or self.messages < 0


async def _run(notebook: NotebookNode, job: Job, work: Path, result: Execution) -> None:
    client = _Client(
        notebook,
        km=_kernel_manager(job, work.parent),
        timeout_func=lambda cell: _seconds(cell, job),
        allow_errors=True,
        interrupt_on_timeout=True,
        raise_on_iopub_timeout=True,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(work)}},
        coalesce_streams=True,
    )
    client.owns_km = True  # so that the kernel ends with the client, whatever happens
    client.log.setLevel("CRITICAL")
    launch = {"env": _environment(job, work), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        async with client.async_setup_kernel(**launch):
            deadline = asyncio.get_running_loop().time() + job.limits.total_seconds
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code" and cell.source.strip():
                    await _run_cell(client, cell, index, job, deadline, result)
    except _Stop as stop:
        result.stopped = str(stop)
        result.findings.append((stop.finding, str(stop)))


def _kernel_manager(job: Job, home: Path) -> AsyncKernelManager:
    """A warm kernel; a cold one, reached by sockets in ``home``, where nothing can be forked."""
    if kernels.can_be_warm():
        return kernels.warm_kernel_manager(home)
    manager = AsyncKernelManager(kernel_name="python3", connection_file=str(home / "kernel.json"))
    if os.name == "posix":
        manager.transport, manager.ip = "ipc", str(home / "kernel")
    return manager


class _Stop(Exception):
    """The kernel is gone: nothing more can be run."""

    def __init__(self, finding: str, message: str):
        super().__init__(message)
        self.finding = finding


async def _run_cell(
    client: _Client, cell: NotebookNode, index: int, job: Job, deadline: float, result: Execution
) -> None:
    task, source, name = task_of(cell), cell.source, f"cell {index + 1}"
    if task:
        call = f"publish({job.unit!r}, {task!r}, {job.seeds[task]})"
        cell.source = f"__import__('course.check.notebook', fromlist=['']).{call}"
    client.allow(kernels.MAX_MESSAGE if task else job.limits.output)
    try:
        await _execute(client, cell, index, job, deadline)
    except CellTimeoutError:
        result.findings.append(("output limit", f"{name} sent a message that was too large; it was dropped"))
    finally:
        cell.source = source
    result.findings += _findings_in(cell, name, _seconds(cell, job))
    if client.overflowed:
        result.findings.append(("output limit", f"{name} showed more than {job.limits.output // 1024**2} MB"))
    if task:
        seen = [out.data[OBSERVATIONS] for out in cell.outputs if OBSERVATIONS in out.get("data", {})]
        if seen:
            result.observations[task] = seen[-1]
        cell.outputs = []


async def _execute(client: _Client, cell: NotebookNode, index: int, job: Job, deadline: float) -> None:
    """Run one cell. Raises _Stop if the kernel is gone afterwards."""
    seconds, clock = _seconds(cell, job), asyncio.get_running_loop().time
    limit = asyncio.timeout_at(min(clock() + seconds + GRACE, deadline))
    try:
        async with limit:
            await client.async_execute_cell(cell, index)
    except CellControlSignal:
        pass
    except (TimeoutError, DeadKernelError) as error:  # nbclient turns a cancelled wait into a DeadKernelError
        if isinstance(error, CellTimeoutError):
            raise
        if not limit.expired():
            raise _Stop(*await _death(client, index)) from error
        if clock() >= deadline:
            raise _Stop("time limit", f"the notebook took longer than {job.limits.total_seconds:g} s") from error
        raise _Stop("kernel stopped", f"cell {index + 1} did not stop at its limit of {seconds:g} s") from error


async def _death(client: _Client, index: int) -> tuple[str, str]:
    """What to call the death of a kernel, and how it came about."""
    provisioner: Any = client.km.provisioner if client.km else None
    why, code = getattr(provisioner, "why", ""), getattr(provisioner, "exit_code", None)
    if why:
        return "memory limit", f"the kernel was ended in cell {index + 1}: {why}"
    how = f" ({signal.Signals(-code).name})" if code is not None and code < 0 else ""
    return "dead kernel", f"the kernel died in cell {index + 1}{how}"


def task_of(cell: NotebookNode) -> str:
    """The task that a check cell checks; an empty text for every other cell."""
    marks = cell.metadata.get("nbgrader", {})
    return marks["grade_id"] if marks.get("grade") else ""


def _seconds(cell: NotebookNode, job: Job) -> float:
    return job.check_seconds.get(task_of(cell), job.limits.cell_seconds)


def _findings_in(cell: NotebookNode, name: str, seconds: float) -> list[tuple[str, str]]:
    """What the errors that a cell ended with say about it."""
    found = []
    for out in cell.outputs:
        if out.output_type == "error" and out.ename == "KeyboardInterrupt":
            found.append(("time limit", f"{name} took longer than {seconds:g} s"))
        if out.output_type == "error" and REFUSED in out.evalue:
            found.append(("refused import", out.evalue.partition(" ")[0][:100]))
    return found


def _environment(job: Job, work: Path) -> dict[str, str]:
    """The kernel's environment: what a program needs to start, and nothing of the grader's own."""
    kept = {key: os.environ[key] for key in ("LANG", "LC_ALL", "SYSTEMROOT", "TZ") if key in os.environ}
    if kernels.can_be_warm():
        return kept | kernels.request_for(job.unit, job.isolation, job.limits)
    home = str(work.parent)
    path = {"PATH": os.environ.get("PATH", ""), "HOME": home, "TMPDIR": home}
    return kept | forkserver.QUIET | path | {"IPYTHONDIR": f"{home}/ipython", "MPLCONFIGDIR": f"{home}/matplotlib"}


def limits_for(unit: Unit) -> Limits:
    """The bounds for notebooks of a unit: the usual ones, but for those that the unit sets. Raises ValueError."""
    unknown = set(unit.limits) - {field.name for field in fields(Limits)}
    if unknown:
        raise ValueError(f"{unit.name}: no limit is called {', '.join(sorted(unknown))}")
    return Limits(**unit.limits)  # type: ignore[arg-type]
