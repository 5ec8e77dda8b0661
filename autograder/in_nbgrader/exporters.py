"""This grader within nbgrader.

nbgrader's ``autograde`` command and formgrader's button read, run and judge submissions of the course's units as
``autograder grade`` does, one at a time. Its ``generate_feedback`` writes the pages of ``autograder feedback``. Other
assignments go through nbgrader's own steps (``plain_assignment.py``).

``nbgrader_config.py`` names the exporters. An exporter knows which assignment it converts; nbgrader's settings do not.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter, HTMLExporter, NotebookExporter
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.converters import NbGraderException
from traitlets import Unicode

from autograder.course import current
from autograder.feedback import copy_names, feedback_on
from autograder.feedback.by_hand import hand_marks
from autograder.gradebook.handed_in import bound_times
from autograder.grading.grader import Grader
from autograder.html.page import POLICY
from autograder.in_nbgrader.plain_assignment import (
    AS_ASKED,
    FORGEABLE,
    RUNS_UNCONFINED,
    Resources,
    confined,
    converter_of,
    course_of,
    endless_file,
    folder_of,
    isolation,
    remove_unread,
)
from autograder.intake import Submission, checks_in, released, take_in
from autograder.intake.files import read_file
from autograder.records import Busy, Record, Records
from autograder.running.execute import Execution, execute
from autograder.sandbox import bubblewrap, forkserver, provisioner
from course.check import Unit

SANITIZING = [preprocessors.OverwriteKernelspec]
AUTOGRADING = [
    "autograder.in_nbgrader.exporters.Execute",
    preprocessors.IgnorePattern,
    preprocessors.LimitOutput,
    "autograder.in_nbgrader.exporters.SaveAutoGrades",
    preprocessors.AssignLatePenalties,
    preprocessors.CheckCellMetadata,
]
"""nbgrader's steps for a unit. Most of its sanitizing is left out, since the intake aligns a notebook with the
release."""
FORK_SERVERS = 2  # that are kept; formgrader may run for weeks, and each server holds a unit's libraries in memory
CLEARED = {
    "begin_solution_delimeter": "### BEGIN SOLUTION",
    "end_solution_delimeter": "### END SOLUTION",
    "code_stub": {"python": 'raise NotImplementedError("write your answer here")'},
}
"""Settings for clearing the solutions in a unit's release."""


def grader_of(name: str) -> Grader:
    """A grader for one submission of a unit, with its own seeds. Raises NoSandbox."""
    if isolation() != bubblewrap.NONE:
        bubblewrap.require()
    return Grader(current().unit(name), isolation=isolation(), every_cell=True, warm=provisioner.can_be_warm())


class ReleaseExporter(NotebookExporter):
    """Clears solutions: those of a unit as lessons need it (``CLEARED``), others by nbgrader's settings."""

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> Any:
        as_set = self._preprocessors
        if current().assigned((resources or {})["nbgrader"]["assignment"]):
            self._preprocessors = [self._of_a_unit(step) for step in as_set]
        try:
            return super().from_filename(filename, resources=resources, **kwargs)
        finally:
            self._preprocessors = as_set

    def _of_a_unit(self, step: Any) -> Any:
        clears = isinstance(step, preprocessors.ClearSolutions)
        return preprocessors.ClearSolutions(parent=self, **CLEARED) if clears else step


class SubmissionExporter(NotebookExporter):
    """Takes a submission through the steps of autograding: this module's for a unit, nbgrader's own otherwise.

    The intake reads a unit's submission. So a broken notebook is repaired or reported, and stops no other.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.written: dict[tuple[str, str], dict[str, bytes]] = {}  # files of a plain assignment's earlier notebooks
        converter = converter_of(self)
        bound_times(converter.coursedir)
        unit = current().assigned(converter.coursedir.assignment_id)
        for folder, notebooks in list(converter.assignments.items()):
            if name := endless_file(Path(folder)):
                self.log.error("%s is not graded: remove %s, which is no file that can be copied", folder, name)
                del converter.assignments[folder]
            elif unit:  # whatever the student called it
                notebooks[:] = [str(Path(folder) / f"{unit.name}.ipynb")]
        if unit is None:
            self.log.warning(FORGEABLE, converter.coursedir.assignment_id)
        else:  # nbgrader has no setting for code around a whole run
            converter.convert_notebooks = partial(self._convert_alone, converter, unit)

    def _convert_alone(self, converter: Any, unit: Unit) -> None:
        """Convert with the course folder locked against other grading. Raises NbGraderException if it is locked."""
        try:
            with Records(Path(converter.coursedir.root), unit).alone():
                type(converter).convert_notebooks(converter)
                forkserver.close_oldest(FORK_SERVERS)
        except Busy as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from error

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> Any:
        names = (resources or {})["nbgrader"]
        unit, submitted = current().assigned(names["assignment"]), folder_of(self, "submitted", names)
        sanitizing = Path(filename).parent.samefile(submitted)
        if unit is None:
            if sanitizing:
                read_file(submitted, Path(filename).name)  # refuses a link, which may lead to somebody else's notebook
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
        unit = current().assigned(names["assignment"])
        assert unit is not None  # only a unit has this step
        grader = grader_of(unit.name)
        if grader.isolation == bubblewrap.NONE:
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
    """The executed notebook with the notebook's and the checks' metadata as nbgrader wrote them."""
    marks = {name: cell.metadata for name, cell in checks_in(nb)}
    for name, cell in checks_in(executed):
        cell.metadata = marks.get(name, cell.metadata)
    executed.metadata = nb.metadata
    return executed


class SaveAutoGrades(preprocessors.SaveAutoGrades):
    """Saves the scores, then the record. A notebook that could not be read is marked for a person to look at."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        record: Record | None = resources.get("record")
        if record is None:
            return super().preprocess(nb, resources)
        records = Records(Path(course_of(self).root), current().unit(record.unit))
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
    """Writes the page of a unit's submission from its grade record. Without a record it writes nbgrader's own page."""

    site = Unicode("", help="Address of the course's site, to which feedback links.").tag(config=True)

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        bound_times(course_of(self))

    def from_notebook_node(self, nb: NotebookNode, resources: Resources | None = None, **kwargs: Any) -> Any:
        names = (resources or {}).get("nbgrader", {})
        unit, root = current().assigned(names.get("assignment", "")), Path(course_of(self).root)
        record = Records(root, unit).read(names["student"]) if unit and names["notebook"] == unit.name else None
        if unit is None or record is None:
            html, resources = super().from_notebook_node(nb, resources, **kwargs)
            still = re.sub(r"(?s)<script\b.*?</script>", "", html)  # these would draw formulas, already drawn
            return still.replace("<head>", f"<head>{POLICY}", 1), resources
        _, resources = Exporter.from_notebook_node(self, nb, resources, **kwargs)
        with hand_marks(unit, root, names["db_url"]) as added:
            graded = folder_of(self, "autograded", names) / f"{unit.name}.ipynb"
            page = feedback_on(unit, record, added(names["student"]), self.site, graded)
        copy_names(folder_of(self, "submitted", names), folder_of(self, "feedback", names))
        return page, resources
