"""Two kernels of one run side by side: neither tells the other anything, and neither stops the other."""

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from attacks import PREAMBLE
from attacks_between import BETWEEN, MESSAGES, STOPS
from escaping import TRIED, UNIT
from sampled import rest
from talking import said_by
from trying import cell

from autograder.sandbox import bubblewrap, forkserver
from autograder.sandbox.inside.limits import Limits
from autograder.sandbox.provisioner import request_for, warm_kernel_manager

SECONDS = 60.0
PARENTS = [str(path) for path in Path(sys.prefix).parents]


@asynccontextmanager
async def kernel(folder):
    """The client of a warm kernel that has run the preamble."""
    manager = warm_kernel_manager(folder)
    await manager.start_kernel(env=request_for(UNIT.name, bubblewrap.STRICT, Limits(processes=64)))
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=SECONDS)
        await said_by(client, f"PARENTS = {PARENTS!r}\n{PREAMBLE}\n{BETWEEN}")
        yield client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


def between(attacks, folder):
    """What each attack got: of the listener's last step, the first word and the reason."""

    async def go():
        got = {}
        for name, (prepare, send, look) in attacks.items():
            async with AsyncExitStack() as stack:
                listener = await stack.enter_async_context(kernel(folder))
                sender = await stack.enter_async_context(kernel(folder))
                (await said_by(listener, cell(name, prepare)))[0]
                sent = (await said_by(sender, cell(name, send)))[0]
                seen = (await said_by(listener, cell(name, look)))[0]
                got[name] = *seen.strip("\n").split("\t")[1:], sent.strip("\n").split("\t")[1:]
        return got

    return asyncio.run(go())


SOME = [*MESSAGES][::4]


@pytest.mark.parametrize("which", [SOME, rest([name for name in MESSAGES if name not in SOME])], ids=["some", "others"])
def test_no_message_reaches_another_kernel(tmp_path, which):
    tried = {name: MESSAGES[name] for name in which}
    got = between(tried, tmp_path)
    TRIED.extend(("between", name, " ".join(map(str, said))) for name, said in got.items())
    assert {name for name, said in got.items() if said[0] != "refused"} == set() and len(got) == len(which)


def test_no_kernel_is_stopped_by_another(tmp_path):
    got = between(STOPS, tmp_path)
    TRIED.extend(("between", name, " ".join(map(str, said))) for name, said in got.items())
    assert {name for name, said in got.items() if said[0] != "SUCCEEDED"} == set()
    assert forkserver.start(UNIT.name, bubblewrap.STRICT).answers()
