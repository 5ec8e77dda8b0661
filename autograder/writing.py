"""Writing files so that none is ever left half written."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str, lasting: bool = True) -> None:
    """Write a file so that it is there whole or, whatever happens meanwhile, as it was before.

    A ``lasting`` one is on the disk when this returns, and not only on its way there.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", errors="replace") as file:
            file.write(text)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
