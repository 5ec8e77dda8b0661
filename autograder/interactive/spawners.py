"""Servers that are plain processes, and end with the hub."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from jupyterhub.spawner import LocalProcessSpawner, SimpleLocalProcessSpawner

from autograder.interactive.ends_with_hub import tie_to


class EndsWithHub(LocalProcessSpawner):
    """A server that runs as its user, an account of the machine."""

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        become_user, hub = super().make_preexec_fn(name), os.getpid()

        def begin() -> None:
            become_user()
            tie_to(hub)  # afterwards, since the kernel forgets it when the user changes

        return begin

    def load_state(self, state: dict[str, Any]) -> None:
        """A server of an earlier hub has ended. Whatever has its number now is not to be taken for it, and ended."""
        super().load_state({name: value for name, value in state.items() if name != "pid"})

    async def wait_for_death(self, timeout: float = 10) -> bool:
        """Look ten times a second. JupyterHub waits longer from look to look, and so twice as long as it must."""
        until = time.monotonic() + timeout
        while await self.poll() is None:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.1)
        return True


class OnTrial(EndsWithHub, SimpleLocalProcessSpawner):
    """A server that runs as the hub's own account."""
