"""Valid notebook outputs, made from whatever a kernel sent."""

from __future__ import annotations

import math
import re
from json.encoder import encode_basestring
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from course.check.notebook import OBSERVATIONS

MAX_NESTED = 50  # levels of nested data in an output
INDENT = 6  # spaces before a line of an output in a notebook's file
AROUND = 4  # characters of a line beside its text: quotes, a comma and the line end
LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # where nbformat splits a text
MIME = re.compile(r"[\w.-]{1,100}/[\w.+-]{1,100}", re.ASCII)


def sound_output(kind: str, content: dict[str, Any]) -> NotebookNode | None:
    """The valid notebook output that a kernel's message describes; None if it describes none.

    ``kind`` is the message's type. Raises TypeError or ValueError for content that no output can hold.
    """
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=encodable(content.get("text", "")))
    if kind == "error":
        lines = content.get("traceback", [])
        traceback = [encodable(line) for line in lines] if isinstance(lines, list) else []
        return new_output(
            "error",
            ename=encodable(content.get("ename", "")),
            evalue=encodable(content.get("evalue", "")),
            traceback=traceback,
        )
    if kind not in ("display_data", "execute_result", "update_display_data"):
        return None
    data, metadata = content.get("data", {}), content.get("metadata", {})
    bundle = {key: value for key, value in plain(data).items() if MIME.fullmatch(key)}
    for key, value in bundle.items():
        if not key.endswith("json"):
            bundle[key] = "".join(map(encodable, value)) if isinstance(value, list) else encodable(value)
    more = {"execution_count": None} if kind == "execute_result" else {}
    name = "execute_result" if more else "display_data"
    return new_output(name, data=bundle, metadata=plain(metadata) if isinstance(metadata, dict) else {}, **more)


def size_in_file(value: Any, indent: int = INDENT) -> int:
    """An upper estimate of the bytes that an output, or a part of it, takes in a notebook's file. There each value and
    each line of a text has a line of its own, indented by a space for each level."""
    if isinstance(value, str):
        lines = 1 + sum(map(value.count, LINE_ENDS))
        return len(encode_basestring(value).encode("utf-8", "replace")) + lines * (indent + AROUND + 1)
    if isinstance(value, dict):
        return 2 * (indent + AROUND) + sum(
            size_in_file(part, indent + 1) for key_and_item in value.items() for part in key_and_item
        )
    if isinstance(value, list):
        return 2 * (indent + AROUND) + sum(size_in_file(item, indent + 1) for item in value)
    return len(repr(value)) + indent + AROUND


def encodable(value: Any) -> str:
    """A text that can be written as UTF-8. Raises TypeError if the value is not a text."""
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    return value.encode("utf-8", "replace").decode("utf-8")


def plain(value: Any, depth: int = 0) -> Any:
    """JSON data that any program can read: texts are UTF-8, numbers finite. Raises ValueError if nested too deeply."""
    if depth > MAX_NESTED:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {encodable(key): plain(item, depth + 1) for key, item in value.items()}
    return value


def without_overwritten(printed: str) -> str:
    """A text as it looks after printing: a carriage return overwrites the line, as progress bars do."""
    if "\r" not in printed:
        return printed
    lines = printed.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def observed_in(cell: NotebookNode) -> list[Any]:
    """What a check has handed over so far, part by part. It may hold anything, since an answer can forge it."""
    return [out.data[OBSERVATIONS] for out in cell.outputs if OBSERVATIONS in out.get("data", {})]
