"""nbgrader looks for its configuration here, in the folder in which it is started."""

from pathlib import Path

import autograder

load_subconfig(str(Path(autograder.__file__).with_name("nbgrader_config.py")))  # type: ignore[name-defined]  # noqa: F821
