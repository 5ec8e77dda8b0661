"""Kernels as a student gets them, with or without a fork server of their own."""

import asyncio

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from waiting import PATIENCE, wait_until

from autograder.course import PROJECT
from autograder.interactive import provisioner

KERNELS = PROJECT / "lab" / "students" / "kernels"


@pytest.fixture
def started():
    """Start the fork server of this process with some modules, and wait until it has said whether it can fork."""

    def start(*modules):
        provisioner.start_fork_server(*modules)
        server = provisioner._server
        assert server is not None
        assert wait_until(lambda: server.ready() or server._ready is not None)
        return server

    yield start
    if provisioner._server:
        provisioner._server.close()
        provisioner._server = None


def in_kernel(work, **kwargs):
    """Run a coroutine function with the manager and client of a kernel that a student would get."""

    async def go():
        specs = KernelSpecManager(kernel_dirs=[str(KERNELS)])
        km = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
        await km.start_kernel(**kwargs)
        client = km.client()
        client.start_channels()
        await client.wait_for_ready(timeout=PATIENCE)
        try:
            return await work(km, client)
        finally:
            client.stop_channels()
            await km.shutdown_kernel()
            assert not await km.is_alive()

    return asyncio.run(go())


def forked(km):
    return isinstance(km.provisioner.process, provisioner.Forked)
