"""nbgrader's configuration for the formgrader of a course folder, which is the working directory."""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

load_subconfig(str(FOLDER.parent / "nbgrader_config.py"))  # type: ignore[name-defined]  # noqa: F821
c = get_config()  # type: ignore[name-defined]  # noqa: F821

if (
    not Path("source").is_dir() and not Path("solutions").is_dir()
):  # formgrader lists the assignments that it finds there
    c.CourseDirectory.source_directory = str(FOLDER.parent.parent / "solutions")

if os.environ.get("GRADIENTS_DB_URL"):  # what --db-url says
    c.CourseDirectory.db_url = os.environ["GRADIENTS_DB_URL"]
