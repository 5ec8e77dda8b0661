"""The result of one look at the installation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at: whether it is well, what was found, and how to mend it if it is not.

    ``minor`` means that the course runs all the same.
    """

    name: str
    well: bool
    found: str
    mend: str = ""
    minor: bool = False

    @property
    def state(self) -> str:
        return "well" if self.well else "minor" if self.minor else "wrong"

    def to_json(self) -> dict[str, str]:
        """What programs read: these four keys stay."""
        return {"name": self.name, "state": self.state, "found": self.found, "mend": "" if self.well else self.mend}

    @classmethod
    def from_json(cls, said: dict[str, str]) -> Diagnosis:
        return cls(said["name"], said["state"] == "well", said["found"], said["mend"], said["state"] == "minor")
