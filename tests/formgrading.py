"""The formgrader of the course folder that a test module calls ``course``, and its pages in a browser."""

import os
import re
import signal
import subprocess

import pytest
from ports import listens
from running import AUTOGRADER, UNIT
from waiting import PATIENCE, wait_until

from autograder.cells import questions_in
from autograder.intake import released

SUBMISSIONS = f"/formgrader/manage_submissions/{UNIT.assignment}"


def graded_cells():
    """The tasks and questions of the unit: each has a score on the page of a submission."""
    return [*UNIT.tasks, *(name for name, _ in questions_in(released(UNIT)))]


@pytest.fixture(scope="module")
def formgrader(course, tmp_path_factory):
    """The running formgrader: its process, and its address with the token that lets in."""
    own = tmp_path_factory.mktemp("jupyter")
    folders = {f"JUPYTER_{name}_DIR": str(own / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (own / "output").open("w") as output:
        process = subprocess.Popen(
            [*AUTOGRADER, "formgrade", "--course-dir", str(course), "--no-browser"],
            env={**os.environ, **folders, "COLUMNS": "200"}, cwd=own, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        assert wait_until(lambda: "token=" in (own / "output").read_text()), (own / "output").read_text()
        (address,) = re.findall(r"http://\S+", (own / "output").read_text())
        port = int(address.split(":")[2].partition("/")[0])
        assert wait_until(lambda: listens(port)), (own / "output").read_text()
        yield process, address
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def look(formgrader, open_page, tmp_path):
    """``look(path)`` opens a page of the formgrader; a picture of it is made at the end."""
    pages = []

    def go(path="", **options):
        page = open_page(formgrader[1], viewport={"width": 1280, "height": 900}, **options)
        if path:
            page.goto(formgrader[1].partition("/formgrader")[0] + path)
        pages.append(page)
        return page

    yield go
    for number, page in enumerate(pages):
        page.screenshot(path=tmp_path / f"page{number}.png")
