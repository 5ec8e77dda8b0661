"""Running a notebook of a plain nbgrader assignment, whose tests stand in it: confined and bounded as a unit's
notebooks are, but for the settings of nbgrader's own Execute.

Here the tests run beside the answers, so an answer can forge what they say. What nbgrader marks by are the outputs of
the cells: a cell that did not run to its end has an error among them.
"""

from __future__ import annotations

import asyncio
import atexit
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.client import BoundedClient
from autograder.execute import SILENT, Job, Stop, execute_cell, kernel_manager, launch, limits_in, write_files
from autograder.inside.limits import MB
from autograder.intake.findings import Finding, Findings
from autograder.texts import shown

FORGED = (AttributeError, KeyError, TypeError, ValueError)  # what a reply that no kernel sends raises
ARGUMENTS = """
from ipykernel.kernelapp import IPKernelApp as _app
_app = _app.instance()
_app.parse_command_line({arguments})
_app.shell.update_config(_app.config)
_app.init_gui_pylab(), _app.init_extensions(), _app.init_code()
del _app
"""
"""What a kernel does with the arguments that another one is started with: it is a fork of one that was started."""


class PlainClient(BoundedClient):
    """A client that lets nbgrader's settings say whether an error ends the run."""

    _check_raise_for_error = NotebookClient._check_raise_for_error  # type: ignore[assignment]


def run_plain(job: Job, notebook: NotebookNode, settings: Mapping[str, Any]) -> list[Finding]:
    """Run the cells of a notebook in order in a new kernel, in a folder of its own that is then deleted.

    The outputs are put into the notebook. ``settings`` are those of nbclient. Returns what was odd.
    """
    findings = Findings()
    with TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
        work = Path(home) / "work"
        write_files(job.files, work)
        asyncio.run(_run(job, notebook, work, settings, findings))
    return findings.told()


async def _run(job: Job, notebook: NotebookNode, work: Path, settings: Mapping[str, Any], findings: Findings) -> None:
    resources = {"metadata": {"path": str(work)}}
    client = PlainClient(
        notebook,
        km=kernel_manager(job, work.parent),
        resources=resources,
        most=job.limits.total_output,
        **{**settings, "shutdown_kernel": "immediate"},
    )
    client.owns_km = True  # so that the kernel ends with the client, whatever happens
    client.log = SILENT
    try:
        async with client.async_setup_kernel(**launch(job, work)):
            await _prepare(client)
            await _run_cells(client, notebook, job, findings)
    finally:
        atexit.unregister(client._cleanup_kernel)  # which nbclient forgets where no kernel could be started


async def _prepare(client: PlainClient) -> None:
    """Before anything of the student's runs: what language the kernel speaks, and what it is started with."""
    assert client.kc is not None
    told: Any = await client.async_wait_for_reply(await _sent(client.kc.kernel_info()))
    client.nb.metadata["language_info"] = told["content"]["language_info"]
    if client.extra_arguments:
        code = ARGUMENTS.format(arguments=json.dumps(client.extra_arguments))
        await client.async_wait_for_reply(await _sent(client.kc.execute(code, silent=True, store_history=False)))


async def _sent(message: Any) -> str:
    """The id of a message, which some clients send at once and others when they are awaited."""
    return str(await message if asyncio.iscoroutine(message) else message)


async def _run_cells(client: PlainClient, notebook: NotebookNode, job: Job, findings: Findings) -> None:
    """Run the cells until the kernel is gone: then all that follow have an error that says so."""
    deadline = asyncio.get_running_loop().time() + job.limits.total_seconds
    stopped = ""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if stopped:
            cell.outputs = [_error("NotRun", stopped)]
            continue
        name = f"cell {index + 1}"
        client.allow(job.limits.output)
        try:
            await execute_cell(client, cell, index, job, deadline)
        except Stop as stop:
            stopped = str(stop)
            findings.add(stop.finding, stopped)
            cell.outputs.append(_error("NotRun", stopped))
        except CellTimeoutError:
            _fail(cell, findings, "output limit", f"{name} sent a message that was too large, or none when it ended")
            await client.reconnect()
        except FORGED as error:
            said = shown(f"{name} made the kernel answer what no kernel does ({error})")
            _fail(cell, findings, "forged message", said)
        finally:
            client.settle()
        if client.interrupted:
            findings.add("time limit", f"{name} took longer than {job.limits.cell_seconds:g} s")
        if client.overflowed:
            findings.add(
                "output limit", f"{name}: of all that it showed the first {job.limits.output // MB} MB were kept"
            )
        for found, detail in limits_in(cell, name):
            findings.add(found, detail)


def _fail(cell: NotebookNode, findings: Findings, name: str, detail: str) -> None:
    findings.add(name, detail)
    cell.outputs.append(_error("NotRun", f"{name}: {detail}"))


def _error(kind: str, text: str) -> NotebookNode:
    return new_output("error", ename=kind, evalue=text, traceback=[f"{kind}: {text}"])
