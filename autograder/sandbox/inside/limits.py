"""What one kernel may use."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds for one notebook: time in seconds, sizes in bytes.

    ``memory`` is what it may take beyond what the warm kernel already holds. ``disk`` is the size of its work folder,
    ``shared`` the size of its files in shared memory. ``output`` is what one cell may print or show, ``total_output``
    what all cells may.
    """

    cell_seconds: float = 60.0
    total_seconds: float = 600.0
    memory: int = 4096 * MB
    processes: int = 128
    file_bytes: int = 256 * MB
    disk: int = 512 * MB
    shared: int = 128 * MB
    files: int = 20_000
    output: int = 8 * MB
    total_output: int = 32 * MB
