"""Why a file is no notebook, in words that tell a student what to do."""

from __future__ import annotations

import json

LAST = 6  # letters in which a text that is cut off may show its fault: the start of a word or of an escaped letter
KINDS = {
    "<": "a web page, not a notebook: download the notebook itself and hand that in",
    "%PDF": "a PDF, not a notebook: hand in the notebook itself",
    "PK": "a zip file or an office document, not a notebook: hand in the notebook itself",
}
"""How files begin that are handed in for notebooks."""


def damage(text: str, error: ValueError | RecursionError) -> str:
    """What is wrong with a text that is no JSON, as the error says that came of reading it."""
    if isinstance(error, RecursionError):
        return "the file holds data within data, too deeply to be read: hand it in as Jupyter saves it"
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    if kind := next((words for start, words in KINDS.items() if text.startswith(start)), ""):
        return kind
    if not text.startswith(("{", "[")):
        return "not a notebook: hand in the file that ends in .ipynb"
    if error.msg == "Extra data":
        more = "a second notebook" if text[error.pos] == "{" else "something"
        return f"{more} stands after the end of the notebook, in line {error.lineno}: hand in the notebook alone"
    if error.msg.startswith("Unterminated string") or len(text) - error.pos <= LAST:
        return "the file is cut off: hand it in again"
    return f"the file is damaged in line {error.lineno}, column {error.colno}: hand it in again"
