"""A whole term in a browser: a real JupyterHub with its proxy, an instructor and two students. In the middle the hub is
killed, and started again.

Here all users are one account of the system, so only the hub keeps them apart: it opens servers and formgraders only to
their owners. Accounts are kept apart by the modes of the exchange and the course folder, which are looked at too.
"""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from browser import open_submission
from hubs import PASSWORD
from waiting import PATIENCE

from course.check import load

UNIT = load("numeric_gradient")
RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}
MISTAKE = next(one for one in UNIT.mistakes("central_difference") if one.name == "divided by h instead of 2h")
ACT = "window.acted = true"
HOSTILE = {
    "cell_type": "markdown",
    "id": "hostile",
    "metadata": {},
    "source": f'SEEN $x^2$ <script>{ACT}</script><img src="data:," onerror="{ACT}">',
}
"""A cell that would act where it is shown. Its picture fails without a request: a student's own JupyterLab shows it, if
the test is slow enough, and a request that finds nothing is logged as an error."""
GRADING = ["/services/gradients/formgrader/api/assignments", "/services/gradients/formgrader/manage_assignments"]
NOBODYS = ["/services/gradients/api/contents/gradebook.db", "/services/gradients/api/terminals"]


def log_in(open_page, hub, user, place):
    page = open_page(f"{hub.address}/hub/login?next={place}")
    page.fill("#username_input", user)
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    page.wait_for_url(lambda address: "/hub/" not in address)
    return page


def press(page, action):
    """A button of the formgrader, in the row of the unit; wait for what it says."""
    page.reload()
    page.locator("tr", has_text=UNIT.assignment).locator(f".{action} a").click()
    said = page.locator(".modal:visible .modal-body").inner_text()
    assert "Success" in said, said


class Assignments:
    """nbgrader's list of assignments in a student's JupyterLab."""

    def __init__(self, page):
        self.page = page
        page.get_by_text("Nbgrader", exact=True).click()
        page.get_by_role("menuitem", name="Assignment List").click()

    def press(self, section, button):
        self.page.locator(f"#{section}_assignments_list").get_by_role("button", name=button).click()

    def press_for(self, assignment, button):
        row = self.page.locator("#released_assignments_list .list_item", has_text=assignment)
        row.get_by_role("button", name=button).click()

    def wait_for(self, section, text):
        self.page.locator(f"#{section}_assignments_list").get_by_text(text).first.wait_for()


def answer(path, answers):
    """Write answers into the notebook that the student fetched, and a text that would act where it is shown."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if (name := cell["id"].removeprefix("answer_")) in answers and name != cell["id"]:
            cell["source"] = answers[name]
    notebook["cells"].append(HOSTILE)
    path.write_text(json.dumps(notebook))


def looks_at(teacher, student):
    """The teacher looks at a submission. What the student wrote is shown, and none of it acts."""
    listed = teacher.url
    open_submission(teacher, UNIT, student)
    notebook = teacher.locator("#notebook").first
    assert "SEEN" in notebook.inner_text() and notebook.locator("math").count() > 10
    assert teacher.evaluate("window.acted") is None
    name = teacher.request.get(listed.replace("manage_assignments", "manage_students/%3Cb%3Ebold")).text()
    assert "&lt;b&gt;bold" in name and "<b>bold" not in name
    teacher.goto(listed)


def kill_and_start_again(hub, *pages):
    """The hub dies while everybody is logged in. Who opens a page of it afterwards is logged in still."""
    for page in pages:
        page.goto("about:blank")  # an open JupyterLab would log as errors that nobody answers
    hub.kill()
    hub.start()
    hub.wait_for()


def open_again(page, address):
    page.goto(address)
    page.wait_for_url(lambda address: "/hub/" not in address)


def own(student):
    """What only a student opens: the server, its files, and what the hub knows of them."""
    return [f"/user/{student}/lab", f"/user/{student}/api/contents", f"/hub/api/users/{student}"]


def forked_kernels(hub):
    """Kernels of students that are forks of a process of theirs that has imported the frameworks."""
    servers = [one for one in hub.left() if "autograder.interactive.server" in one.cmdline()]
    return [one for one in servers if one.ppid() in [server.pid for server in servers]]


def status(page, hub, place):
    return page.request.get(hub.address + place).status


@pytest.mark.exhaustive
def test_a_term(trial_hub, open_page):
    hub = trial_hub
    teacher = log_in(open_page, hub, "instructor", "/services/gradients/formgrader/manage_assignments")
    press(teacher, "assign")
    press(teacher, "release")

    students = {
        "student-1": RIGHT,
        "student-2": RIGHT | {"central_difference": MISTAKE.source},
    }
    lists = {}
    for student, answers in students.items():
        lists[student] = Assignments(log_in(open_page, hub, student, "/hub/spawn"))
        lists[student].wait_for("released", "00_start_here")  # which the trial hub has released
        lists[student].press_for(UNIT.assignment, "Fetch")
        lists[student].wait_for("fetched", UNIT.assignment)
        answer(hub.home(student) / "gradients" / UNIT.assignment / f"{UNIT.name}.ipynb", answers)
        lists[student].press("fetched", "Submit")
        lists[student].wait_for("submitted", UNIT.assignment)

    listed = teacher.url
    kill_and_start_again(hub, teacher, *(assignments.page for assignments in lists.values()))
    open_again(teacher, listed)
    for student in students:
        open_again(lists[student].page, f"{hub.address}/hub/spawn")
        lists[student] = Assignments(lists[student].page)
        lists[student].wait_for("submitted", UNIT.assignment)

    press(teacher, "collect")
    grade = [str(Path(sys.executable).parent / "autograder"), "grade", UNIT.name, "--json", "marks.json"]
    subprocess.run(grade, cwd=hub.course, check=True, timeout=PATIENCE)
    marks = json.loads((hub.course / "marks.json").read_text())
    full = {name: {"points": task.points, "mistake": None, "symptom": None} for name, task in UNIT.tasks.items()}
    assert marks["student-1"] == full
    assert marks["student-2"]["central_difference"]["mistake"] == MISTAKE.name
    looks_at(teacher, "student-2")
    press(teacher, "generate-feedback")
    press(teacher, "release-feedback")

    feedback = {}
    for student, assignments in lists.items():
        assignments.press("submitted", "Fetch Feedback")
        assignments.wait_for("submitted", "view feedback")
        path = next((hub.home(student) / "gradients" / UNIT.assignment / "feedback").glob("*/*.html"))
        feedback[student] = f"/user/{student}/files/{path.relative_to(hub.home(student))}"
    scores = {"student-1": "student-1: 10 of 10 points", "student-2": "student-2: 8 of 10 points"}
    for student, other in (("student-1", "student-2"), ("student-2", "student-1")):
        page = lists[student].page
        page.goto(hub.address + feedback[student])
        said = page.inner_text("body")
        assert scores[student] in said and (MISTAKE.name in said) == (student == "student-2")
        assert {place: status(page, hub, place) for place in own(student)} == dict.fromkeys(own(student), 200)
        refused = {place: status(page, hub, place) for place in (feedback[other], *own(other), *GRADING)}
        assert set(refused.values()) <= {403, 404}, refused
    assert {place: status(teacher, hub, place) for place in GRADING} == dict.fromkeys(GRADING, 200)
    assert {place: status(teacher, hub, place) for place in NOBODYS} == dict.fromkeys(NOBODYS, 404)

    page = lists["student-1"].page
    page.goto(f"{hub.address}/user/student-1/lab/tree/gradients/{UNIT.assignment}/{UNIT.name}.ipynb")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    assert len(forked_kernels(hub)) == 1

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (hub.course, *hub.exchange.iterdir())}
    assert modes == {"gradients": 0o700, "outbound": 0o755, "inbound": 0o3733, "feedback": 0o711}
