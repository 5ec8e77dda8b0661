"""What the pages about a class have in common: when and how notebooks were graded, and how long that took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autograder.records import Record
from autograder.report.statistics import Summary, summary
from autograder.sandbox.bubblewrap import NONE, STRICT

SLOWEST = 5
CONFINED = {
    STRICT: "confined, each in a sandbox of its own",
    NONE: "unconfined, with the rights of the account that graded them",
}


def ways(isolations: Iterable[str]) -> list[tuple[int, str]]:
    """In which isolation notebooks ran, as numbers of notebooks, each with the isolation in words."""
    return [
        (times, CONFINED.get(kind, f"in isolation {kind!r:.40}")) for kind, times in Counter(isolations).most_common()
    ]


def span(records: Iterable[Record]) -> str:
    """When records were made, from the first to the last, in UTC."""
    times = sorted(record.graded for record in records)
    first, last = (one[:16].replace("T", " ") for one in (times[0], times[-1]))
    return first if first == last else f"from {first} to {last}"


class Ran(NamedTuple):
    """In which isolation notebooks ran, which were the slowest, and how long all took, in seconds."""

    ways: list[tuple[int, str]]
    slowest: list[Record]
    took: Summary


def how_it_ran(records: Sequence[Record]) -> Ran:
    """How the notebooks of these records ran; without recorded times there are no slowest."""
    timed = sorted((one for one in records if one.seconds is not None), key=lambda record: -(record.seconds or 0.0))
    took = summary(record.seconds or 0.0 for record in timed)
    return Ran(ways(record.isolation for record in records), timed[:SLOWEST], took)
