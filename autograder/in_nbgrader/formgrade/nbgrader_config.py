"""nbgrader's configuration for the formgrader of a course folder, which is the working directory."""

import os
from pathlib import Path

import autograder
from autograder.course import SOLUTIONS, current

load_subconfig(str(Path(autograder.__file__).with_name("nbgrader_config.py")))  # type: ignore[name-defined]  # noqa: F821
c = get_config()  # type: ignore[name-defined]  # noqa: F821

if not Path("source").is_dir() and not Path(SOLUTIONS).is_dir():  # where formgrader finds assignments
    c.CourseDirectory.source_directory = str(current().root / SOLUTIONS)

if os.environ.get("GRADIENTS_DB_URL"):  # what --db-url says
    c.CourseDirectory.db_url = os.environ["GRADIENTS_DB_URL"]
