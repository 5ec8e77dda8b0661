"""``python -m autograder``: the ``autograder`` command."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder: what lies there, submissions perhaps, is not to be imported

from autograder.cli import app

app(prog_name="autograder")
