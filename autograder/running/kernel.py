"""The kernel in which a notebook runs: a warm one, or where nothing can be forked, a cold one."""

from __future__ import annotations

import atexit
import json
import logging
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from autograder.running.client import BoundedClient
from autograder.running.job import Job
from autograder.sandbox import bubblewrap, forkserver
from autograder.sandbox import provisioner as kernels
from autograder.sandbox.channels import NoKernel
from course.check.borrowing import LENT

SILENT = logging.getLogger("autograder.nbclient")
SILENT.setLevel(logging.CRITICAL)


def kernel_manager(home: Path) -> AsyncKernelManager:
    """The manager of a warm kernel. Where nothing can be forked: of a cold one, reached by sockets in ``home``."""
    if kernels.can_be_warm():
        return kernels.warm_kernel_manager(home)
    return AsyncKernelManager(
        kernel_name="python3", connection_file=str(home / "kernel.json"), client_class=kernels.CLIENT,
        transport="ipc", ip=str(home / "kernel"),
    )  # fmt: skip


@asynccontextmanager
async def kernel_for(client: BoundedClient, job: Job, work: Path) -> AsyncIterator[Any]:
    """A client's kernel, which ends with the block; yields its provisioner. Raises NoKernel."""
    client.owns_km = True  # so that the kernel ends with the client, whatever happens
    client.log = SILENT  # else nbclient writes into the log of whatever program runs this
    began = False
    nowhere = subprocess.DEVNULL
    try:
        async with client.async_setup_kernel(env=_environment(job, work), stdout=nowhere, stderr=nowhere):
            began = True
            yield client.km.provisioner if client.km else None
    except (OSError, RuntimeError) as error:
        if began:
            raise
        raise NoKernel(f"no kernel could be started: {error}") from error
    finally:
        atexit.unregister(client._cleanup_kernel)  # which nbclient forgets where no kernel could be started


def _environment(job: Job, work: Path) -> dict[str, str]:
    """The kernel's environment: what a program needs to start, what is lent, and nothing of the grader's own."""
    kept = {key: os.environ[key] for key in bubblewrap.KEPT_VARIABLES if key in os.environ}
    kept |= {LENT: json.dumps(job.lent)} if job.lent else {}
    if kernels.can_be_warm():
        return kept | kernels.request_for(job.unit, job.isolation, job.limits)
    home = str(work.parent)
    path = {"PATH": os.environ.get("PATH", ""), "HOME": home, "TMPDIR": home}
    return kept | forkserver.QUIET | path | {"IPYTHONDIR": f"{home}/ipython", "MPLCONFIGDIR": f"{home}/matplotlib"}
