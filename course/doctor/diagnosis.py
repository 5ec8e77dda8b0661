"""What a look at one thing found."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at: whether it is well, what was found, and what to do if it is not. With ``minor``
    the course runs all the same."""

    name: str
    well: bool
    found: str
    mend: str = ""
    minor: bool = False

    def to_json(self) -> dict[str, str | bool]:
        return asdict(self)
