"""The current folder may hold submissions: nothing is imported from it."""

import os
import subprocess
import sys

import pytest
from commands import submission
from programs import SANDBOX, need
from running import UNIT

IMPORTED = ("six", "zmq", "nbclient", "numpy", "json", "multiprocessing", "tornado", "typer")


@pytest.mark.parametrize("command", [["-c", "from autograder.cli import app; app()"], ["-m", "autograder"]])
def test_files_in_the_current_folder_are_not_imported(tmp_path, command):
    need(*SANDBOX)
    path = submission(tmp_path / "submitted", "eve", {})
    for name in IMPORTED:
        (path.parent / f"{name}.py").write_text(f"open({str(tmp_path / 'acted')!r}, 'a').write({name!r})")
    folders = ["--submissions", tmp_path / "submitted", "--course-dir", tmp_path / "course"]
    start = [sys.executable, *(["-P"] if command[0] == "-c" else []), *command, "grade", UNIT.name, *folders]
    done = subprocess.run(
        [str(word) for word in start], cwd=path.parent, capture_output=True, text=True, env=os.environ
    )
    assert not (tmp_path / "acted").exists(), (tmp_path / "acted").read_text()
    assert done.returncode == 0, done.stderr
