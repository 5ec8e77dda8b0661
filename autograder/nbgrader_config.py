"""nbgrader's configuration for this course.

nbgrader reads the worked notebooks in ``solutions/`` and the students' in ``notebooks/``. In a course folder that has
nbgrader's ``source/``, it reads ``source/`` and ``release/`` instead. It keeps ``submitted/``, ``autograded/``,
``feedback/`` and ``gradebook.db`` beside them. Started in the project's folder, nbgrader finds this file by itself.
To start it elsewhere, set ``JUPYTER_CONFIG_PATH`` to this folder.

Submissions of the course's units are read, run and judged as ``autograder grade`` does: confined, in warm
kernels, outside of the student's process. Feedback on them is the page that ``autograder feedback`` writes.
Other assignments keep nbgrader's own steps, settings and marks. They are confined too, but their tests run beside the
answers, so an answer can forge their marks. ``c.ConfinedExecute.limits`` sets limits other than the usual ones.
However formgrader is started, nothing in a student's notebook acts on its pages. Collecting from the exchange takes
only what belongs to the student.
"""

import warnings
from pathlib import Path

warnings.filterwarnings("ignore", message=".*not in session, add operation along", module="nbgrader")

load_subconfig(str(Path(__file__).parent / "in_nbgrader" / "nbgrader_course.py"))  # type: ignore[name-defined]  # noqa: F821
c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.Autograde.exporter_class = "autograder.in_nbgrader.exporters.SubmissionExporter"
c.GenerateFeedback.exporter_class = "autograder.in_nbgrader.exporters.FeedbackExporter"
c.ExchangeFactory.collect = "autograder.term.collecting.OwnCollect"

c.HTMLExporter.sanitize_html = True
c.HTMLExporter.default_preprocessors = [
    "autograder.in_nbgrader.formgrade.notebook.OnlyWhatIsShown",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.filters = {
    "markdown2html": "autograder.in_nbgrader.formgrade.safe.markdown",
    "clean_html": "autograder.in_nbgrader.formgrade.safe.html",
    "ansi2html": "autograder.in_nbgrader.formgrade.safe.terminal",
    "highlight_code": "autograder.in_nbgrader.formgrade.safe.code",
    "strip_files_prefix": "autograder.in_nbgrader.formgrade.safe.unchanged",
}
