"""Writing texts so that no file is ever left half written."""

from __future__ import annotations

from pathlib import Path

from course.writing import replacing


def write_whole(path: Path, text: str, lasting: bool = True) -> None:
    """Write a file atomically: whatever happens, it holds the whole text or what it held before; see ``replacing``."""
    with replacing(path, lasting) as new:
        new.write_text(text, encoding="utf-8", errors="replace")
