"""The fork server of ``provisioner``: it imports modules once, then forks an ordinary kernel for every line it reads.

Its settings are JSON, in the last argument. When the other end of its connection is closed, it ends with all its
kernels.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

from autograder.sandbox.inside import confine
from autograder.sandbox.inside.server import NotForkable, preload
from course.quiet import start_up

KERNEL_MODULES = ["ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "matplotlib_inline.backend_inline"]
GPU_DEVICES = "/dev/nvidia"


def main() -> None:
    settings = json.loads(sys.argv[1])
    connection = socket.socket(fileno=settings["connection"])
    confine.die_with_parent()  # also while it imports
    try:
        with start_up():
            preload(KERNEL_MODULES + settings["modules"])
        holds_no_gpu()
    except Exception as error:  # whatever an import raises: kernels start cold, and a notebook shows it
        connection.sendall(json.dumps({"why": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        return
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps kernels that end
    connection.sendall(b'{"ready": true}\n')
    with connection.makefile("r") as requests:
        for line in requests:
            request = json.loads(line)
            if time.monotonic() > request.pop("deadline"):  # all processes of a machine share this clock
                connection.sendall(b'{"late": true}\n')
                continue
            pid = os.fork()
            if pid == 0:
                become_own_kernel(connection, **request)
            connection.sendall(json.dumps({"forked": pid}).encode() + b"\n")


def holds_no_gpu() -> None:
    """Check that this process uses no GPU, since CUDA fails in forks of one that does. Raises NotForkable."""
    opened = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    if any(str(path).startswith(GPU_DEVICES) for path in opened):
        raise NotForkable("an import has opened a GPU, and CUDA would fail in every kernel")


def become_own_kernel(
    connection: socket.socket, arguments: list[str], environment: dict[str, str], folder: str
) -> NoReturn:
    """In the new process: run ipykernel as if it had just been started."""
    server = os.getppid()
    confine.die_with_parent()
    connection.close()
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher", *arguments]
    use_all_cores()
    reseed_libraries()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={server}"])
    sys.exit()


def use_all_cores() -> None:
    """Give OpenBLAS the number of threads that it would have in a new process."""
    import threadpoolctl

    wanted = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))
    threadpoolctl.threadpool_limits(int(wanted), user_api="blas")


def reseed_libraries() -> None:
    """Give this kernel random numbers of its own, as in a new process."""
    import numpy as np

    random.seed()
    np.random.seed()


if __name__ == "__main__":
    main()
