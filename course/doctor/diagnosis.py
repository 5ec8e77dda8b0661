"""What a look at one thing found."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at: whether it is well, what was found, and what to do if it is not."""

    name: str
    well: bool
    found: str
    mend: str = ""

    def to_json(self) -> dict[str, str | bool]:
        return asdict(self)
