"""The accounts of this machine, by name."""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN = "somebody"  # where this system does not say


def named(uid: int) -> str:
    """The account's name. Where it has none, as in a container that was started with a user number, the number."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def own_account() -> str:
    """The account of this process. On Windows accounts are not told apart, since a machine is one person's."""
    return named(os.getuid()) if hasattr(os, "getuid") else UNKNOWN


def of(pid: int) -> str:
    """The account that owns a process."""
    try:
        return named(Path(f"/proc/{pid}").stat().st_uid)
    except OSError:
        return UNKNOWN
