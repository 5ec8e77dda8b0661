"""The time limits of cells, by the clock of their kernel.

A kernel waits for a processor where other notebooks run beside it, which is no fault of its answers. So its keeper has
a clock. It runs like any clock while a cell computes, sleeps or waits for something, but hardly while the kernel waits
for a processor (see ``autograder/sandbox/inside/sharing.py``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_async

from autograder.running.client import ALIVE_SECONDS, BoundedClient
from autograder.sandbox.inside.sharing import SLOWEST_CLOCK

GRACE = 5.0  # seconds in which an interrupted cell must stop
INTERRUPT_SECONDS = 1.0  # between interrupts: an answer may catch one


class OutOfTime(Exception):
    """A cell did not stop at its limit or, if ``whole``, the notebook has reached its limit."""

    def __init__(self, whole: bool):
        super().__init__()
        self.whole = whole


class Timing:
    """The clock of a kernel, and the seconds that a notebook may take by it in all."""

    def __init__(self, client: BoundedClient, provisioner: Any, total_seconds: float):
        self.client, self.provisioner, self.total_seconds = client, provisioner, total_seconds
        self.manager: Any = client.km
        self._began = time.monotonic()
        self._start = self._told() or 0.0

    def _told(self) -> float | None:
        """The clock as the keeper last told it; None where there is no keeper."""
        return getattr(self.provisioner, "clock", None)

    def now(self) -> float:
        """Seconds since the notebook began, by the keeper's clock, or by the wall clock where there is no keeper.

        The keeper's clock is never taken to be slower than a fifth of the wall's.
        """
        wall, told = time.monotonic() - self._began, self._told()
        return wall if told is None else max(told - self._start, wall / SLOWEST_CLOCK - 2 * ALIVE_SECONDS)

    async def keep(
        self,
        running: asyncio.Task[Any],
        seconds: float,
        each: float | None = None,
        steps: Callable[[], int] = lambda: 0,
    ) -> None:
        """Let a cell run to its end. Interrupt it after ``seconds``, or if one of its steps takes longer than ``each``.

        ``steps`` tells how many steps are done. Raises OutOfTime, and what the cell raises.
        """
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
