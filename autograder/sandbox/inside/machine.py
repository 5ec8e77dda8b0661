"""What Linux says of the whole machine.

Kernels do not see it. Nor do their keepers, which share the kernels' ``/proc``. So the fork server opens the files
before it forks a keeper.
"""

from __future__ import annotations

import os
from functools import cache

LOAD, MEMORY = "loadavg", "vmstat"


@cache
def opened(name: str) -> int:
    """The descriptor of a file of ``/proc``, which is opened once for this process and its forks."""
    return os.open(f"/proc/{name}", os.O_RDONLY | os.O_CLOEXEC)


def said(name: str) -> str:
    """What a file of ``/proc`` says now."""
    text = b""
    while piece := os.pread(opened(name), 65536, len(text)):
        text += piece
    return text.decode()
