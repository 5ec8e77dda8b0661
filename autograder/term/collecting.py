"""Collecting from nbgrader's exchange: only what belongs to the student whom it names, and nothing behind a link.

Everybody can make folders in the exchange's ``inbound`` by hand, and as many as they like. Whoever collects may read
what a student may not: other submissions, the gradebook. So a submission is taken only from the account that it names.
It is read as the intake reads one, and the log says what was not copied. A link stays a link, which the intake refuses.
One submission that cannot be copied does not stop the others.

A submission counts as handed in when its student cannot have chosen (``times.py``). Of a student's submissions only the
newest few are looked at, and the log has one line for a thousand.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, partial
from heapq import nlargest
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from traitlets import Integer, Unicode

from autograder.findings import Findings, Odd
from autograder.gradebook.handed_in import TOLERANCE, bound_times, note, time_of
from autograder.intake.files import STAMP, kind_of
from autograder.term.copying import copy_own
from autograder.term.times import Times, newest_first, student_in, time_in, times_of
from autograder.texts import reason, shown
from course.gpu.accounts import named

Collected = dict[str, Any]
NO_TIME = datetime.min
NO_TIME_IN_NAME = "no time in its name"


class OwnCollect(ExchangeCollect):
    """nbgrader's collecting, but only of files that belong to the student. ``check_owner = False`` takes any files."""

    src_records: list[Collected]
    most_submissions = Integer(
        20, min=1, help="How many of a student's submissions of an assignment are looked at, the newest ones."
    ).tag(config=True)
    tolerance = Integer(
        TOLERANCE.seconds, min=0, help="Seconds by which the time in a folder's name may differ from the file system's."
    ).tag(config=True)
    believe_names_until = Unicode(
        help="Believe the time in a folder's name if the folder was last changed before this time, such as "
        "'2026-12-01 09:00 UTC': when an administrator has restored or copied the exchange, or changed its modes."
    ).tag(config=True)

    def init_src(self) -> None:
        """Choose what to collect: each student's newest submission, or with ``before_duedate`` the newest in time."""
        until = self.believe_names_until
        self._believed_until = time_of(until) or NO_TIME
        if until and self._believed_until == NO_TIME:
            self.fail(f"c.ExchangeCollect.believe_names_until is no time: {until!r}; write '2026-12-01 09:00 UTC'")
        self._refused, self._account = Findings(), cache(named)
        bound_times(self.coursedir)
        super().init_src()

    def _path_to_record(self, path: str) -> Collected:
        """The student whom a folder names, and when the folder itself was last changed, to begin with."""
        folder = Path(path)
        try:
            changed = datetime.fromtimestamp(folder.lstat().st_ctime, UTC).replace(tzinfo=None)
        except OSError:
            changed = NO_TIME
        return {"username": student_in(folder.name), "filename": folder.name, "timestamp": changed}

    def _sort_by_timestamp(self, records: list[Collected]) -> list[Collected]:
        """A student's submissions, the newest first, as far as they are looked at."""
        kept = []
        for record in records:
            if why := self._why_refused(record):
                self._refused.add(why, shown(record["filename"]))
            else:
                kept.append(record)
        times = newest_first([times for record in self._newest(kept) if (times := self._times(record))])
        return [
            {"username": each.student, "filename": each.folder.name, "timestamp": each.counts} for each in times
        ] or [records[0] | {"refused": True}]

    def _newest(self, records: list[Collected]) -> list[Collected]:
        """The newest of a student's submissions, by the last change to each folder; also the newest ones in time."""
        if len(records) <= self.most_submissions:
            return records
        taken = "the newest in time was taken" if self.before_duedate and self.duedate else "the newest was taken"
        self.log.warning(
            "%s: %s submissions of %s, %s (c.ExchangeCollect.most_submissions = %d are looked at)",
            shown(records[0]["username"]), f"{len(records):,}", self.coursedir.assignment_id, taken,
            self.most_submissions,
        )  # fmt: skip
        due = self.duedate or datetime.max
        begun = [(self._begin(record), record) for record in records]
        in_time, late = [one for one in begun if one[0] <= due], [one for one in begun if one[0] > due]
        newest = partial(nlargest, self.most_submissions, key=itemgetter(0))
        return [record for part in (in_time, late) for _, record in newest(part)]

    def _begin(self, record: Collected) -> datetime:
        """The earliest time at which a submission can count as handed in."""
        changed: datetime = record["timestamp"]
        believed = changed <= self._believed_until
        said = time_in(record["filename"]) if believed else None
        return min(said or changed, changed)

    def _times(self, record: Collected) -> Times | None:
        """The times of a submission. One whose name has none is refused."""
        folder = Path(self.inbound_path, record["filename"])
        times = times_of(folder, timedelta(seconds=self.tolerance), self._believed_until)
        if times is None:
            self._refused.add(NO_TIME_IN_NAME, shown(record["filename"]))
        return times

    def _why_refused(self, record: Collected) -> str:
        """Why an entry of ``inbound`` is no submission of the student whom it names; an empty text if it is one."""
        try:
            status = Path(self.inbound_path, record["filename"]).lstat()
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        owner = self._account(status.st_uid)
        if (kind := kind_of(status)) != Odd.FOLDER:
            return f"a {kind or 'file'} of {owner}, not a folder"
        if self.check_owner and owner != record["username"]:
            return f"it belongs to {owner} (students without own accounts: c.ExchangeCollect.check_owner = False)"
        return ""

    def copy_files(self) -> None:
        """Copy submissions one by one, so that one that cannot be copied does not stop the others."""
        for refused in self._refused.told():
            self.log.warning("not collected, %s: %s", refused.name, refused.detail)
        kept = [record for record in self.src_records if "refused" not in record and not self._why_refused(record)]
        for records in [[record] for record in kept] or [[]]:
            self.src_records = records
            try:
                super().copy_files()
            except Exception as error:  # whatever nbgrader raises
                self.log.error("not collected: %s: %s", shown(records[0]["filename"]), reason(error))

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission by way of a private folder. Links are copied last, since nbgrader follows them."""
        limit = 1000 * self.coursedir.max_dir_size
        (record,) = self.src_records
        with TemporaryDirectory() as own:
            links, left_out = copy_own(Path(src), Path(own), limit, check_owner=self.check_owner)
            times = self._times(record)  # only now: something may have changed while it was copied
            if times is None:
                raise OSError("it was taken away while it was copied")
            came = times.handed_in()
            Path(own, STAMP).write_text(came.time)
            super().do_copy(own, dest)
        for finding in left_out:
            self.log.warning("%s: not collected: %s", shown(record["filename"]), finding)
        for finding in came.findings:
            self.log.warning("%s: %s", shown(record["filename"]), finding)
        note(Path(dest), came)
        for path, target in links.items():
            link = Path(dest, path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
