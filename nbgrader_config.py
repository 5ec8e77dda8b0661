"""nbgrader looks for its configuration here, in the folder in which it is started."""

load_subconfig("autograder/nbgrader_config.py")  # type: ignore[name-defined]  # noqa: F821
