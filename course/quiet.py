"""Importing TensorFlow faster, and without the messages of its C++ part, which explain nothing to a student."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator


@contextlib.contextmanager
def start_up() -> Iterator[None]:
    """Drop what is written to the process's standard error (file descriptor 2) within the block.

    TensorFlow writes there directly, past Python's ``sys.stderr`` and before it has read its log level.
    Exceptions come through as ever. No garbage is collected within the block: an import leaves hardly any,
    and looking for it takes a quarter of the time of TensorFlow's import.
    """
    collecting = gc.isenabled()
    gc.disable()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        if collecting:
            gc.enable()
