"""Two kernels of one run side by side: neither tells the other anything, and neither stops the other."""

import asyncio
import sys
import textwrap
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from attacks import PREAMBLE
from attacks_between import BETWEEN, MESSAGES, STOPS
from escaping import TRIED, UNIT

from autograder.execute import Limits
from autograder.kernels import forkserver, request_for, sandbox, warm_kernel_manager

pytestmark = pytest.mark.alone

SECONDS = 60.0
PARENTS = [str(path) for path in Path(sys.prefix).parents]


@asynccontextmanager
async def kernel(folder):
    """The client of a warm kernel that has run the preamble."""
    manager = warm_kernel_manager(folder)
    await manager.start_kernel(env=request_for(UNIT.name, sandbox.STRICT, Limits(processes=64)))
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=SECONDS)
        await said_by(client, f"PARENTS = {PARENTS!r}\n{PREAMBLE}\n{BETWEEN}")
        yield client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def said_by(client, code):
    texts = []

    def take(message):
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    await client._async_execute_interactive(code, output_hook=take, timeout=SECONDS)
    return "".join(texts)


def attempt(name, attack):
    return f"with attempt({name!r}):\n" + textwrap.indent(textwrap.dedent(attack).strip() or "pass", "    ")


def between(attacks, folder):
    """What each attack got: of the listener's last step, the first word and the reason."""

    async def go():
        got = {}
        for name, (prepare, send, look) in attacks.items():
            async with AsyncExitStack() as stack:
                listener = await stack.enter_async_context(kernel(folder))
                sender = await stack.enter_async_context(kernel(folder))
                await said_by(listener, attempt(name, prepare))
                sent = await said_by(sender, attempt(name, send))
                seen = await said_by(listener, attempt(name, look))
                got[name] = *seen.strip("\n").split("\t")[1:], sent.strip("\n").split("\t")[1:]
        return got

    return asyncio.run(go())


def test_no_message_reaches_another_kernel(tmp_path):
    got = between(MESSAGES, tmp_path)
    TRIED.extend(("between", name, " ".join(map(str, said))) for name, said in got.items())
    assert {name for name, said in got.items() if said[0] != "refused"} == set()


def test_no_kernel_is_stopped_by_another(tmp_path):
    got = between(STOPS, tmp_path)
    TRIED.extend(("between", name, " ".join(map(str, said))) for name, said in got.items())
    assert {name for name, said in got.items() if said[0] != "SUCCEEDED"} == set()
    assert forkserver.start(UNIT.name, sandbox.STRICT).answers()
