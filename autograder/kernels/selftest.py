"""Trying the sandbox before it is used: a fork server whose kernels can escape is not used at all."""

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

from autograder.inside.limits import MB, Limits
from autograder.kernels.asking import archive, ask
from autograder.kernels.sandbox import NoSandbox, shown_folders

SMALL = Limits(memory=256 * MB, processes=24, file_bytes=2 * MB, disk=4 * MB, shared=MB, files=100)
SECONDS = 10.0
MISSING = "missing here"
EXPECTED = (
    "own processes", "own /proc", "own /tmp", "own network", "no counters of the machine", "read-only devices",
    "no capabilities", "Landlock", "seccomp", "limits",
)  # fmt: skip


def verify(unit: str, server: Path, permitted: set[str], folder: Path | None = None) -> list[str]:
    """Try escapes in a process of a fork server, confined as its kernels are; returns the layers that hold.

    ``permitted`` are the environment variables that it may have; ``folder`` is its own, where the server
    confines nothing. Raises NoSandbox, with what succeeded.
    """
    with ExitStack() as stack:
        found = _ask(server, {**_targets(unit, stack), "processes": [os.getpid(), os.getppid()]}, folder)
    escaped = found["escaped"] + [f"read {name}" for name in found["environment"] if name not in permitted]
    if escaped:
        raise NoSandbox(f"submissions could escape from the sandbox here: one of them could {'; '.join(escaped)}")
    return [str(layer) for layer in found["layers"]]


def _targets(unit: str, stack: ExitStack) -> dict[str, Any]:
    """What must be out of reach: files, sockets and modules, there until the stack is closed."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="canary-"))
    places = (folder, str(Path.home()))
    return {
        "files": [stack.enter_context(_canary(place)) for place in places if os.access(place, os.W_OK)],
        "hidden": [str(path) for path in beside_libraries()],
        "folder": folder,
        "port": _listener(socket.AF_INET, ("127.0.0.1", 0), stack).getsockname()[1],
        "socket": _listener(socket.AF_UNIX, f"{folder}/s", stack).getsockname(),
        "datagrams": _listener(socket.AF_UNIX, f"{folder}/d", stack, socket.SOCK_DGRAM).getsockname(),
        "modules": [f"course.{unit}.reference", f"course.{unit}.mistakes"] if unit else [],
    }


def beside_libraries() -> list[Path]:
    """What lies beside the folders that are shown, and is not."""
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
    """Have the fork server start a process that tries to reach the target."""
    more = {"limits": asdict(SMALL), "environment": {"PATH": "/usr/bin:/bin"}, "folder": str(folder or "")}
    said: dict[str, Any] = {}
    nothing = archive(None)
    with ask(server, {"probe": target, **more}, nothing, [], SECONDS) as connection, connection.makefile() as answers:
        try:
            for line in answers:
                said |= json.loads(line)
        except OSError as error:
            said.setdefault("failed", str(error))
    if "found" not in said:
        reason = said.get("why") or said.get("failed") or f"it ended with {said.get('ended')}"
        raise NoSandbox(f"the sandbox could not be tried: {reason}")
    return dict(said["found"])


def describe(layers: list[str]) -> str:
    """The layers that hold, and those that are missing, in one line."""
    missing = [layer for layer in EXPECTED if not any(held.startswith(layer) for held in layers)]
    return ", ".join(layers) + (f"; {MISSING}: {', '.join(missing)}" if missing else "")
