"""Copying a submission out of nbgrader's exchange: only what belongs to its student, and nothing behind a link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from autograder.findings import Finding, Findings, Odd
from autograder.intake.files import SECRET, Entry, Folder, Refused, entries_below, kind_of
from autograder.texts import shown
from course.gpu.accounts import named


def copy_own(source: Path, into: Path, limit: int, check_owner: bool) -> tuple[dict[str, str], list[Finding]]:
    """Copy the regular files below a folder that have the folder's owner, up to ``limit`` bytes in all.

    Returns the symbolic links (path to target) and findings about what else was left out. Raises OSError.
    """
    links: dict[str, str] = {}
    findings = Findings()
    owner = source.lstat().st_uid if check_owner else None
    for entry in everything(source, findings):
        try:
            if entry.kind == Odd.SYMBOLIC_LINK and entry.path != SECRET:
                links[entry.path] = os.readlink(entry.name, dir_fd=entry.folder.descriptor)
                continue
            if owner not in (None, belongs_to := entry.folder.status(entry.name).st_uid):
                raise Refused(f"file of {named(belongs_to)}")
            data = entry.folder.read(entry.name, limit)
        except Refused as refused:
            findings.add(refused.finding, shown(entry.path))
        except OSError:
            findings.add(Odd.UNREADABLE_FILE, shown(entry.path))
        else:
            limit -= len(data)
            (into / entry.path).parent.mkdir(parents=True, exist_ok=True)
            (into / entry.path).write_bytes(data)
    return links, findings.told()


def everything(source: Path, findings: Findings) -> Iterator[Entry]:
    """Every entry below a folder except ``timestamp.txt``; also nbgrader's secret, which the intake does not list."""
    with Folder(source) as folder:
        if SECRET in folder.names():
            yield Entry(folder, SECRET, kind_of(folder.status(SECRET)))
    yield from entries_below(source, findings)
