"""Asking a fork server for a process: a kernel, the observer of a reference, or a trial of the sandbox."""

from __future__ import annotations

import io
import json
import socket
import tarfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.sandbox.inside.keeper import HEADER


def ask_for_kernel(
    server: Path, request: dict[str, Any], files: bytes, descriptors: Sequence[int], seconds: float | None = None
) -> socket.socket:
    """Send a fork server a request, an archive of files and open descriptors. Returns the connection.

    The new process lives as long as the connection. ``seconds`` limits each wait on it. Raises OSError.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(str(server))
        text = json.dumps(request).encode()
        socket.send_fds(connection, [HEADER.pack(len(text), len(files))], descriptors)
        connection.sendall(text + files)
    except BaseException:
        connection.close()
        raise
    return connection


def archive(folder: str | Path | None, pattern: str = "*") -> bytes:
    """The regular files below a folder whose names fit the pattern, as a tar archive; an empty one without a folder."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as files:
        for path in sorted(Path(folder).rglob(pattern)) if folder else ():
            if path.is_file() and not path.is_symlink():
                files.add(path, str(path.relative_to(folder or "")), recursive=False)
    return data.getvalue()


def archive_of(contents: Mapping[str, bytes]) -> bytes:
    """A tar archive of files, given by their paths."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as files:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), time.time()
            files.addfile(entry, io.BytesIO(content))
    return data.getvalue()
