"""Running cells in a kernel that is not trusted: what it sends is bounded, and made into outputs that are sound.

A kernel that runs a student's code may send anything, also what no honest kernel sends: replies to what was not
asked, messages without end, outputs that are none. Whatever it is, it is taken as an output or dropped.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.client import CellExecutionComplete
from nbformat import NotebookNode

from autograder.inside.usage import size_of
from autograder.outputs import size_in_file, sound_output, without_overwritten

START_SECONDS = 30.0
RECONNECTS = 10
MAX_MESSAGE = 24_000_000  # bytes of one message
MAX_OBSERVED = 16_000_000  # bytes that a check may send
SMALL_MESSAGE = 1_000_000  # bytes of a message that may hold as many values as it likes
MAX_VALUES = 200_000  # of a larger one; Python takes up to a hundred bytes for each
MAX_WAITING = 2  # messages that wait to be taken
MAX_MESSAGES = 20_000  # that one cell may send
MAX_GROWTH = 1_000_000_000  # bytes by which this process may grow while one notebook runs
ALIVE_SECONDS = 0.1  # after which a dead kernel is noticed


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
            message = self._read(frames)
            if message is not None:
                return message

    def _read(self, frames: list[bytes]) -> dict[str, Any] | None:
        size = sum(map(len, frames))
        try:
            _, found = self.session.feed_identities(frames)
            parts: list[Any] = found
            large = size > SMALL_MESSAGE
            if size > MAX_MESSAGE or (large and any(is_crowded(part) for part in parts[1:4])):
                return None
            crowded = large and is_crowded(parts[4])
            message = self.session.deserialize(parts, content=not crowded)
            if crowded:  # it counts as too much
                message["content"], size = {}, MAX_MESSAGE
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return None
        if all(isinstance(message.get(key), dict) for key in ("header", "parent_header", "metadata", "content")):
            return {**message, "msg_type": str(message["msg_type"]), "size": size}
        return None


def is_crowded(part: bytes) -> bool:
    """Whether JSON text holds very many values, whatever stands in its strings."""
    unescaped = part.replace(b"\\\\", b"").replace(b'\\"', b"")
    if unescaped.count(b'"') > 2 * MAX_VALUES:
        return True
    outside = b"".join(unescaped.split(b'"')[::2])
    return sum(map(outside.count, (b",", b"[", b"{"))) > MAX_VALUES


def bound_sockets(context: zmq.Context) -> None:
    """Bound what sockets take in that are made from now on."""
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
        """Take output again after a message that was too large: it has ended the connection."""
        url, socket = self._make_url("iopub"), self.iopub_channel.socket
        with suppress(zmq.ZMQError):
            socket.disconnect(url)
        socket.connect(url)
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


class BoundedClient(NotebookClient):
    """An nbclient that takes in a bounded amount of output, from each cell and in all."""

    def __init__(self, *args: Any, most: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.size_before = size_of("self").resident
        self.left_in_all = most  # bytes that the notebook's own cells may still send
        self.left = 0  # of them the running one; it may send more if it is the grader's
        self.counts = True  # whether the running cell is the notebook's own
        self.messages = 0
        self.overflowed = self.flooded = False
        self.interrupted = False  # at its time limit: that may be all that is known of it, since replies can be lost
        self.texts: dict[str, tuple[NotebookNode, list[str]]] = {}
        self.displays: dict[str, NotebookNode] = {}

    def allow(self, size: int, counts: bool = True) -> None:
        """For the next cell: the size of what it may send; whether that counts as part of what all may send."""
        self.left, self.counts = min(size, self.left_in_all) if counts else size, counts
        self.messages, self.overflowed, self.interrupted, self.texts = MAX_MESSAGES, False, False, {}

    def settle(self) -> None:
        """After a cell: join what it printed."""
        for output, pieces in self.texts.values():
            output.text = without_overwritten("".join(pieces))
        self.texts = {}
        relay = getattr(self.km and self.km.provisioner, "relay", None)
        if relay is not None and relay.cut:
            self.overflowed, relay.cut = True, False

    async def reconnect(self) -> None:
        """After a message that was too large: take output again."""
        if isinstance(self.kc, QuickClient):
            await self.kc.reconnect_output()

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> None:
        """Take one message about the running cell. Raises CellExecutionComplete after the last."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "status":
            if content.get("execution_state") == "idle":
                raise CellExecutionComplete
            return
        if kind == "execute_input":
            count = content.get("execution_count")
            cell.execution_count = count if type(count) is int and 0 <= count < 1_000_000 else None
            return
        self.left -= msg["size"]
        self.messages -= 1
        self.overflowed = self.overflowed or self.left < 0 or self.messages < 0
        if not self.overflowed:
            self.left_in_all -= msg["size"] if self.counts else 0
            try:
                self._take(kind, content, cell, msg["size"])
            except (ValueError, TypeError, AttributeError, RecursionError):  # it is no output
                return

    def _take(self, kind: str, content: dict[str, Any], cell: NotebookNode, size: int) -> None:
        if kind == "clear_output":
            self.clear_before_next_output = bool(content.get("wait"))
            if not self.clear_before_next_output:
                self._clear(cell)
            return
        output = sound_output(kind, content)
        if output is None or (self.counts and not self._has_room_for(output, size)):
            return
        transient = content.get("transient") or {}
        shown_as = transient.get("display_id")
        if kind == "update_display_data":
            if shown_as in self.displays:
                self.displays[shown_as].update(data=output.data, metadata=output.metadata)
            return
        if self.clear_before_next_output:
            self._clear(cell)
            self.clear_before_next_output = False
        if kind == "stream" and output.name in self.texts:
            self.texts[output.name][1].append(output.text)
            return
        if kind == "stream":
            self.texts[output.name] = output, [output.text]
        if isinstance(shown_as, str):
            self.displays[shown_as] = output
        cell.outputs.append(output)

    def _has_room_for(self, output: NotebookNode, size: int) -> bool:
        """Whether an output may be kept, by what it takes in the notebook's file beyond the size of its message."""
        kept = {**output, "text": without_overwritten(output.text)} if output.output_type == "stream" else output
        more = max(0, size_in_file(kept) - size)
        self.left -= more
        self.overflowed = self.left < 0
        self.left_in_all -= 0 if self.overflowed else more
        return not self.overflowed

    def _clear(self, cell: NotebookNode) -> None:
        cell.outputs, self.texts = [], {}

    async def _check_raise_for_error(self, *args: Any) -> None:
        """Errors of cells are outputs; what a reply says about them may be anything."""

    async def _async_poll_kernel_alive(self) -> None:
        """Give up waiting for a cell when the kernel is dead or has flooded this process."""
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            self.flooded = size_of("self").resident - self.size_before > MAX_GROWTH
            if self.km is None or self.task_poll_for_reply is None:
                return
            if self.flooded or not await ensure_async(self.km.is_alive()):
                self.task_poll_for_reply.cancel()
                return
