"""This grader within nbgrader: its ``autograde`` command and formgrader's button read, run and judge submissions
of the course's units as ``autograder grade`` does, one at a time, and its ``generate_feedback`` writes the pages of
``autograder feedback``. Other assignments are treated as nbgrader does.

``nbgrader_config.py`` puts these classes in the place of nbgrader's own.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter, HTMLExporter, NotebookExporter
from nbformat import NotebookNode
from nbgrader import preprocessors
from traitlets import Unicode

from autograder import kernels
from autograder.execute import Execution, execute
from autograder.feedback import copy_names, feedback_on
from autograder.feedback.by_hand import hand_marks
from autograder.grader import Grader
from autograder.intake import Submission, checks_in, released, take_in
from autograder.intake.files import SECRET, STAMP
from autograder.kernels import sandbox
from autograder.pages import POLICY
from autograder.records import Record, Records
from course import UNITS
from course.check import Unit, load

ISOLATION = "GRADIENTS_ISOLATION"
Resources = dict[str, Any]


def unit_of(assignment: str) -> Unit | None:
    """The unit whose assignment has this name."""
    return next((unit for unit in map(load, UNITS) if unit.assignment == assignment), None)


def grader_of(name: str) -> Grader:
    """A grader of one submission of a unit, with seeds that no other has. Raises NoSandbox."""
    isolation = os.environ.get(ISOLATION, sandbox.STRICT)
    if isolation != sandbox.NONE:
        sandbox.require()
    return Grader(load(name), isolation=isolation, every_cell=True, warm=kernels.can_be_warm())


def include_renamed(assignment: str, student: str, notebooks: list[str]) -> None:
    """Before nbgrader looks for notebooks by name: let it find the unit's, whatever the student called it."""
    unit = unit_of(assignment)
    if unit and notebooks:
        notebooks[:] = [str(Path(notebooks[0]).parent / f"{unit.name}.ipynb")]


class SubmissionExporter(NotebookExporter):
    """Reads a submission through the intake, so that a broken notebook is mended or named, and stops nobody."""

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> Any:
        names = (resources or {}).get("nbgrader", {})
        unit = unit_of(names.get("assignment", ""))
        if unit is None or not Path(filename).parent.samefile(folder_of(self, "submitted", names)):
            return super().from_filename(filename, resources=resources, **kwargs)
        return self.from_notebook_node(submission_of(self, unit, names).notebook, resources=resources, **kwargs)


def course_of(part: Any) -> Any:
    """nbgrader's course directory; ``part`` is an exporter or one of its preprocessors."""
    while not hasattr(part, "coursedir"):
        part = part.parent
    return part.coursedir


def folder_of(part: Any, step: str, names: dict[str, str]) -> Path:
    """Where nbgrader keeps a submission in one of its steps, such as ``submitted`` and ``autograded``."""
    course = course_of(part)
    folder = getattr(course, f"{step}_directory")
    return Path(course.root, course.format_path(folder, names["student"], names["assignment"]))


def submission_of(part: Any, unit: Unit, names: dict[str, str]) -> Submission:
    return take_in(unit, names["student"], folder_of(part, "submitted", names), released(unit))


class Execute(preprocessors.Execute):
    """Runs a unit's notebook confined, in a warm kernel, and puts the verdicts into its checks."""

    def preprocess(self, nb: NotebookNode, resources: Resources, **kwargs: Any) -> tuple[NotebookNode, Resources]:
        names = resources["nbgrader"]
        unit = unit_of(names["assignment"])
        if unit is None:
            return super().preprocess(nb, resources, **kwargs)
        grader = grader_of(unit.name)
        submission = submission_of(self, unit, names)
        execution = self._run(grader, submission)
        graded, notebook = grader.judge(submission, execution)
        for finding in graded.findings:
            self.log.warning("%s: %s", names["student"], finding)
        resources["record"] = grader.record(submission, execution, graded)
        self._remove_unread(submission, names)
        resources["readable"] = submission.readable
        return with_metadata_of(nb, notebook), resources

    def _remove_unread(self, submission: Submission, names: dict[str, str]) -> None:
        """Remove what nbgrader copied of a submission that the intake did not read: what a link led to, say."""
        folder = folder_of(self, "autograded", names)
        kept = {*submission.files, STAMP, SECRET}
        for path in folder.rglob("*"):
            if path.suffix != ".ipynb" and path.is_file() and path.relative_to(folder).as_posix() not in kept:
                path.unlink()

    def _run(self, grader: Grader, submission: Submission) -> Execution:
        if not submission.readable:
            return Execution(nbformat.writes(submission.notebook), stopped=str(submission.findings[-1]))
        with ThreadPoolExecutor(1) as thread:  # formgrader's own thread already runs an event loop
            return thread.submit(execute, grader.job(submission)).result()


def with_metadata_of(nb: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """The executed notebook with the checks' metadata as nbgrader wrote it."""
    marks = {name: cell.metadata for name, cell in checks_in(nb)}
    for name, cell in checks_in(executed):
        cell.metadata = marks.get(name, cell.metadata)
    executed.metadata = nb.metadata
    return executed


class SaveAutoGrades(preprocessors.SaveAutoGrades):
    """Saves the scores, then the record; a notebook that could not be read is for somebody to look at."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        record: Record | None = resources.get("record")
        if record is None:
            return super().preprocess(nb, resources)
        records = Records(Path(course_of(self).root), load(record.unit))
        records.remove(record.student)
        result = super().preprocess(nb, resources)
        records.write(record)
        return result

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        super()._add_score(cell, resources)
        if not resources.get("readable", True):
            names = resources["nbgrader"]
            grade = self.gradebook.find_grade(
                cell.metadata.nbgrader.grade_id, names["notebook"], names["assignment"], names["student"]
            )
            grade.needs_manual_grade = True
            self.gradebook.db.commit()


class FeedbackExporter(HTMLExporter):
    """Writes the page of a unit's submission from its grade record; where there is none, what nbgrader writes."""

    site = Unicode("", help="Address of the course's site, to which feedback links.").tag(config=True)

    def from_notebook_node(self, nb: NotebookNode, resources: Resources | None = None, **kwargs: Any) -> Any:
        names = (resources or {}).get("nbgrader", {})
        unit, root = unit_of(names.get("assignment", "")), Path(course_of(self).root)
        record = Records(root, unit).read(names["student"]) if unit and names["notebook"] == unit.name else None
        if unit is None or record is None:
            html, resources = super().from_notebook_node(nb, resources, **kwargs)
            still = re.sub(r"(?s)<script\b.*?</script>", "", html)  # nbgrader's, for formulas that are drawn already
            return still.replace("<head>", f"<head>{POLICY}", 1), resources
        _, resources = Exporter.from_notebook_node(self, nb, resources, **kwargs)
        with hand_marks(unit, root, names["db_url"]) as added:
            graded = folder_of(self, "autograded", names) / f"{unit.name}.ipynb"
            page = feedback_on(unit, record, added(names["student"]), self.site, graded)
        copy_names(folder_of(self, "submitted", names), folder_of(self, "feedback", names))
        return page, resources
