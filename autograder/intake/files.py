"""The files that were submitted: regular files are read, everything else is named and left alone.

A student may put a link, a pipe or a device in place of a file, even after we have looked at it. So each file is looked
at, opened, and looked at again once it is open; only then is it read. It is opened by its name within its open folder,
without following a link and without waiting.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType

from autograder.findings import Finding, Findings, Odd
from autograder.texts import shown

MAX_FILES, MAX_FILE_BYTES, MAX_TOTAL_BYTES = 200, 50_000_000, 100_000_000
MAX_FOLDERS, MAX_PATH, MAX_ENTRIES = 10, 240, 5_000
IGNORED = {".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store"}
STAMP, SECRET = "timestamp.txt", "submission_secret.txt"  # nbgrader's own; it returns feedback by them
OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OVERRIDES = range(0x202A, 0x202F), range(0x2066, 0x206A)  # characters that change the direction of writing


LONGEST_NOTE = 1000  # bytes of nbgrader's own files


class Refused(OSError):
    """A file that is not read: the name of the finding, and why in words."""

    def __init__(self, finding: str, why: str = ""):
        super().__init__(why or f"a {finding}")
        self.finding = finding


class Folder:
    """An open folder. Its entries are reached by its descriptor, so that none can be exchanged for a link meanwhile."""

    def __init__(self, path: Path, inside: Folder | None = None):
        self.path = path
        status = inside.status(path.name) if inside else path.lstat()
        if kind_of(status) != Odd.FOLDER:
            raise Refused(kind_of(status) or "file", f"a {kind_of(status) or 'file'}, not a folder")
        target, at = (path.name, inside.descriptor) if inside else (path, None)
        self.descriptor: int = os.open(target, OPEN_FLAGS | os.O_DIRECTORY, dir_fd=at)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        os.close(self.descriptor)

    def names(self) -> list[str]:
        """The names of the entries, sorted. Of very many entries only some are listed."""
        with os.scandir(self.descriptor) as entries:
            return sorted(entry.name for entry in islice(entries, MAX_ENTRIES + 1))

    def status(self, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a regular file. Raises Refused for anything else, OSError where it cannot be read."""
        _require_file(self.status(name), limit)
        descriptor = os.open(name, OPEN_FLAGS, dir_fd=self.descriptor)
        try:
            _require_file(os.fstat(descriptor), limit)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(limit + 1)
        finally:
            os.close(descriptor)
        if len(data) > limit:
            raise Refused(Odd.FILE_OVER_THE_LIMITS, f"more than {limit:,} bytes")
        return data


def kind_of(status: os.stat_result) -> str:
    """What an entry is; an empty text for a regular file without further hard links."""
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        return Odd.SYMBOLIC_LINK
    if stat.S_ISDIR(mode):
        return Odd.FOLDER
    if stat.S_ISREG(mode):
        return Odd.HARD_LINK if status.st_nlink > 1 else ""
    return Odd.FIFO if stat.S_ISFIFO(mode) else Odd.SOCKET if stat.S_ISSOCK(mode) else Odd.DEVICE


def _require_file(status: os.stat_result, limit: int) -> None:
    if kind_of(status):
        raise Refused(kind_of(status))
    if status.st_size > limit:
        raise Refused(Odd.FILE_OVER_THE_LIMITS, f"{status.st_size:,} bytes; at most {limit:,} are read")


def read_file(folder: Path, path: str, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a regular file at a path below ``folder``. Raises Refused, OSError."""
    with Folder(folder) as opened:
        return _read_below(opened, path, limit)


def _read_below(folder: Folder, path: str, limit: int) -> bytes:
    first, _, rest = path.partition("/")
    if not rest:
        return folder.read(first, limit)
    with Folder(folder.path / first, folder) as inner:
        return _read_below(inner, rest, limit)


@dataclass(frozen=True)
class Entry:
    """Something that was submitted: the open folder in which it lies, its path from the first folder, and its kind."""

    folder: Folder
    path: str
    kind: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def entries_below(folder: Path, findings: Findings) -> Iterator[Entry]:
    """All that lies below a folder, except folders. Links are not followed. Raises OSError if it is no folder."""
    with Folder(folder) as opened:
        yield from _entries(opened, "", 0, iter(range(MAX_ENTRIES)), findings)


def _entries(folder: Folder, above: str, depth: int, budget: Iterator[int], findings: Findings) -> Iterator[Entry]:
    """What lies in an open folder, then what lies in the folders within."""
    inner_folders = []
    try:
        names = folder.names()
    except OSError:
        findings.add(Odd.UNREADABLE_FOLDER, shown(above.rstrip("/") or folder.path.name))
        return
    for name in names:
        path = above + name
        if name in IGNORED or path in (STAMP, SECRET):
            continue
        if next(budget, None) is None or len(path) > MAX_PATH or depth > MAX_FOLDERS:
            findings.add(Odd.FILE_OVER_THE_LIMITS, shown(path))
        elif is_odd(name):
            findings.add(Odd.ODD_FILE_NAME, shown(path))
        else:
            try:
                kind = kind_of(folder.status(name))
            except OSError:
                findings.add(Odd.UNREADABLE_FILE, shown(path))
                continue
            if kind == Odd.FOLDER:
                inner_folders.append(name)
            else:
                yield Entry(folder, path, kind)
    for name in inner_folders:
        try:
            inner = Folder(folder.path / name, folder)
        except OSError:
            findings.add(Odd.UNREADABLE_FOLDER, shown(above + name))
            continue
        with inner:
            yield from _entries(inner, f"{above}{name}/", depth + 1, budget, findings)


def is_odd(name: str) -> bool:
    """Whether a name is not UTF-8, or holds control characters, line ends, changes of direction or a backslash."""
    return any(
        unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
        or letter == "\\"
        or any(ord(letter) in span for span in OVERRIDES)
        for letter in name
    )


def collect(folder: Path, notebook: str = "") -> tuple[dict[str, bytes], list[Finding]]:
    """The regular files that were submitted beside the notebook, by their path below ``folder``."""
    files: dict[str, bytes] = {}
    findings = Findings()
    left = MAX_TOTAL_BYTES
    try:
        for entry in entries_below(folder, findings):
            if entry.path == notebook:
                continue
            try:
                if len(files) == MAX_FILES:
                    raise Refused(Odd.FILE_OVER_THE_LIMITS)
                files[entry.path] = entry.folder.read(entry.name, min(left, MAX_FILE_BYTES))
                left -= len(files[entry.path])
            except Refused as refused:
                findings.add(refused.finding, shown(entry.path))
            except OSError:
                findings.add(Odd.UNREADABLE_FILE, shown(entry.path))
    except OSError:
        findings.add(Odd.UNREADABLE_FOLDER, shown(folder.name))
    return files, findings.told()


def note_in(folder: Path, name: str) -> str:
    """What one of nbgrader's own files says; an empty text if there is no such file."""
    try:
        return read_file(folder, name, LONGEST_NOTE).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""
