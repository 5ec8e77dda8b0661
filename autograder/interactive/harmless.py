"""What a kernel that runs a submission may send to the browser of whoever looks at it.

JupyterLab trusts what a running cell shows. So a script in it could do whatever the person may do: open a terminal,
start another kernel. Each message is made anew, from a list of what may be in it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_client import protocol_version
from jupyter_client.session import Session
from zmq.eventloop.zmqstream import ZMQStream

from autograder.html.sanitize import clean, svg_image
from autograder.outputs import encodable, plain, sound_output
from autograder.sandbox.channels import read_message
from autograder.sandbox.inside.limits import MB, Limits

PICTURES = ("image/png", "image/jpeg", "image/gif")
LANGUAGE = {
    "name": "python", "mimetype": "text/x-python", "file_extension": ".py", "pygments_lexer": "ipython3",
    "codemirror_mode": {"name": "ipython", "version": 3}, "nbconvert_exporter": "python",
}  # fmt: skip
BYTES_AT_ONCE, BYTES_A_SECOND = Limits.output, MB
"""How much is passed on, of each channel."""
LEFT_OUT = f"[the kernel sends more than {BYTES_A_SECOND // MB} MB a second; what is over that is left out]\n"


def word(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z_]{1,20}", value):
        raise ValueError("no word")
    return value


def count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1_000_000_000 else None


def truth(value: Any) -> bool:
    return value is True


def texts(value: Any) -> list[str]:
    return [encodable(text) for text in value] if isinstance(value, list) else []


def nothing(value: Any) -> dict[str, Any]:
    return {}


def only_text(value: Any) -> dict[str, str]:
    return {"text/plain": encodable(value["text/plain"])} if isinstance(value, dict) and "text/plain" in value else {}


ERROR = {"ename": encodable, "evalue": encodable, "traceback": texts}
FIELDS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "status": {"execution_state": word},
    "execute_input": {"code": encodable, "execution_count": count},
    "clear_output": {"wait": truth},
    "execute_reply": {"status": word, "execution_count": count, **ERROR},
    "complete_reply": {
        "status": word, "matches": texts, "cursor_start": count, "cursor_end": count, "metadata": nothing,
    },
    "inspect_reply": {"status": word, "found": truth, "data": only_text, "metadata": nothing},
    "is_complete_reply": {"status": word, "indent": encodable},
    "history_reply": {"status": word, "history": lambda value: []},
    "comm_info_reply": {"status": word, "comms": nothing},
    "interrupt_reply": {"status": word},
    "shutdown_reply": {"status": word, "restart": truth},
    "input_request": {"prompt": encodable, "password": truth},
}  # fmt: skip
"""The messages that are passed on beside outputs, and what each may hold. Others are not: widgets, the debugger."""


def harmless(kind: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
    """What may be passed on of a message of this kind; None if nothing may. Raises ValueError, TypeError."""
    if kind == "kernel_info_reply":
        return {
            "status": "ok", "protocol_version": protocol_version, "implementation": "ipython", "banner": "",
            "language_info": LANGUAGE, "help_links": [], "debugger": False, "supported_features": [],
        }  # fmt: skip
    if kind in FIELDS:
        return {name: made(content[name]) for name, made in FIELDS[kind].items() if name in content}
    output = sound_output(kind, dict(content))
    if output is None:
        return None
    found: dict[str, Any] = {name: value for name, value in output.items() if name != "output_type"}
    if "data" in found:
        found |= {"data": shown(output.data), "metadata": {}}
        label = (content.get("transient") or {}).get("display_id")
        found["transient"] = {"display_id": encodable(label)} if label is not None else {}
    if kind == "execute_result":
        found["execution_count"] = count(content.get("execution_count"))
    return found


def shown(data: Mapping[str, Any]) -> dict[str, str]:
    """An output's data, as text and as what else of it is harmless."""
    kept = {mime: data[mime] for mime in ("text/plain", "text/latex", *PICTURES) if mime in data}
    if "text/html" in data:
        kept["text/html"] = clean(data["text/html"])
    elif "image/svg+xml" in data:
        kept["text/html"] = svg_image(data["image/svg+xml"])
    elif "text/markdown" in data:
        from autograder.in_nbgrader.formgrade.safe import markdown  # which takes a second

        kept["text/html"] = markdown(data["text/markdown"])
    return kept or {"text/plain": "(an output that is not shown here)"}


class Filter:
    """Makes a channel's messages harmless, and bounds how much of them is passed on."""

    def __init__(self, key: bytes):
        self.session = Session(key=key)
        self.left, self.filled, self.told = float(BYTES_AT_ONCE), time.monotonic(), False

    def passed_on(self, frames: list[bytes]) -> list[bytes] | None:
        """A message as it may be passed on; None if it may not."""
        message = read_message(self.session, frames)
        if message is None:
            return None
        kind = message["msg_type"]
        if not self._fits(message["size"]) and kind != "status":  # a status tells that a cell has ended
            if self.told or kind not in ("stream", "display_data", "update_display_data"):
                return None
            self.told, kind = True, "stream"
            message |= {"msg_type": kind, "content": {"name": "stderr", "text": LEFT_OUT}}
        try:
            content = harmless(kind, message["content"])
            parent, header = plain(message["parent_header"]), plain(message["header"])
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None
        if content is None:
            return None
        made = {**message, "header": {**header, "msg_type": kind}, "parent_header": parent, "metadata": {}}
        return self.session.serialize({**made, "content": content}, ident=self.session.feed_identities(frames)[0])

    def _fits(self, size: int) -> bool:
        now = time.monotonic()
        self.left = min(BYTES_AT_ONCE, self.left + BYTES_A_SECOND * (now - self.filled))
        self.filled = now
        fits = size <= self.left
        self.left -= size if fits else 0
        self.told = self.told and self.left < BYTES_AT_ONCE / 2
        return fits


def harmless_stream(stream: ZMQStream, key: bytes) -> ZMQStream:
    """A stream of a kernel's messages, of which whoever reads it gets only what is harmless."""
    take, filtered = stream.on_recv, Filter(key)

    def on_recv(callback: Callable[[list[bytes]], Any] | None, copy: bool = True) -> None:
        def pass_on(frames: list[bytes]) -> None:
            message = filtered.passed_on(frames)
            if message is not None and callback is not None:
                callback(message)

        take(pass_on if callback else None)

    stream.on_recv = on_recv  # type: ignore[assignment, method-assign]
    return stream
