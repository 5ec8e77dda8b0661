"""nbgrader's configuration for any folder with units of the course: where they lie, how to release them."""

from pathlib import Path

from autograder.course import folders

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "gradients"
c.CourseDirectory.update(folders(Path()))
c.GenerateAssignment.exporter_class = "autograder.in_nbgrader.exporters.ReleaseExporter"
