"""Running a notebook: time limits, files and environment that it is run with, and the observations that come back."""

import subprocess
import sys

import pytest
from escaping import RIGHT, WRONG, run
from waiting import PATIENCE

from autograder.running.job import limits_for
from course.check import load


def test_an_endless_cell_is_interrupted_and_the_rest_still_runs():
    done = run(after=["while True: pass", "print('after' + 'wards')"], cell_seconds=3.0)
    assert done.findings == ["time limit"] and "afterwards" in done.text and done.full


def test_the_whole_notebook_has_a_limit():
    done = run(after=["import time; time.sleep(2)"] * 9, total_seconds=8.0)
    assert done.execution.stopped == "the notebook took longer than 8 s" and done.full


def test_a_kernel_sees_the_submitted_files_and_no_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    cell = "import helper, os; print(helper.word, os.listdir(), os.environ.get('SECRET_TOKEN'))"
    done = run(cell, files={"helper.py": b"word = 'imported'"})
    assert "imported ['helper.py" in done.text and "None" in done.text


@pytest.mark.parametrize("isolation", ["strict", "none"])
def test_right_and_wrong_answers_are_told_apart(isolation):
    assert run(answer=RIGHT, isolation=isolation).full and run(answer=WRONG, isolation=isolation).right == 0


def test_a_check_that_takes_too_long_stops_alone():
    answer = "import time\ndef mean_of_squares(x):\n    try: time.sleep(99)\n    finally: time.sleep(99)"
    done = run(answer=answer, after=["print('after' + 'wards')"], seconds=2.0)
    assert "time limit" in done.findings and done.right == 0 and "afterwards" in done.text


def test_unknown_limits_of_a_unit_are_refused(monkeypatch):
    unit = load("start_here")
    monkeypatch.setattr(unit, "limits", {"cell_seconds": 5.0})
    assert limits_for(unit).cell_seconds == 5.0
    monkeypatch.setattr(unit, "limits", {"seconds": 5.0})
    with pytest.raises(ValueError, match="start_here: no limit is called seconds"):
        limits_for(unit)


RECONNECTED = """
import asyncio
from jupyter_client.manager import AsyncKernelManager

async def go():
    manager = AsyncKernelManager(kernel_name="python3", client_class="autograder.sandbox.channels.QuickClient")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        client.execute("print('waits')")
        assert await client.iopub_channel.socket.poll(60_000)
        await client.reconnect_output()
        client.execute("print('taken')")
        while "taken" not in (await client.iopub_channel.get_msg(timeout=60))["content"].get("text", ""):
            pass
    finally:
        client.stop_channels()
        await manager.shutdown_kernel()

asyncio.run(go())
"""


def test_output_is_taken_again_though_a_message_waits():
    """In a process of its own: libzmq would end it."""
    done = subprocess.run([sys.executable, "-c", RECONNECTED], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr[-2000:]
