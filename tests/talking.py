"""Talking with a kernel through its client."""

import asyncio

from waiting import PATIENCE


async def said_by(client, code):
    """What a cell prints, and the status of its reply."""
    texts = []

    def take(message):
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    reply = await client._async_execute_interactive(code, output_hook=take, timeout=PATIENCE)
    return "".join(texts), reply["content"]["status"]


async def interrupted(km, client):
    """The status of a cell that is interrupted once it runs."""
    runs = asyncio.Event()
    code = "import time\nprint('it runs', flush=True)\ntime.sleep(10_000)"

    def take(message):
        if message["msg_type"] == "stream":  # others come before it runs
            runs.set()

    waiting = asyncio.ensure_future(client._async_execute_interactive(code, output_hook=take, timeout=PATIENCE))
    await runs.wait()
    while not waiting.done():  # Python loses an interrupt that comes while it flushes what was printed
        await km.interrupt_kernel()
        await asyncio.wait([waiting], timeout=5)
    return (await waiting)["content"]["status"]
