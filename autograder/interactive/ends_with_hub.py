"""What a hub starts ends with it, however the hub ends: services, the proxy, and servers that are plain processes.

So a hub that was killed leaves nothing that keeps a port, and the next one need not look for processes by their
numbers, which by then may be others'. ``python -m autograder.interactive.ends_with_hub HUB COMMAND …`` ties itself to
the process HUB, its parent, and becomes the command.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from autograder.sandbox.inside import confine


def command(of: Sequence[str]) -> list[str]:
    """The command with which this process, a hub, starts another so that it ends with the hub."""
    return [sys.executable, "-P", "-m", __name__, str(os.getpid()), *of]


def tie_to(hub: int) -> None:
    """Let the kernel kill this process when its parent, the hub, ends. What it becomes by ``exec`` stays tied."""
    confine.die_with_parent()
    if os.getppid() != hub:  # it has ended already
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell has what it starts behind ignore it, and so its children
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nobody asks at the hub's terminal whether to stop


def main() -> None:
    tie_to(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
