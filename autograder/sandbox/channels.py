"""Channels to a kernel that is not trusted: they drop what is no message, and bound how large a message may be."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session

START_SECONDS = 30.0
RECONNECTS = 10
MAX_MESSAGE = 24_000_000  # bytes of one message
SMALL_MESSAGE = 1_000_000  # bytes of a message that may hold as many values as it likes
MAX_VALUES = 200_000  # of a larger one; Python takes up to a hundred bytes for each
MAX_WAITING = 2  # messages that wait to be taken


class NoKernel(RuntimeError):
    """A kernel could not be started."""


class BoundedChannel(AsyncZMQSocketChannel):
    """A channel that drops what is no message, or too large a one."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """The next message, with its size in bytes as ``size``. Raises Empty after so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0, round((deadline - time.monotonic()) * 1000))
            if not await self.socket.poll(left):
                raise Empty
            frames = await self.socket.recv_multipart()
            await asyncio.sleep(0)  # however many messages wait, time limits are kept
            message = read_message(self.session, frames)
            if message is not None:
                return message


def read_message(session: Session, frames: list[bytes]) -> dict[str, Any] | None:
    """The message that came in these frames, with its size in bytes as ``size``; None if it is none, or too large.

    One that holds too many values comes without its content, and counts as the largest.
    """
    size = sum(map(len, frames))
    try:
        _, found = session.feed_identities(frames)
        parts: list[Any] = found
        large = size > SMALL_MESSAGE
        if size > MAX_MESSAGE or (large and any(is_crowded(part) for part in parts[1:4])):
            return None
        crowded = large and is_crowded(parts[4])
        message = session.deserialize(parts, content=not crowded)
        if crowded:
            message["content"], size = {}, MAX_MESSAGE
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None
    if all(isinstance(message.get(key), dict) for key in ("header", "parent_header", "metadata", "content")):
        return {**message, "msg_type": str(message["msg_type"]), "size": size}
    return None


def is_crowded(part: bytes) -> bool:
    """Whether JSON text holds more than ``MAX_VALUES`` values. What stands within its strings does not count."""
    unescaped = part.replace(b"\\\\", b"").replace(b'\\"', b"")
    if unescaped.count(b'"') > 2 * MAX_VALUES:
        return True
    outside = b"".join(unescaped.split(b'"')[::2])
    return sum(map(outside.count, (b",", b"[", b"{"))) > MAX_VALUES


def bound_sockets(context: zmq.Context) -> None:
    """Limit the size and number of messages that sockets of this context take in, if they are made from now on."""
    context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)  # of a part of a message; more ends the connection
    context.setsockopt(zmq.RCVHWM, MAX_WAITING)


class QuickClient(AsyncKernelClient):
    """A client on bounded channels that is ready as soon as the kernel is."""

    shell_channel_class = iopub_channel_class = BoundedChannel
    stdin_channel_class = control_channel_class = BoundedChannel

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> zmq.Socket:
        bound_sockets(self.context)
        return super()._create_connected_socket(channel, identity)

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Open the channels that are used to run cells."""
        super().start_channels(stdin=False, hb=False)

    async def reconnect_output(self) -> None:
        """Take output again after a message that was too large: it has ended the connection.

        The socket is a new one. A socket that was polled may hold the first part of a message, and libzmq ends the
        whole process if it is disconnected then and read again.
        """
        self.iopub_channel.stop()
        self._iopub_channel = None
        self.iopub_channel.start()
        for _ in range(RECONNECTS):
            self.kernel_info()  # to which every kernel says something
            with suppress(Empty):
                await self.iopub_channel.get_msg(timeout=0.2)
                return

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or START_SECONDS)
        self.kernel_info()
        for channel in (self.shell_channel, self.iopub_channel):
            while True:
                try:
                    await channel.get_msg(timeout=0.5)
                    break
                except Empty:
                    if time.monotonic() > deadline or not await self._async_is_alive():
                        raise NoKernel("the kernel does not answer") from None

    wait_for_ready = _async_wait_for_ready
