"""Findings: what is odd about a submission. Each has a name, by which it is counted, and fits in one line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LISTED = 5  # details that a finding names; further ones are only counted


class Odd(StrEnum):
    """What may be odd about a submission. Records and pages hold these words, so they must not change."""

    UNREADABLE_NOTEBOOK = "unreadable notebook"
    OTHER_UNIT = "notebook of another unit"
    UNREADABLE_FOLDER = "unreadable folder"
    UNREADABLE_FILE = "unreadable file"
    ODD_FILE_NAME = "odd file name"
    FILE_OVER_THE_LIMITS = "file over the limits"
    RENAMED_NOTEBOOK = "renamed notebook"
    ANOTHER_NOTEBOOK = "another notebook"
    DAMAGED_NOTEBOOK = "damaged notebook"
    REPAIRED_JSON = "repaired JSON"
    NOT_UTF_8 = "not UTF-8"
    OTHER_NOTEBOOK_FORMAT = "other notebook format"
    MERGE_CONFLICT = "merge conflict"
    TOO_MANY_CELLS = "too many cells"
    LONG_CELL = "long cell"
    OVER_BUDGET = "over budget"
    BROKEN_CELL = "broken cell"
    BROKEN_CHARACTERS = "broken characters"
    MISSING_CELL = "missing cell"
    DUPLICATED_CELL = "duplicated cell"
    SPLIT_CELL = "split cell"
    MERGED_CELL = "merged cell"
    RETYPED_CELL = "retyped cell"
    LOCKED_CELL_CHANGED = "locked cell changed"
    STRIPPED_METADATA = "stripped metadata"
    CHANGED_METADATA = "changed metadata"
    CHANGED_POINTS = "changed points"
    FOUND_BY_DEFINITION = "answer found by its definition"
    WRITTEN_AGAIN = "answer written again after its check"
    REFUSED_IMPORT = "refused import"
    BORROWING_NOT_READ = "borrowing not read"
    TIME_LIMIT = "time limit"
    OUTPUT_LIMIT = "output limit"
    MEMORY_LIMIT = "memory limit"
    PROCESSOR_LIMIT = "processor limit"
    PROCESS_LIMIT = "process limit"
    DISK_LIMIT = "disk limit"
    DEAD_KERNEL = "dead kernel"
    KERNEL_STOPPED = "kernel stopped"
    FAILED_CELL = "failed cell"
    DEFINITION_NOT_KEPT = "definition not kept"
    DEFINED_TOO_LATE = "defined too late"
    FORGED_MESSAGE = "forged message"
    SYMBOLIC_LINK = "symbolic link"
    HARD_LINK = "hard link"
    FOLDER = "folder"
    FIFO = "FIFO"
    SOCKET = "socket"
    DEVICE = "device"
    FILES_NOT_KEPT = "files not kept"
    CLAIMED_TIME = "claimed time"
    UNREADABLE_TIME = "unreadable time"
    NOT_GRADED = "not graded"


@dataclass(frozen=True)
class Finding:
    """Something odd about a submission: a name, by which it is counted, and the detail in this submission."""

    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}" if self.detail else self.name


class Findings:
    """Collects findings as they come up, and merges them into one for each name, with its first few details."""

    def __init__(self) -> None:
        self._details: dict[str, dict[str, None]] = {}

    def add(self, name: str, detail: str = "") -> None:
        """Add a finding. A detail that comes up twice is kept once."""
        details = self._details.setdefault(name, {})
        if detail:
            details[detail] = None

    def told(self) -> list[Finding]:
        """One finding for each name, in the order in which they came up first."""
        return [Finding(name, listed(list(details))) for name, details in self._details.items()]


def listed(details: list[str]) -> str:
    """The first few details, and how many more there are."""
    more = len(details) - LISTED
    return ", ".join(details[:LISTED]) + (f" and {more} more" if more > 0 else "")
