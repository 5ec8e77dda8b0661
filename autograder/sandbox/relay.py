"""A relay between a kernel and the client that reads it. It passes on only messages of a bounded size.

ZeroMQ bounds each part of a message, but not the number of parts, and takes in all parts before the reader sees one.
So a kernel that writes the protocol by hand could fill the reader's memory. The relay follows the protocol, and hangs
up when a message grows too large.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

CHUNK = 65_536  # bytes that are passed on at once
GREETING = 64  # bytes with which either side begins
GREETING_BYTES = {0: 0xFF, 9: 0x7F, 10: 3}  # bytes of the greeting, by place: the signature and the version
MORE, LONG_PART, COMMAND = 1, 2, 4  # flags of a part
MOST_PARTS, MOST_PARTS_IN_ALL = 1_000, 5_000_000  # in a message, in a connection: each part costs work
PART = 64  # bytes of memory that ZeroMQ takes for a part beside its content
RELAY_SECONDS = 5.0


class Meter:
    """Measures the messages that one side sends, in version 3 of ZeroMQ's protocol (https://rfc.zeromq.org/spec/23)."""

    def __init__(self, most: int):
        self.most = most
        self.greeted = 0  # bytes of the greeting that have come
        self.head = b""  # of the part that is coming: flags and length, as far as they have come
        self.left = 0  # bytes of that part that are still to come
        self.size = 0  # of the message so far
        self.parts = self.all_parts = 0  # of the message, and of all that came before

    def fits(self, data: bytes) -> bool:
        """Take the next bytes. False if they are of another protocol, or a message grows too large."""
        place = min(GREETING - self.greeted, len(data))
        for position, byte in enumerate(data[:place], start=self.greeted):
            if GREETING_BYTES.get(position, byte) != byte:
                return False
        self.greeted += place
        while place < len(data):
            if self.left:
                taken = min(self.left, len(data) - place)
                self.left, place = self.left - taken, place + taken
                continue
            length = 9 if (self.head or data[place : place + 1])[0] & LONG_PART else 2
            missing = data[place : place + length - len(self.head)]
            self.head, place = self.head + missing, place + len(missing)
            if len(self.head) == length and not self._begin_part():
                return False
        return True

    def _begin_part(self) -> bool:
        flags, self.left, self.head = self.head[0], int.from_bytes(self.head[1:], "big"), b""
        self.size += self.left + PART
        self.parts, self.all_parts = self.parts + 1, self.all_parts + 1
        fits = self.size <= self.most and self.parts <= MOST_PARTS and self.all_parts <= MOST_PARTS_IN_ALL
        if flags & COMMAND or not flags & MORE:
            self.size = self.parts = 0
        return fits


class Relay:
    """Stands before the sockets of a kernel: whoever connects to one of the same name in ``folder`` is connected to it.

    ``cut`` tells that it had to hang up.
    """

    def __init__(self, beside: str, most: int):
        self.folder = Path(tempfile.mkdtemp(prefix="relay-", dir=beside))
        self.most, self.cut = most, False
        self._listeners: dict[Path, socket.socket] = {}
        self._open: set[socket.socket] = set()

    def listen_for(self, path: Path) -> None:
        """Listen in the place of the socket at ``path``; again if Jupyter's manager has removed the listener."""
        place = self.folder / path.name
        place.unlink(missing_ok=True)
        self._close(path)
        listener = self._listeners[path] = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(place))
        listener.listen()
        _begin(self._accept, listener, path)

    def _accept(self, listener: socket.socket, path: Path) -> None:
        with suppress(OSError):  # until it is closed
            while True:
                reader, _ = listener.accept()
                kernel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._open |= {reader, kernel}
                try:
                    kernel.settimeout(RELAY_SECONDS)
                    kernel.connect(str(path))
                    kernel.settimeout(None)
                except OSError:  # the kernel is gone, or not there yet: ZeroMQ tries again
                    self._hang_up(reader, kernel)
                    continue
                _begin(self._pass_on, kernel, reader, Meter(self.most).fits)
                _begin(self._pass_on, reader, kernel, bool)

    def _pass_on(self, source: socket.socket, target: socket.socket, fits: Callable[[bytes], bool]) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if not fits(data):
                    self.cut = True
                    break
                target.sendall(data)
        self._hang_up(source, target)

    def _hang_up(self, *sockets: socket.socket) -> None:
        """End connections. Both sides notice it."""
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            if one in self._open:
                self._open.discard(one)
                one.close()

    def close(self) -> None:
        """Stop listening and end all connections."""
        for path in list(self._listeners):
            self._close(path)
        self._hang_up(*list(self._open))
        shutil.rmtree(self.folder, ignore_errors=True)

    def _close(self, path: Path) -> None:
        listener = self._listeners.pop(path, None)
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # so that the thread that waits for connections ends
            listener.close()


def _begin(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()
