"""The errors with which cells of the running notebook ended, so that a check can say why an answer is not defined."""

from __future__ import annotations

import re
import sys
import traceback
from typing import Any

from course.check.plain import caught

LONGEST = 300  # characters of an error's message
MOST = 200  # cells; the earliest are forgotten
_ended: dict[str, str] = {}
"""The source of each cell that failed, and the error in words. A cell that has run since is taken out."""


def watch() -> None:
    """Take note of errors from now on, if this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and _note not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _note)


def _note(result: Any) -> None:
    source = str(result.info.raw_cell)
    error = result.error_before_exec or result.error_in_exec
    _ended.pop(source, None)
    if error is not None:
        _ended[source] = _in_words(error)
    for earliest in list(_ended)[:-MOST]:
        del _ended[earliest]


def _in_words(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}, in line {error.lineno}: {(error.text or '').strip()}"[:LONGEST]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if "ipykernel" in frame.filename]
    where = f", in line {lines[-1]}" if lines else ""
    return f"{type(error).__name__}: {caught(error).message[:LONGEST]}{where}"


def error_of(name: str) -> str:
    """The error with which the last cell ended that would define this name; an empty text if there is none."""
    begins = re.compile(
        rf"(?m)^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+{re.escape(name)}\b|^{re.escape(name)}[ \t]*[:=]"
    )
    return next((error for source, error in reversed(_ended.items()) if begins.search(source)), "")
