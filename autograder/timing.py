"""The time limits of cells, by the clock of their kernel.

Where other notebooks run beside it, a kernel waits for a processor: that is no fault of its answers. So its keeper
has a clock that passes as on the wall while a cell computes, sleeps or waits for something, but hardly while it waits
for a processor (see ``autograder/inside/sharing.py``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_async

from autograder.client import ALIVE_SECONDS, BoundedClient
from autograder.inside.sharing import SLOWEST

GRACE = 5.0  # seconds in which an interrupted cell must stop
INTERRUPT_SECONDS = 1.0  # between interrupts: an answer may catch one


class OutOfTime(Exception):
    """A cell did not stop at its limit, or the notebook has reached its own, as ``whole`` says."""

    def __init__(self, whole: bool):
        super().__init__()
        self.whole = whole


class Timing:
    """The clock of a kernel, and what a notebook may take by it in all."""

    def __init__(self, client: BoundedClient, provisioner: Any, total_seconds: float):
        self.client, self.provisioner, self.total_seconds = client, provisioner, total_seconds
        self.manager: Any = client.km
        self._began = time.monotonic()
        self._start = self._told() or 0.0

    def _told(self) -> float | None:
        """What the keeper has last said; None where there is none."""
        return getattr(self.provisioner, "clock", None)

    def now(self) -> float:
        """Seconds since the notebook began; where no keeper tells them, those on the wall, at least as many as these
        can be."""
        wall, told = time.monotonic() - self._began, self._told()
        return wall if told is None else max(told - self._start, wall / SLOWEST - 2 * ALIVE_SECONDS)

    async def keep(
        self,
        running: asyncio.Task[Any],
        seconds: float,
        each: float | None = None,
        steps: Callable[[], int] = lambda: 0,
    ) -> None:
        """Let a cell run to its end, and interrupt it after so many seconds, or where one of its steps takes longer
        than ``each``; ``steps`` tells how many are done. Raises OutOfTime, and what the cell raises."""
        last, done = self.now() + seconds, 0
        end = interrupt_at = last if each is None else min(last, self.now() + each)
        while not (await asyncio.wait([running], timeout=ALIVE_SECONDS))[0]:
            now = self.now()
            if each is not None and (seen := steps()) > done and not self.client.interrupted:
                done, end = seen, min(last, now + each)
                interrupt_at = end
            if now >= min(self.total_seconds, end + GRACE):
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                raise OutOfTime(now >= self.total_seconds)
            if now >= interrupt_at:
                interrupt_at += INTERRUPT_SECONDS
                self.client.interrupted = True
                await ensure_async(self.manager.interrupt_kernel())
        running.result()
