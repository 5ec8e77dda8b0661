"""A student's own kernel, cold and warm: seconds until both frameworks are imported, and memory that it alone holds.
Then how long a check takes there.

python benchmarks/working.py --json build/working.json
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path
from typing import Any

import psutil
from checking import measure_checks
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from measuring import Figures, figure, report

from autograder.course import PROJECT
from autograder.interactive import provisioner as warm

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
KERNELS = PROJECT / "lab" / "students" / "kernels"
ROUNDS = 3
CODE = "import numpy, matplotlib.pyplot, tensorflow, torch"


async def until_imported(name: str, specs: KernelSpecManager) -> tuple[float, int]:
    """Seconds from asking for a kernel to the end of its first cell, which imports, and the bytes it alone holds."""
    before = time.perf_counter()
    manager = AsyncKernelManager(kernel_name=name, kernel_spec_manager=specs)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    await client._async_execute_interactive(CODE, timeout=120)
    seconds = time.perf_counter() - before
    provisioner: Any = manager.provisioner
    held = psutil.Process(provisioner.pid).memory_full_info().uss
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return seconds, held


async def measure() -> Figures:
    warm.start_fork_server()
    assert warm._server is not None
    while not warm._server.ready():
        await asyncio.sleep(0.1)
    shared = psutil.Process(warm._server._process.pid).memory_full_info().rss
    usual = KernelSpecManager(kernel_dirs=[])
    cold, forked = [], []
    for _ in range(ROUNDS):
        cold.append(await until_imported("python3", usual))
        forked.append(await until_imported("python3", KernelSpecManager(kernel_dirs=[str(KERNELS)])))
    (slow, alone), (fast, own) = min(cold), min(forked)
    print(f"cold {slow:.2f} s and {alone / 1e6:.0f} MB, warm {fast:.2f} s and {own / 1e6:.0f} MB; "
          f"the fork server holds {shared / 1e6:.0f} MB, which its kernels share")  # fmt: skip
    return {
        "a student's kernel with both frameworks imported: warm, faster than cold": figure(slow / fast, 5, "×"),
        "memory that it alone holds against a cold one's": figure(own / alone, 1 / 3, "×", ceiling=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    path = parser.parse_args().json
    report(asyncio.run(measure()) | measure_checks(), path)


if __name__ == "__main__":
    main()
