"""The processes below a fork server, as they are seen from outside."""

from pathlib import Path


def children(process):
    """The processes that a process has started."""
    try:
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
    except OSError:  # it has ended
        return []


def keepers_of(server):
    """The keepers of a fork server, which is below two processes of bubblewrap."""
    inner = server.process.pid
    for _ in range(2):
        (inner,) = children(inner)
    return {keeper for keeper in children(inner) if children(keeper)}
