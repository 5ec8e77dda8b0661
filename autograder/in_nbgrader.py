"""This grader within nbgrader: its ``autograde`` command and formgrader's button read, run and judge submissions
of the course's units as ``autograder grade`` does, one at a time, and its ``generate_feedback`` writes the pages of
``autograder feedback``. Other assignments go through nbgrader's own steps (``plain_assignment.py``).

``nbgrader_config.py`` names the exporters: they know which assignment they convert, nbgrader's settings do not.
"""

from __future__ import annotations

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
from autograder.intake.files import read_file
from autograder.kernels import sandbox
from autograder.pages import POLICY
from autograder.plain_assignment import (
    AS_ASKED,
    FORGEABLE,
    RUNS_UNCONFINED,
    confined,
    converter_of,
    course_of,
    endless_file,
    folder_of,
    isolation,
    remove_unread,
)
from autograder.records import Record, Records
from course import UNITS
from course.check import Unit, load

Resources = dict[str, Any]
SANITIZING = [preprocessors.OverwriteKernelspec]
AUTOGRADING = [
    "autograder.in_nbgrader.Execute",
    preprocessors.IgnorePattern,
    preprocessors.LimitOutput,
    "autograder.in_nbgrader.SaveAutoGrades",
    preprocessors.AssignLatePenalties,
    preprocessors.CheckCellMetadata,
]
"""nbgrader's steps for a unit: what it would sanitize, the intake has aligned with the release."""
CLEARED = {
    "begin_solution_delimeter": "### BEGIN SOLUTION",
    "end_solution_delimeter": "### END SOLUTION",
    "code_stub": {"python": 'raise NotImplementedError("write your answer here")'},
}
"""What is left of an answer in a unit's release."""


def unit_of(assignment: str) -> Unit | None:
    """The unit whose assignment has this name."""
    return next((unit for unit in map(load, UNITS) if unit.assignment == assignment), None)


def grader_of(name: str) -> Grader:
    """A grader of one submission of a unit, with seeds that no other has. Raises NoSandbox."""
    if isolation() != sandbox.NONE:
        sandbox.require()
    return Grader(load(name), isolation=isolation(), every_cell=True, warm=kernels.can_be_warm())


class ReleaseExporter(NotebookExporter):
    """Clears the solutions of a unit as its lesson wants it, and those of other assignments as they are set."""

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> Any:
        as_set = self._preprocessors
        if unit_of((resources or {})["nbgrader"]["assignment"]):
            self._preprocessors = [self._of_a_unit(step) for step in as_set]
        try:
            return super().from_filename(filename, resources=resources, **kwargs)
        finally:
            self._preprocessors = as_set

    def _of_a_unit(self, step: Any) -> Any:
        clears = isinstance(step, preprocessors.ClearSolutions)
        return preprocessors.ClearSolutions(parent=self, **CLEARED) if clears else step


class SubmissionExporter(NotebookExporter):
    """Takes a submission through the steps of autograding: those of this module for a unit, nbgrader's own otherwise.

    A unit's is read through the intake, so that a broken notebook is mended or named, and stops nobody.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.written: dict[tuple[str, str], dict[str, bytes]] = {}  # by notebooks of a plain assignment, for the next
        converter = converter_of(self)
        unit = unit_of(converter.coursedir.assignment_id)
        for folder, notebooks in list(converter.assignments.items()):
            if name := endless_file(Path(folder)):
                self.log.error("%s is not graded: remove %s, which is no file that can be copied", folder, name)
                del converter.assignments[folder]
            elif unit:  # whatever the student called it
                notebooks[:] = [str(Path(folder) / f"{unit.name}.ipynb")]
        if unit is None:
            self.log.warning(FORGEABLE, converter.coursedir.assignment_id)

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> Any:
        names = (resources or {})["nbgrader"]
        unit, submitted = unit_of(names["assignment"]), folder_of(self, "submitted", names)
        sanitizing = Path(filename).parent.samefile(submitted)
        if unit is None:
            if sanitizing:
                read_file(submitted, Path(filename).name)  # a link, say, leads to a notebook that is somebody else's
            self._preprocessors = [confined(step, self) for step in self._preprocessors]
            return super().from_filename(filename, resources=resources, **kwargs)
        self._preprocessors = []
        for step in SANITIZING if sanitizing else AUTOGRADING:
            self.register_preprocessor(step)
        if sanitizing:
            notebook = submission_of(self, unit, names).notebook
            return self.from_notebook_node(notebook, resources=resources, **kwargs)
        return super().from_filename(filename, resources=resources, **kwargs)


def submission_of(part: Any, unit: Unit, names: dict[str, str]) -> Submission:
    return take_in(unit, names["student"], folder_of(part, "submitted", names), released(unit))


class Execute(preprocessors.NbGraderPreprocessor):
    """Runs a unit's notebook confined, in a warm kernel, and puts the verdicts into its checks."""

    def preprocess(self, nb: NotebookNode, resources: Resources, **kwargs: Any) -> tuple[NotebookNode, Resources]:
        names = resources["nbgrader"]
        unit = unit_of(names["assignment"])
        assert unit is not None  # else this is none of the steps
        grader = grader_of(unit.name)
        if grader.isolation == sandbox.NONE:
            self.log.warning(RUNS_UNCONFINED, names["notebook"], names["student"], AS_ASKED)
        submission = submission_of(self, unit, names)
        execution = self._run(grader, submission)
        graded, notebook = grader.judge(submission, execution)
        for finding in graded.findings:
            self.log.warning("%s: %s", names["student"], finding)
        resources["record"] = grader.record(submission, execution, graded)
        remove_unread(folder_of(self, "autograded", names), submission.files)
        resources["readable"] = submission.readable
        return with_metadata_of(nb, notebook), resources

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
