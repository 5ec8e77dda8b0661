"""nbgrader's configuration for this course.

nbgrader reads the worked notebooks in ``solutions/`` and the students' in ``notebooks/``, and keeps
``submitted/``, ``autograded/``, ``feedback/`` and ``gradebook.db`` beside them. Started in the project's
folder it finds this file by itself; started elsewhere, set ``JUPYTER_CONFIG_PATH`` to this folder.
"""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "gradients"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"

c.ClearSolutions.begin_solution_delimeter = "### BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "### END SOLUTION"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("write your answer here")'}

c.Execute.timeout = 120
