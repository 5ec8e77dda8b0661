"""The files that were submitted: regular files are read, everything else is named and left alone.

A student may put a link, a pipe or a device in place of a file, also between the look at it and the opening.
So each file is looked at, opened by its name within its open folder without following a link and without
waiting, and looked at again once it is open; only then is it read. Windows opens no folders: there the path is
looked at before it is opened.
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

from autograder.intake.findings import Finding, Findings
from autograder.texts import shown

MAX_FILES, MAX_FILE_BYTES, MAX_TOTAL_BYTES = 200, 50_000_000, 100_000_000
MAX_DEPTH, MAX_PATH, MAX_ENTRIES = 10, 240, 5_000
IGNORED = {".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store"}
STAMP, SECRET = "timestamp.txt", "submission_secret.txt"  # nbgrader's own, by which feedback finds its way back
OVER = "file over the limits"
BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
FLAGS = os.O_RDONLY
for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    FLAGS |= getattr(os, flag, 0)
JUNCTION = 0xA0000003  # a link to a folder on Windows
OVERRIDES = range(0x202A, 0x202F), range(0x2066, 0x206A)  # letters that turn the direction of writing


class Refused(OSError):
    """A file that is not read: the name of the finding, and why in words."""

    def __init__(self, finding: str, why: str = ""):
        super().__init__(why or f"a {finding}")
        self.finding = finding


class Folder:
    """An open folder. Its entries are reached from its descriptor where the system can do that."""

    def __init__(self, path: Path, inside: Folder | None = None):
        self.path = path
        self.descriptor: int | None = None
        status = inside.status(path.name) if inside else path.lstat()
        if kind_of(status) != "folder":
            raise Refused(kind_of(status) or "file", f"a {kind_of(status) or 'file'}, not a folder")
        if BY_DESCRIPTOR:
            target, at = inside.at(path.name) if inside else (path, None)
            self.descriptor = os.open(target, FLAGS | os.O_DIRECTORY, dir_fd=at)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def at(self, name: str) -> tuple[str | Path, int | None]:
        """What to open for an entry: its name and this folder's descriptor, or its path."""
        return (self.path / name, None) if self.descriptor is None else (name, self.descriptor)

    def names(self) -> list[str]:
        """The entries, sorted; of very many only some."""
        with os.scandir(self.path if self.descriptor is None else self.descriptor) as entries:
            return sorted(entry.name for entry in islice(entries, MAX_ENTRIES + 1))

    def status(self, name: str) -> os.stat_result:
        target, at = self.at(name)
        return os.stat(target, dir_fd=at, follow_symlinks=False)

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a regular file. Raises Refused for anything else, OSError where it cannot be read."""
        _require_file(self.status(name), limit)
        target, at = self.at(name)
        descriptor = os.open(target, FLAGS, dir_fd=at)
        try:
            _require_file(os.fstat(descriptor), limit)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(limit + 1)
        finally:
            os.close(descriptor)
        if len(data) > limit:
            raise Refused(OVER, f"more than {limit:,} bytes")
        return data


def kind_of(status: os.stat_result) -> str:
    """What an entry is; an empty text for a regular file that has no other name."""
    mode = status.st_mode
    if stat.S_ISLNK(mode) or getattr(status, "st_reparse_tag", 0) == JUNCTION:
        return "symbolic link"
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "hard link" if status.st_nlink > 1 else ""
    return "FIFO" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"


def _require_file(status: os.stat_result, limit: int) -> None:
    if kind_of(status):
        raise Refused(kind_of(status))
    if status.st_size > limit:
        raise Refused(OVER, f"{status.st_size:,} bytes; at most {limit:,} are read")


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
    """Something that was submitted: the open folder in which it lies, its path from the first folder, what it is."""

    folder: Folder
    path: str
    kind: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def entries(folder: Path, findings: Findings) -> Iterator[Entry]:
    """What lies below a folder, apart from folders; links are not followed. Raises OSError where it is no folder."""
    with Folder(folder) as opened:
        yield from _entries(opened, "", 0, iter(range(MAX_ENTRIES)), findings)


def _entries(folder: Folder, above: str, depth: int, budget: Iterator[int], findings: Findings) -> Iterator[Entry]:
    """What lies in an open folder, then what lies in the folders within."""
    inner_folders = []
    try:
        names = folder.names()
    except OSError:
        findings.add("unreadable folder", shown(above.rstrip("/") or folder.path.name))
        return
    for name in names:
        path = above + name
        if name in IGNORED or path in (STAMP, SECRET):
            continue
        if next(budget, None) is None or len(path) > MAX_PATH or depth > MAX_DEPTH:
            findings.add(OVER, shown(path))
        elif is_odd(name):
            findings.add("odd file name", shown(path))
        else:
            try:
                kind = kind_of(folder.status(name))
            except OSError:
                findings.add("unreadable file", shown(path))
                continue
            if kind == "folder":
                inner_folders.append(name)
            else:
                yield Entry(folder, path, kind)
    for name in inner_folders:
        try:
            inner = Folder(folder.path / name, folder)
        except OSError:
            findings.add("unreadable folder", shown(above + name))
            continue
        with inner:
            yield from _entries(inner, f"{above}{name}/", depth + 1, budget, findings)


def is_odd(name: str) -> bool:
    """Whether a name is no UTF-8, or holds control characters, line ends, overrides of direction or a backslash."""
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
        for entry in entries(folder, findings):
            if entry.path == notebook:
                continue
            try:
                if len(files) == MAX_FILES:
                    raise Refused(OVER)
                files[entry.path] = entry.folder.read(entry.name, min(left, MAX_FILE_BYTES))
                left -= len(files[entry.path])
            except Refused as refused:
                findings.add(refused.finding, shown(entry.path))
            except OSError:
                findings.add("unreadable file", shown(entry.path))
    except OSError:
        findings.add("unreadable folder", shown(folder.name))
    return files, findings.told()
