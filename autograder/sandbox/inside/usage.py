"""What a kernel and all the processes that it started use, by what ``/proc`` says."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.inside import unseen

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Size:
    """The memory of a process, in bytes: how much it has mapped, and how much of that is in use."""

    mapped: int = 0
    resident: int = 0


def size_of(process: int | str) -> Size:
    """The memory of a process; zero if it is gone."""
    try:
        mapped, resident = Path(f"/proc/{process}/statm").read_text().split()[:2]
        return Size(int(mapped) * PAGE, int(resident) * PAGE)
    except (OSError, ValueError):
        return Size()


def processes() -> list[int]:
    """The processes that ``/proc`` shows."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def descendants(ancestor: int, but: Collection[int] = ()) -> list[int]:
    """The processes that a process started, and those that these started, without ``but`` and what ``but`` started."""
    children: dict[int, list[int]] = {}
    for process in processes():
        with suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(process)
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        more = [child for child in children.get(waiting.pop(), []) if child not in but]
        found += more
        waiting += more
    return found


def threads_of(family: list[int]) -> int:
    """The number of threads of these processes."""
    total = 0
    for process in family:
        with suppress(OSError):
            total += Path(f"/proc/{process}/task").stat().st_nlink - 2
    return total


def end_descendants(but: Collection[int] = ()) -> None:
    """Kill all descendants of this process, which adopts their orphans, without ``but`` and what ``but`` started."""
    while left := descendants(os.getpid(), but):
        for process in left:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        for process in left:
            with suppress(OSError):
                os.waitpid(process, os.WNOHANG)
        time.sleep(0.002)


def memory_of(family: list[int], base: Size, most: int) -> int:
    """Bytes that these processes hold beyond what each shares with the fork server, whose size is ``base``.

    The number is exact only near and above ``most``. An exact one counts shared memory once, which takes longer.
    """
    sizes = {process: size_of(process) for process in family}
    if sum(max(0, size.mapped - base.mapped) for size in sizes.values()) + unseen.at_most(family) <= most:
        return 0
    resident = sum(max(0, size.resident - base.resident) for size in sizes.values())
    if resident > most and len(family) > 1:
        resident = sum(_proportional(process, size.resident - base.resident) for process, size in sizes.items())
    return max(resident, _shared(family)) + unseen.unseen(family)


def _proportional(process: int, otherwise: int) -> int:
    """Bytes that a process has in use. Memory that n processes share counts as 1/n."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return max(0, otherwise)


def _shared(family: list[int]) -> int:
    """Bytes of anonymous shared memory that these processes have mapped. It may be in use and not resident."""
    return sum({inode: size for process in family for inode, size in _shared_maps(process)}.values())


def _shared_maps(process: int) -> Iterator[tuple[str, int]]:
    with suppress(OSError, ValueError):
        for line in unseen.maps_of(process).splitlines():
            place, rights, _, device, inode, *name = line.split(maxsplit=5)
            if rights.endswith("s") and name and name[0].startswith("/dev/zero"):
                start, _, end = place.partition("-")
                yield f"{device} {inode}", int(end, 16) - int(start, 16)


def disk_of(folder: Path) -> int:
    """Bytes of the files below a folder. No link is followed."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).lstat().st_blocks * 512
    return total
