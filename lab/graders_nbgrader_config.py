"""nbgrader's configuration for those who grade a course: make_course.sh copies it into the course folder.

The folder bears the course's name.
"""

import os
from pathlib import Path

import autograder
from autograder.course import folders

load_subconfig(str(Path(autograder.__file__).with_name("nbgrader_config.py")))  # type: ignore[name-defined]  # noqa: F821
c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.root = str(Path(__file__).parent)
c.CourseDirectory.update(folders(Path(__file__).parent))
c.CourseDirectory.course_id = Path(__file__).parent.name
c.Exchange.root = os.environ.get("GRADIENTS_EXCHANGE", "/srv/nbgrader/exchange")
