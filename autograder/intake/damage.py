"""Why a file is no notebook, in words that tell a student what to do."""

from __future__ import annotations

import json

LAST = 6  # a fault within so many letters of the end means that the text was cut off within a word or an escape
KINDS_OF_DAMAGE = {
    "<": "a web page, not a notebook: download the notebook itself and hand that in",
    "%PDF": "a PDF, not a notebook: hand in the notebook itself",
    "PK": "a zip file or an office document, not a notebook: hand in the notebook itself",
}
"""The first letters of files that are handed in instead of notebooks, and what to tell the student."""


def damage(text: str, error: ValueError | RecursionError) -> str:
    """What is wrong with a text that is not JSON, by the error that reading it raised."""
    if isinstance(error, RecursionError):
        return "the file holds data within data, too deeply to be read: hand it in as Jupyter saves it"
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    if kind := next((words for start, words in KINDS_OF_DAMAGE.items() if text.startswith(start)), ""):
        return kind
    if not text.startswith(("{", "[")):
        return "not a notebook: hand in the file that ends in .ipynb"
    if error.msg == "Extra data":
        more = "a second notebook" if text[error.pos] == "{" else "something"
        return f"{more} stands after the end of the notebook, in line {error.lineno}: hand in the notebook alone"
    if error.msg.startswith("Unterminated string") or len(text) - error.pos <= LAST:
        return "the file is cut off: hand it in again"
    return f"the file is damaged in line {error.lineno}, column {error.colno}: hand it in again"
