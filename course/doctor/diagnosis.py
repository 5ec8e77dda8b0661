"""The result of one check of the installation."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was checked: whether it is well, what was found, and how to mend it if it is not.

    ``minor`` means that the course runs all the same.
    """

    name: str
    well: bool
    found: str
    mend: str = ""
    minor: bool = False

    def to_json(self) -> dict[str, str | bool]:
        return asdict(self)
