"""Private memory of a kernel: what it alone holds, after it has run a notebook."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import nbformat
import psutil
from jupyter_client.manager import AsyncKernelManager
from measuring import Figures, figure
from nbclient import NotebookClient

from autograder.course import PROJECT, SOLUTIONS, notebook_path
from autograder.sandbox import bubblewrap, forkserver, provisioner
from autograder.sandbox.inside.limits import Limits
from course.check import load


def private_memory(unit: str) -> Figures:
    """Private memory of one more warm kernel against that of a cold one, both after the solved notebook."""
    server = forkserver.start(unit, bubblewrap.STRICT)
    server.wait_until_ready()
    with tempfile.TemporaryDirectory() as folder:
        warm = asyncio.run(_after_notebook(unit, provisioner.warm_kernel_manager(Path(folder)), server.process.pid))
        cold = asyncio.run(_after_notebook(unit, AsyncKernelManager(kernel_name="python3"), os.getpid()))
    server.close()
    print(f"{unit}: a warm kernel holds {warm / 1e6:.0f} MB of its own, a cold one {cold / 1e6:.0f} MB")
    return {f"{unit}: private memory of a warm kernel against a cold one": figure(warm / cold, 0.33, "×", ceiling=True)}


async def _after_notebook(unit: str, manager: AsyncKernelManager, ancestor: int) -> int:
    """Bytes that the kernel alone holds: of the processes new below ``ancestor``, the one that holds most."""
    notebook = nbformat.read(PROJECT / notebook_path(load(unit), SOLUTIONS), as_version=4)
    client = NotebookClient(notebook, km=manager, timeout=120, allow_errors=True, shutdown_kernel="immediate")
    client.owns_km = True
    before = {process.pid for process in psutil.Process(ancestor).children(recursive=True)}
    environment = dict(os.environ, **provisioner.request_for(unit, bubblewrap.STRICT, Limits()))
    async with client.async_setup_kernel(env=environment):
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                await client.async_execute_cell(cell, index)
        new = [p for p in psutil.Process(ancestor).children(recursive=True) if p.pid not in before]
        return max(process.memory_full_info().uss for process in new)
