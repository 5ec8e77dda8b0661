"""Running a notebook and gathering what its answers did.

This runs beside the student's code, in a worker process without gradebook, reference and expected values. A notebook
and seeds go in. The executed notebook, observations and findings come out: plain data, none of which is trusted.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.cells import task_of
from autograder.findings import Odd
from autograder.outputs import observed_in
from autograder.running.client import MAX_OBSERVED, BoundedClient
from autograder.running.job import Job, write_files
from autograder.running.kernel import kernel_for, kernel_manager
from autograder.running.timing import OutOfTime, Timing
from autograder.sandbox.inside import refusal
from autograder.sandbox.inside.ending import Ending
from autograder.sandbox.inside.limits import MB
from course.check.sampling import inputs_of, sampled

CHECKS_ALL = "check.all()"
"""A cell that shows a student all verdicts. It is not run here, where no answer can be compared with a reference."""
SIGNS_OF_LIMITS = {
    ("MemoryError:", "can't allocate memory", "Cannot allocate memory"): Odd.MEMORY_LIMIT,
    ("can't start new thread", "Resource temporarily unavailable"): Odd.PROCESS_LIMIT,
    ("No space left on device", "File too large"): Odd.DISK_LIMIT,
}
"""How the limits of the sandbox look to the cell that reaches them: parts of an error's name and message."""


@dataclass
class Execution:
    """What came of a job. ``stopped`` says why the run ended early, if it did; ``ending`` says why the kernel died, if
    that was the reason. ``seconds`` is how long the run took."""

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


async def _run(notebook: NotebookNode, job: Job, work: Path, result: Execution) -> None:
    client = BoundedClient(
        notebook,
        km=kernel_manager(work.parent),
        timeout=None,  # ``timing`` keeps the limits
        allow_errors=True,
        raise_on_iopub_timeout=True,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(work)}},
        store_widget_state=False,
        most=job.limits.total_output,
    )
    provisioner: Any = None
    try:
        async with kernel_for(client, job, work) as provisioner:
            timing = Timing(client, provisioner, job.limits.total_seconds)
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code" and cell.source.strip() not in ("", CHECKS_ALL):
                    await _run_cell(client, cell, index, job, timing, result)
    except Stop as stop:
        result.stopped, result.ending = str(stop), stop.ending
        result.findings.append((stop.finding, str(stop)))
    crowded = getattr(provisioner, "crowded", "")
    if crowded and Odd.PROCESS_LIMIT not in dict(result.findings):
        result.findings.append((Odd.PROCESS_LIMIT, crowded))


class Stop(Exception):
    """The kernel is gone, so no more cells can be run."""

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
        result.findings.append((Odd.OUTPUT_LIMIT, f"{name} sent a message that was too large; it was dropped"))
        await client.reconnect()
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # within nbclient, of a reply that was forged
        result.findings.append(
            (Odd.FORGED_MESSAGE, f"{name} made the kernel answer what no kernel does ({error})"[:200])
        )
    finally:
        cell.source = source
        client.settle()
        if client.interrupted:
            result.findings.append((Odd.TIME_LIMIT, f"{name} took longer than {_limit(cell, job)}"))
        result.findings += limits_in(cell, name)
        if client.overflowed:
            if not task and client.left_in_all < most:
                name, most = f"{name} and those before it", job.limits.total_output
            result.findings.append((Odd.OUTPUT_LIMIT, f"{name} showed more than {most // MB} MB; the rest was dropped"))
        if task:
            _gather(cell, task, job.seeds[task], result)


def _gather(cell: NotebookNode, task: str, seed: int, result: Execution) -> None:
    """Move what a check observed from its cell to the result. Of large arrays it draws the entries to compare."""
    seen = [parts for parts in observed_in(cell) if isinstance(parts, dict)]
    if seen:
        result.observations[task] = {name: sampled(value, seed) for parts in seen for name, value in parts.items()}
        values = [value for value in result.observations[task].values() if isinstance(value, dict)]
        if any(value.get("raised") == refusal.ERROR for value in values):
            result.findings.append((Odd.REFUSED_IMPORT, f"the answer to {task} imports what it may not"))
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
            raise Stop(Odd.TIME_LIMIT, f"the notebook took longer than {job.limits.total_seconds:g} s") from error
        raise Stop(Odd.KERNEL_STOPPED, f"cell {index + 1} did not stop at its limit of {_limit(cell, job)}") from error


def _death(client: BoundedClient, index: int) -> Stop:
    """The Stop that says how a kernel died."""
    if client.flooded:
        return Stop(Odd.OUTPUT_LIMIT, f"the kernel was ended in cell {index + 1}: it sent more than could be taken")
    provisioner: Any = client.km.provisioner if client.km else None
    ending, code = getattr(provisioner, "ending", None), getattr(provisioner, "exit_code", None)
    if ending and ending.by_limit:
        return Stop(ending.value, f"the kernel was ended in cell {index + 1}: {provisioner.why}", ending)
    how = f" ({signal.Signals(-code).name})" if code is not None and -65 < code < 0 else ""
    return Stop(Odd.DEAD_KERNEL, f"the kernel died in cell {index + 1}{how}", ending)


def _seconds(cell: NotebookNode, job: Job) -> float:
    return job.check_seconds.get(task_of(cell), job.limits.cell_seconds)


def _limit(cell: NotebookNode, job: Job) -> str:
    """The time limit of a cell, in words."""
    each = job.part_seconds.get(task_of(cell))
    return f"{_seconds(cell, job):g} s" if each is None else f"{each:g} s for a part"


def limits_in(cell: NotebookNode, name: str) -> list[tuple[str, str]]:
    """The findings about limits and forbidden imports that a cell's errors tell of."""
    found: list[tuple[str, str]] = []
    for error in (out for out in cell.outputs if out.output_type == "error"):
        if error.ename == refusal.ERROR:
            found.append((Odd.REFUSED_IMPORT, f"{name} imports {error.evalue.partition(' ')[0][:100]}"))
        else:
            said = f"{error.ename}: {error.evalue}"
            limits = (limit for signs, limit in SIGNS_OF_LIMITS.items() if any(sign in said for sign in signs))
            found += [(limit, f"{name} reached it: {error.ename}") for limit in limits]
    return found
