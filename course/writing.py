"""Replacing files so that none is ever left half written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, lasting: bool = False) -> Iterator[Path]:
    """Yields the path of a new file, which no other writer uses. At the end, the new file replaces ``path``.

    After an error ``path`` is as it was before. With ``lasting``, the file and its folder entry are synced to the disk
    before the block ends.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        yield new
        if lasting:
            _sync(new, os.O_RDWR)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    if lasting and os.name == "posix":  # elsewhere a folder cannot be opened
        _sync(path.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
