"""Trying the sandbox before it is used. A fork server whose kernels can escape is not used at all."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.course import current
from autograder.sandbox.asking import archive, ask_for_kernel
from autograder.sandbox.bubblewrap import NoSandbox, shown_folders
from autograder.sandbox.inside.limits import MB, Limits
from autograder.sandbox.view import NEVER

PROBE_LIMITS = Limits(memory=256 * MB, processes=24, file_bytes=2 * MB, disk=4 * MB, shared=MB, files=100)
PROBE_SECONDS = 10.0
NOT_HELD = "missing here"
EXPECTED_LAYERS = (
    "own processes", "own /proc", "own /tmp", "own network", "no counters of the machine", "read-only devices",
    "no capabilities", "Landlock", "seccomp", "limits",
)  # fmt: skip


def verify(unit: str, server: Path, permitted: set[str], folder: Path | None = None) -> list[str]:
    """Try escapes in a process that a fork server confines as its kernels. Returns the layers that hold.

    ``permitted`` are the environment variables that the process may have. ``folder`` is its folder if the server
    confines nothing. Raises NoSandbox, with the escapes that succeeded.
    """
    with ExitStack() as stack:
        found = _ask(server, {**_targets(unit, stack), "processes": [os.getpid(), os.getppid()]}, folder)
    escaped = found["escaped"] + [f"read {name}" for name in found["environment"] if name not in permitted]
    if escaped:
        raise NoSandbox(f"submissions could escape from the sandbox here: one of them could {'; '.join(escaped)}")
    return [str(layer) for layer in found["layers"]]


def _targets(unit: str, stack: ExitStack) -> dict[str, Any]:
    """What must be out of reach: files, sockets and modules. They exist until the stack is closed."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="canary-"))
    places = (folder, str(Path.home()))
    return {
        "files": [stack.enter_context(_canary(place)) for place in places if os.access(place, os.W_OK)],
        "hidden": [str(path) for path in beside_libraries()],
        "folder": folder,
        "port": _listener(socket.AF_INET, ("127.0.0.1", 0), stack).getsockname()[1],
        "socket": _listener(socket.AF_UNIX, f"{folder}/s", stack).getsockname(),
        "datagrams": _listener(socket.AF_UNIX, f"{folder}/d", stack, socket.SOCK_DGRAM).getsockname(),
        "modules": [current().unit(unit).module_name(name) for name in NEVER] if unit else [],
    }


def beside_libraries() -> list[Path]:
    """What lies beside the folders that the sandbox shows, and must not be shown."""
    shown = shown_folders()
    parents = {path.parent for path in shown} - {Path("/")}
    found = (path for parent in parents if os.access(parent, os.R_OK | os.X_OK) for path in parent.iterdir())
    return [path for path in found if not any(one.is_relative_to(path) or path.is_relative_to(one) for one in shown)]


@contextmanager
def _canary(folder: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", prefix=".canary-", dir=folder) as file:
        yield file.name


def _listener(family: int, address: Any, stack: ExitStack, kind: int = socket.SOCK_STREAM) -> socket.socket:
    listener = stack.enter_context(socket.socket(family, kind))
    listener.bind(address)
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return listener


def _ask(server: Path, target: dict[str, Any], folder: Path | None) -> dict[str, list[str]]:
    """Ask the fork server for a process that tries to reach the target. Returns what it found."""
    more = {"limits": asdict(PROBE_LIMITS), "environment": {"PATH": "/usr/bin:/bin"}, "folder": str(folder or "")}
    said: dict[str, Any] = {}
    nothing = archive(None)
    with (
        ask_for_kernel(server, {"probe": target, **more}, nothing, [], PROBE_SECONDS) as connection,
        connection.makefile() as answers,
    ):
        try:
            for line in answers:
                said |= json.loads(line)
        except OSError as error:
            said.setdefault("failed", str(error))
    if "found" not in said:
        reason = said.get("why") or said.get("failed") or f"it ended with {said.get('ended')}"
        raise NoSandbox(f"the sandbox could not be tried: {reason}")
    return dict(said["found"])


def describe_layers(layers: list[str]) -> str:
    """The layers that hold, and those that are missing, in one line."""
    missing = [layer for layer in EXPECTED_LAYERS if not any(held.startswith(layer) for held in layers)]
    return ", ".join(layers) + (f"; {NOT_HELD}: {', '.join(missing)}" if missing else "")
