"""Collecting from nbgrader's exchange: only what belongs to the student whom it names, and nothing behind a link.

Everybody can make folders in the exchange's ``inbound`` by hand. Whoever collects may read what a student may not:
other submissions, the gradebook. So a submission is taken only from the account that it names. It is read as the intake
reads one, and the log says what was not copied. A link stays a link, which the intake refuses. One submission that
cannot be copied does not stop the others.

The name of a folder in ``inbound`` says when it was handed in, and so does ``timestamp.txt`` in it. Students can write
both. They cannot write the time at which the file system last changed anything of the folder (its ctime). So the name
counts, unless something was changed later; then the time of that change counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect
from traitlets import Bool

from autograder.findings import Finding, Findings, Odd
from autograder.gradebook.handed_in import in_words, note
from autograder.intake.files import MAX_ENTRIES, SECRET, STAMP, Entry, Folder, Refused, entries_below, kind_of
from autograder.texts import reason, shown
from course.gpu.accounts import named

Collected = dict[str, Any]
NO_TIME = datetime.min
COPYING = timedelta(minutes=2)  # the longest that handing in may take; a folder's name says when it began


class OwnCollect(ExchangeCollect):
    """nbgrader's collecting, but only of files that belong to the student. ``check_owner = False`` takes any files."""

    src_records: list[Collected]
    trust_names = Bool(
        False, help="Believe the times in folders' names, for example if the exchange was copied from elsewhere."
    ).tag(config=True)

    def _path_to_record(self, path: str) -> Collected:
        """The student, the time and its source, from a folder's name; the time of a later change counts instead."""
        name = Path(path).name
        try:
            record: Collected = super()._path_to_record(path)
        except (ExchangeError, ValueError, OverflowError):
            return {"username": name.partition("+")[0], "filename": name, "timestamp": NO_TIME}
        record["source"] = "the name of its folder in the exchange"
        changed = last_change(Path(path))
        if changed and changed > record["timestamp"] + COPYING and not self.trust_names:
            said = f"{in_words(record['timestamp'])}, but it was last changed at {in_words(changed)}, which counts"
            self.log.warning("%s: its name says %s (c.ExchangeCollect.trust_names)", shown(name), said)
            record |= {"timestamp": changed, "source": "the last change to its folder in the exchange"}
        return record

    def _sort_by_timestamp(self, records: list[Collected]) -> list[Collected]:
        """A student's submissions, the newest first. Those that are refused are left out if there are others."""
        kept = []
        for record in records:
            if why := self._why_refused(record):
                self.log.warning("not collected: %s %s", shown(record["filename"]), why)
            else:
                kept.append(record)
        return super()._sort_by_timestamp(kept or records)

    def _why_refused(self, record: Collected) -> str:
        """Why an entry of ``inbound`` is no submission of the student whom it names; an empty text if it is one."""
        try:
            status = Path(self.inbound_path, record["filename"]).lstat()
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        owner = named(status.st_uid)
        if (kind := kind_of(status)) != Odd.FOLDER:
            return f"is a {kind or 'file'}, not a folder; it belongs to {owner}"
        if self.check_owner and owner != record["username"]:
            return f"belongs to {owner} (students without accounts of their own: c.ExchangeCollect.check_owner = False)"
        return "has no time in its name" if record["timestamp"] == NO_TIME else ""

    def copy_files(self) -> None:
        """Copy submissions one by one, so that one that cannot be copied does not stop the others."""
        kept = [record for record in self.src_records if not self._why_refused(record)]
        for records in [[record] for record in kept] or [[]]:
            self.src_records = records
            try:
                super().copy_files()
            except Exception as error:  # whatever nbgrader raises
                self.log.error("not collected: %s: %s", shown(records[0]["filename"]), reason(error))

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission by way of a private folder. Links are copied last, since nbgrader follows them."""
        limit = 1000 * self.coursedir.max_dir_size
        with TemporaryDirectory() as own:
            links, left_out = copy_own(Path(src), Path(own), limit, check_owner=self.check_owner)
            for finding in left_out:
                self.log.warning("%s: not collected: %s", shown(Path(src).name), finding)
            (record,) = self.src_records
            Path(own, STAMP).write_text(in_words(record["timestamp"]))
            super().do_copy(own, dest)
        note(Path(dest), record["timestamp"], record["source"])
        for path, target in links.items():
            link = Path(dest, path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)


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


def last_change(folder: Path) -> datetime | None:
    """When the file system last changed anything in a folder, in UTC; None if the folder cannot be read.

    Only the machine's administrator can choose that time. Whoever changes something makes it later, and harms only
    himself."""
    try:
        times = [folder.lstat().st_ctime]
    except OSError:
        return None
    for _, _, files, at in islice(os.fwalk(folder, onerror=lambda _: times.append(time.time())), MAX_ENTRIES):
        times.append(os.fstat(at).st_ctime)
        for name in files[:MAX_ENTRIES]:
            with suppress(OSError):
                times.append(os.stat(name, dir_fd=at, follow_symlinks=False).st_ctime)
    return datetime.fromtimestamp(max(times), UTC).replace(tzinfo=None)
