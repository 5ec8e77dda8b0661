"""Running a notebook of a plain nbgrader assignment, which holds its own tests.

It is confined and bounded as a unit's notebook is, with the settings of nbgrader's own Execute. The tests run beside
the answers, so an answer can forge what they say. nbgrader marks by the outputs of the cells: a cell that did not run
to its end has an error among them.
"""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from autograder.findings import Finding, Findings, Odd
from autograder.intake.files import MAX_FILES, MAX_FOLDERS, MAX_PATH, is_odd
from autograder.running.client import MAX_OBSERVED, BoundedClient
from autograder.running.execute import Stop, execute_cell, limits_in
from autograder.running.job import Job, write_files
from autograder.running.kernel import kernel_for, kernel_manager
from autograder.running.timing import GRACE, Timing
from autograder.sandbox.inside.limits import MB
from autograder.texts import shown

FORGED = (AttributeError, KeyError, TypeError, ValueError)  # what a reply that no kernel sends raises
TIMED_HERE = {"shutdown_kernel": "immediate", "timeout": None, "timeout_func": None}  # ``timing`` keeps the time limits
WRITTEN_SECONDS = 60.0  # in which a kernel says what a notebook wrote
COARSE = 0.05  # seconds by which the time of a file may lie before that of a clock
BEFORE = """
def _before(arguments):
    import os, sys
    import autograder
    from ipykernel.kernelapp import IPKernelApp

    view = os.path.dirname(os.path.dirname(autograder.__file__))
    sys.path.sort(key=lambda place: place == view)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("autograder", "course")]:
        del sys.modules[name]
    if arguments:
        app = IPKernelApp.instance()
        app.parse_command_line(arguments)
        app.shell.update_config(app.config)
        app.init_gui_pylab(), app.init_extensions(), app.init_code()

_before({arguments})
del _before
"""
"""What a kernel runs before the notebook: it is a fork, which must be as if it had been started for an assignment that
may have modules called ``course`` or ``autograder`` beside it, and with the arguments that the settings name."""


AFTER = """
def _after(since):
    import base64, os, pathlib
    from IPython.core.displaypub import publish_display_data

    work = pathlib.Path(os.environ["TMPDIR"], "work")
    files = (path for path in work.rglob("*") if path.is_file() and not path.is_symlink())
    changed = {{path: path.read_bytes() for path in files if path.stat().st_mtime >= since}}
    written = {{str(path.relative_to(work)): base64.b64encode(data).decode() for path, data in changed.items()}}
    publish_display_data({{"{mime}": written}})

_after({since})
"""
WRITTEN = "application/x-written-files+json"
"""What a kernel runs after the notebook: the assignment's next notebook finds the files that this one wrote."""


class PlainClient(BoundedClient):
    """A client that lets nbgrader's settings say whether an error ends the run."""

    _check_raise_for_error = NotebookClient._check_raise_for_error


def run_plain(job: Job, notebook: NotebookNode, settings: Mapping[str, Any]) -> tuple[list[Finding], dict[str, bytes]]:
    """Run the cells of a notebook in order in a new kernel, in a folder of its own that is then deleted.

    The outputs are put into the notebook. ``settings`` are those of nbclient. Returns what was odd, and the files that
    the notebook wrote.
    """
    findings = Findings()
    with TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
        work = Path(home) / "work"
        write_files(job.files, work)
        written = asyncio.run(_run(job, notebook, work, settings, findings))
    return findings.told(), written


async def _run(
    job: Job, notebook: NotebookNode, work: Path, settings: Mapping[str, Any], findings: Findings
) -> dict[str, bytes]:
    resources = {"metadata": {"path": str(work)}}
    client = PlainClient(
        notebook,
        km=kernel_manager(work.parent),
        resources=resources,
        most=job.limits.total_output,
        **{**settings, **TIMED_HERE},
    )
    async with kernel_for(client, job, work):
        await _prepare(client)
        since = time.time() - COARSE
        gone = await _run_cells(client, notebook, job, findings)
        return {} if gone else await _written(client, job, since, findings)


async def _prepare(client: PlainClient) -> None:
    """Before anything of the student's runs: what language the kernel speaks, and what it is started with."""
    assert client.kc is not None
    told: Any = await client.async_wait_for_reply(client.kc.kernel_info())
    client.nb.metadata["language_info"] = told["content"]["language_info"]
    code = BEFORE.format(arguments=json.dumps(client.extra_arguments))
    done: Any = await client.async_wait_for_reply(client.kc.execute(code, silent=True, store_history=False))
    if done["content"]["status"] != "ok":
        raise ValueError(f"the kernel does not take Execute.extra_arguments = {client.extra_arguments}")


async def _run_cells(client: PlainClient, notebook: NotebookNode, job: Job, findings: Findings) -> str:
    """Run the cells. If the kernel is gone, all cells that follow get an error that says so. Returns why it is gone."""
    timing = Timing(client, client.km.provisioner if client.km else None, job.limits.total_seconds)
    stopped = ""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if stopped:
            cell.outputs = []
            _fail(cell, stopped)
            continue
        name = f"cell {index + 1}"
        client.allow(job.limits.output)
        try:
            await execute_cell(client, cell, index, job, timing)
        except Stop as stop:
            stopped = str(stop)
            findings.add(stop.finding, stopped)
            _fail(cell, stopped)
        except CellTimeoutError:
            lost = f"{name} sent a message that was too large, or none when it ended"
            findings.add(Odd.OUTPUT_LIMIT, lost)
            _fail(cell, lost)
            await client.reconnect()
            if not await _answers(client):
                stopped = f"{name} did not stop at its limit of {job.limits.cell_seconds:g} s"
                findings.add(Odd.KERNEL_STOPPED, stopped)
        except FORGED as error:
            said = shown(f"{name} made the kernel answer what no kernel does ({error})")
            findings.add(Odd.FORGED_MESSAGE, said)
            _fail(cell, said)
        finally:
            client.settle()
        if client.interrupted and client.error_on_timeout:
            cell.outputs.append(new_output("error", **client.error_on_timeout))
        if client.interrupted:
            findings.add(Odd.TIME_LIMIT, f"{name} took longer than {job.limits.cell_seconds:g} s")
        if client.overflowed:
            findings.add(
                Odd.OUTPUT_LIMIT, f"{name}: of all that it showed the first {job.limits.output // MB} MB were kept"
            )
        for found, detail in limits_in(cell, name):
            findings.add(found, detail)
    return stopped


async def _written(client: PlainClient, job: Job, since: float, findings: Findings) -> dict[str, bytes]:
    """The files that a notebook wrote into its folder, if they are few and small. It may have forged them."""
    cell = new_code_cell(AFTER.format(since=since, mime=WRITTEN))
    client.nb.cells.append(cell)
    client.allow(MAX_OBSERVED, counts=False)
    try:
        timing = Timing(client, client.km.provisioner if client.km else None, WRITTEN_SECONDS)
        await execute_cell(client, cell, len(client.nb.cells) - 1, job, timing)
        sent = [output.data[WRITTEN] for output in cell.outputs if WRITTEN in output.get("data", {})]
        names = list(sent[0])[: MAX_FILES + 1] if sent else []
        if not sent or len(names) > MAX_FILES:
            findings.add(
                Odd.FILES_NOT_KEPT, f"the notebook wrote more than {MAX_OBSERVED // MB} MB, or very many files"
            )
            return {}
        kept = (name for name in names if is_name(name))
        return {name: b64decode(sent[0][name], validate=True) for name in kept}
    except (Stop, CellTimeoutError, *FORGED):
        findings.add(Odd.FILES_NOT_KEPT, "the kernel did not say what the notebook wrote")
        return {}
    finally:
        client.nb.cells.pop()


def is_name(name: str) -> bool:
    """Whether this is a plain path below a folder, and not too long."""
    parts = name.split("/")
    return len(name) <= MAX_PATH and len(parts) <= MAX_FOLDERS and all(map(is_part, parts))


def is_part(part: str) -> bool:
    return part not in ("", ".", "..") and len(part.encode()) <= 255 and not is_odd(part)


async def _answers(client: PlainClient) -> bool:
    """Whether the kernel has done with the cell and is ready for the next."""
    assert client.kc is not None
    with suppress(TimeoutError, DeadKernelError):
        async with asyncio.timeout(GRACE):
            return await client.async_wait_for_reply(client.kc.kernel_info()) is not None
    return False


def _fail(cell: NotebookNode, why: str) -> None:
    """Put the error that a cell did not run to its end first: nbgrader marks by the first error or result."""
    cell.outputs.insert(0, new_output("error", ename="NotRun", evalue=why, traceback=[f"NotRun: {why}"]))
