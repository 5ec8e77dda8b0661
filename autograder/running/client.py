"""Running cells in a kernel that is not trusted: its output is bounded, and made fit for any notebook.

A kernel that runs a student's code may send anything: replies to what was not asked, messages without end, outputs
that are malformed. This client takes each message as an output, or drops it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import psutil
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.client import CellExecutionComplete
from nbformat import NotebookNode

from autograder.outputs import size_in_file, sound_output, without_overwritten
from autograder.sandbox.channels import QuickClient

MAX_OBSERVED = 16_000_000  # bytes that a check may send
MAX_MESSAGES = 20_000  # that one cell may send
MAX_GROWTH = 1_000_000_000  # bytes by which this process may grow while one notebook runs
ALIVE_SECONDS = 0.1  # after which a dead kernel is noticed


class BoundedClient(NotebookClient):
    """An nbclient that takes in a bounded amount of output, from each cell and in all."""

    def __init__(self, *args: Any, most: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.size_before = psutil.Process().memory_info().rss
        self.left_in_all = most  # bytes that the notebook's own cells may still send
        self.left = 0  # of them the running one; it may send more if it is the grader's
        self.counts = True  # whether the running cell is the notebook's own
        self.messages = 0
        self.overflowed = self.flooded = False
        self.interrupted = False  # whether the cell reached its time limit; its reply may say nothing of it, or be lost
        self.texts: dict[str, tuple[NotebookNode, list[str]]] = {}
        self.displays: dict[str, NotebookNode] = {}

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel. What was begun of one that cannot be started is ended, which nbclient leaves."""
        try:
            await super().async_start_new_kernel(**kwargs)
        except BaseException:
            await self._async_cleanup_kernel()
            raise

    def allow(self, size: int, counts: bool = True) -> None:
        """Give the next cell an output budget of ``size`` bytes; ``counts``: it comes out of the notebook's budget."""
        self.left, self.counts = min(size, self.left_in_all) if counts else size, counts
        self.messages, self.overflowed, self.interrupted, self.texts = MAX_MESSAGES, False, False, {}

    def settle(self) -> None:
        """After a cell: join what it printed, and note whether the relay had to cut its output off."""
        for output, pieces in self.texts.values():
            output.text = without_overwritten("".join(pieces))
        self.texts = {}
        relay = getattr(self.km and self.km.provisioner, "relay", None)
        if relay is not None and relay.cut:
            self.overflowed, relay.cut = True, False

    async def reconnect(self) -> None:
        """Take output again after a message that was too large."""
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
            except (ValueError, TypeError, AttributeError, RecursionError):  # the message holds no output
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
        """Whether the budget has room for an output, which may take more in the notebook's file than in its message."""
        kept = {**output, "text": without_overwritten(output.text)} if output.output_type == "stream" else output
        more = max(0, size_in_file(kept) - size)
        self.left -= more
        self.overflowed = self.left < 0
        self.left_in_all -= 0 if self.overflowed else more
        return not self.overflowed

    def _clear(self, cell: NotebookNode) -> None:
        cell.outputs, self.texts = [], {}

    async def _check_raise_for_error(self, *args: Any) -> None:
        """Do nothing: errors of cells are outputs, and what a reply says about them cannot be trusted."""

    async def _async_poll_kernel_alive(self) -> None:
        """Give up waiting for a cell when the kernel is dead or has flooded this process."""
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            self.flooded = psutil.Process().memory_info().rss - self.size_before > MAX_GROWTH
            if self.km is None or self.task_poll_for_reply is None:
                return
            if self.flooded or not await ensure_async(self.km.is_alive()):
                self.task_poll_for_reply.cancel()
                return
