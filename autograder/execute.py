"""Running a notebook and gathering what its answers did. Runs beside the student's code, in a process
of its own: it has no gradebook, no reference and no expected values, and nothing it returns is trusted.

This is the seam behind which kernels and their isolation can change: a notebook and seeds go in, the
executed notebook, observations and findings come out, all of them plain data.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode

from course.check.notebook import OBSERVATIONS

GRACE = 5.0  # seconds in which an interrupted cell must stop
MAX_FILES, MAX_FILE_BYTES = 200, 50_000_000


@dataclass(frozen=True)
class Job:
    """What to run: an aligned notebook (as JSON text), and a seed and time limit for each check."""

    unit: str
    notebook: str
    folder: Path
    seeds: dict[str, int]
    check_seconds: dict[str, float]
    cell_seconds: float = 60.0
    total_seconds: float = 600.0


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
        _copy_files(job.folder, work)
        asyncio.run(_run(notebook, job, work, result))
    result.notebook = nbformat.writes(notebook)
    return result


def _copy_files(source: Path, work: Path) -> None:
    """Copy what was submitted beside the notebook: regular files only, no links, within limits."""
    work.mkdir()
    files = [path for path in source.rglob("*") if path.is_file() and not path.is_symlink()]
    for path in files[:MAX_FILES]:
        if path.resolve().is_relative_to(source.resolve()) and path.stat().st_size <= MAX_FILE_BYTES:
            target = work / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


async def _run(notebook: NotebookNode, job: Job, work: Path, result: Execution) -> None:
    client = NotebookClient(
        notebook,
        km=_kernel_manager(work.parent),
        timeout_func=lambda cell: _seconds(cell, job),
        allow_errors=True,
        interrupt_on_timeout=True,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(work)}},
        coalesce_streams=True,
    )
    client.owns_km = True  # so that the kernel ends with the client, whatever happens
    client.log.setLevel("CRITICAL")
    launch = {"env": _environment(work), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        async with client.async_setup_kernel(**launch):
            deadline = asyncio.get_running_loop().time() + job.total_seconds
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code" and cell.source.strip():
                    await _run_cell(client, cell, index, job, deadline, result)
    except _Stop as stop:
        result.stopped = str(stop)
        result.findings.append((stop.finding, str(stop)))


def _kernel_manager(home: Path) -> AsyncKernelManager:
    """A kernel of this Python; where the system has them it is reached by sockets in ``home``, not by ports."""
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
    client: NotebookClient, cell: NotebookNode, index: int, job: Job, deadline: float, result: Execution
) -> None:
    task, source, seconds = task_of(cell), cell.source, _seconds(cell, job)
    if task:
        call = f"publish({job.unit!r}, {task!r}, {job.seeds[task]})"
        cell.source = f"__import__('course.check.notebook', fromlist=['']).{call}"
    clock = asyncio.get_running_loop().time
    limit = asyncio.timeout_at(min(clock() + seconds + GRACE, deadline))
    try:
        async with limit:
            await client.async_execute_cell(cell, index)
    except (TimeoutError, DeadKernelError) as error:  # nbclient turns a cancelled wait into a DeadKernelError
        if not limit.expired():
            raise _Stop("dead kernel", f"the kernel died in cell {index + 1}") from error
        if clock() >= deadline:
            raise _Stop("time limit", f"the notebook took longer than {job.total_seconds:g} s") from error
        raise _Stop("kernel stopped", f"cell {index + 1} did not stop at its limit of {seconds:g} s") from error
    except CellControlSignal:
        pass
    finally:
        cell.source = source
    if _timed_out(cell):
        result.findings.append(("time limit", f"cell {index + 1} took longer than {seconds:g} s"))
    if task:
        seen = [out.data[OBSERVATIONS] for out in cell.outputs if OBSERVATIONS in out.get("data", {})]
        if seen:
            result.observations[task] = seen[-1]
        cell.outputs = []


def task_of(cell: NotebookNode) -> str:
    """The task that a check cell checks; an empty text for every other cell."""
    marks = cell.metadata.get("nbgrader", {})
    return marks["grade_id"] if marks.get("grade") else ""


def _seconds(cell: NotebookNode, job: Job) -> float:
    return job.check_seconds.get(task_of(cell), job.cell_seconds)


def _timed_out(cell: NotebookNode) -> bool:
    return any(out.output_type == "error" and out.ename == "KeyboardInterrupt" for out in cell.outputs)


def _environment(work: Path) -> dict[str, str]:
    """The kernel's environment: what a program needs to start, and nothing of the grader's own."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TZ") if key in os.environ}
    home = str(work.parent)
    return {
        **kept,
        "HOME": home,
        "IPYTHONDIR": f"{home}/ipython",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "TMPDIR": home,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
