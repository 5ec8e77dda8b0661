"""``python -m course``: the ``course`` command."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder: what lies there, submissions perhaps, is not to be imported

from course.cli import app

app(prog_name="course")
