"""The accounts of this machine, by name."""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN = "somebody"  # where this system does not say


def named(uid: int) -> str:
    """The account's name; its number where it has none, as in a container that was started for a number."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def own() -> str:
    """The account of this process. On Windows, whose machines are one person's, nobody is told from anybody."""
    return named(os.getuid()) if hasattr(os, "getuid") else UNKNOWN


def of(pid: int) -> str:
    """The account whose process it is."""
    try:
        return named(Path(f"/proc/{pid}").stat().st_uid)
    except OSError:
        return UNKNOWN
