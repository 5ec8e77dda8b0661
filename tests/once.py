"""Folders that take long to make: they are made once for all processes of a test run, and each gets a copy."""

import fcntl
import os
import shutil


def made_once(tmp_path_factory, name, make):
    """A folder of this process's own, as ``make(folder)`` fills it. Only the first process that asks calls ``make``."""
    run = tmp_path_factory.getbasetemp()
    shared = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / f"made-{name}"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go of when it is closed, or its process ends
        if not (shared / "whole").exists():
            shutil.rmtree(shared / "made", ignore_errors=True)
            (shared / "made").mkdir()
            make(shared / "made")
            (shared / "whole").touch()
    return shutil.copytree(shared / "made", tmp_path_factory.mktemp(name) / "copy", symlinks=True)
