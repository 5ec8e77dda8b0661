"""``python -m course``: the ``course`` command."""

import sys

if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # the current folder: what lies there, submissions perhaps, is not to be imported

from course.starting import start

start("course")
