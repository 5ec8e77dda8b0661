"""Waiting, and counting instead of keeping times: no test depends on how fast the machine is."""

import sys
import time

PATIENCE = 300.0
"""Seconds after which a test gives up: it guards against hanging, and nothing needs a tenth of it."""


def wait_until(condition, seconds=PATIENCE):
    """Whether a condition comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def calls(work):
    """How many functions are called while ``work()`` runs, those written in C included."""
    count = 0

    def note(frame, event, what):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
