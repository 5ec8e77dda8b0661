"""nbgrader's formgrader in a real browser, as ``autograder formgrade`` starts it for a course folder elsewhere."""

import shutil
from urllib.parse import quote
from urllib.request import urlopen

import nbformat
import psutil
import pytest
from browser import open_submission, wait_for_marks
from commands import run_command, submission
from formgrading import SUBMISSIONS, graded_cells
from running import UNIT, contents, points_of
from waiting import PATIENCE, wait_until

RIGHT = {name: UNIT.reference_source(name) for name in UNIT.tasks}
FULL = {name: float(task.points) for name, task in UNIT.tasks.items()}
ACT = "window.acted = true"
HOSTILE_NAME = f'hostile";{ACT};"<img src="x" onerror="{ACT}">'
HOSTILE = f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown
display(HTML('<script>{ACT}</script><img src="x" onerror="{ACT}"><img src="https://example.org/x.png">SEEN HTML'))
display(HTML('<svg onload="{ACT}"><script>{ACT}</script></svg>'))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" onload="{ACT}"><text>x</text></svg>'))
display(Javascript("{ACT}"))
display(Markdown('<a href="javascript:{ACT}">SEEN LINK</a> <input class="score" autofocus onfocus="{ACT}">'))
display(Latex('$</script><script>{ACT}</script>$'))
print('<script>{ACT}</script>SEEN TEXT')
raise ValueError('<img src="x" onerror="{ACT}">SEEN ERROR')
"""


def with_hostile_cells(notebook):
    text = f'SEEN MARKDOWN <script>{ACT}</script><img src=x onerror="{ACT}"> $\\href{{javascript:{ACT}}}{{x}}$'
    notebook.cells += [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(HOSTILE)]


@pytest.fixture(scope="module")
def course(graded_class, tmp_path_factory):
    """A course folder away from the project: two of the class and a hostile one graded, one not yet graded."""
    folder = tmp_path_factory.mktemp("formgrader")
    for student in ("student-01", "student-02"):
        shutil.copytree(graded_class.folder / "submitted" / student, folder / "submitted" / student)
    submission(folder / "submitted", HOSTILE_NAME, RIGHT, extra=with_hostile_cells)
    grade(folder)
    submission(folder / "submitted", "later", RIGHT)
    return folder


def grade(folder, command="grade", *words):
    folders = ["--submissions", folder / "submitted", "--course-dir", folder]
    code, output = run_command(command, UNIT.name, *folders, *words)
    assert code == 0, output
    return output


def rows(course, student):
    return {task: row for name, task, *row in contents(course / "gradebook.db")[1] if name == student}


def test_it_opens_with_the_units_and_their_submissions(look, course):
    page = look()
    page.wait_for_selector(f"text={UNIT.assignment}")
    assert page.locator("#main-table tr").count() == 12
    page.locator(f"tr:has-text('{UNIT.assignment}') .num-submissions a").click()
    page.wait_for_selector("text=student-02")
    marks = points_of(course / "gradebook.db")
    for student in ("student-01", "student-02", HOSTILE_NAME):
        total = sum(points for (name, _), points in marks.items() if name == student)
        row = page.locator("#main-table tr").filter(has_text=student)
        assert row.locator(".score").inner_text() == f"{total:g} / {UNIT.points:g}"
        assert row.locator(".status").inner_text() == "graded"


def test_marks_and_comments_given_by_hand_stay(look, course):
    page = look(SUBMISSIONS)
    open_submission(page, UNIT, "student-01")
    assert page.locator("#jacobian").get_attribute("placeholder") == f"{rows(course, 'student-01')['jacobian'][0]:g}"
    page.fill("#jacobian", "1.5")
    page.fill("#answer_jacobian-comment", "Look at the shape, $m \\times n$.")
    page.locator("#answer_jacobian-comment").blur()
    assert wait_until(lambda: rows(course, "student-01")["jacobian"][1] == 1.5)
    page.wait_for_load_state("networkidle")
    auto, _, look_at = rows(course, "student-01")["jacobian"]
    assert not look_at

    for command in (["grade", "--again"], ["regrade", "--all", "--yes"]):
        grade(course, command[0], *command[1:], "--only", "student-01")
        assert rows(course, "student-01")["jacobian"] == [auto, 1.5, 1]  # kept, and somebody is asked to look again
        page.reload()
        wait_for_marks(page)
        assert page.input_value("#jacobian") == "1.5"
        assert page.input_value("#answer_jacobian-comment") == "Look at the shape, $m \\times n$."
        resolve = page.locator(".nbgrader_cell:has(#jacobian) .mark-graded")
        assert resolve.is_visible()
        resolve.click()
        assert wait_until(lambda: rows(course, "student-01")["jacobian"] == [auto, 1.5, 0])
        page.wait_for_load_state("networkidle")

    page.goto(page.url.partition("/formgrader")[0] + SUBMISSIONS)
    total = 1.5 + sum(row[0] for task, row in rows(course, "student-01").items() if task != "jacobian")
    row = page.locator("#main-table tr:has-text('student-01')")
    row.wait_for()
    assert row.locator(".score").inner_text() == f"{total:g} / {UNIT.points:g}"
    page.locator("#main-table tr:has-text('student-01') .generate-feedback a").click()
    page.wait_for_selector("#success-modal")
    written = (course / "feedback" / "student-01" / UNIT.assignment / f"{UNIT.name}.html").read_text()
    assert "Look at the shape" in written


def test_the_autograde_button_grades(look, course):
    page = look(SUBMISSIONS)
    row = page.locator("#main-table tr:has-text('later')")
    row.wait_for()
    assert row.locator(".status").inner_text() == "needs autograding"
    row.locator(".autograde a").click()
    page.wait_for_selector("#success-modal")
    assert "Successfully autograded" in page.locator("#success-modal").inner_text()
    page.locator("#success-modal .btn, #success-modal .close").first.click()
    assert wait_until(lambda: row.locator(".score").inner_text() == "10 / 10")
    assert row.locator(".status").inner_text() == "graded"
    assert {cell: auto for cell, (auto, *_) in rows(course, "later").items()} == dict.fromkeys(graded_cells(), 0) | FULL


def test_nothing_in_a_notebook_acts(look):
    page = look(SUBMISSIONS)
    open_submission(page, UNIT, HOSTILE_NAME)
    page.wait_for_timeout(500)
    seen = page.locator("#notebook").first.inner_text()
    for part in ("HTML", "LINK", "TEXT", "ERROR", "MARKDOWN"):
        assert f"SEEN {part}" in seen
    assert page.evaluate("window.acted") is None
    page.locator("text=SEEN LINK").last.click()
    assert page.evaluate("window.acted") is None
    assert page.locator("#notebook-container input:not(.score):not(.extra-credit)").count() == 0
    assert page.locator("#notebook-container input.score").count() == len(graded_cells())


@pytest.mark.parametrize("path", ["", f"/{UNIT.assignment}"])
def test_a_students_name_does_not_act_either(look, path):
    page = look(f"/formgrader/manage_students/{quote(HOSTILE_NAME)}{path}", allowed=["404"])
    assert page.locator(".breadcrumb").get_by_text(HOSTILE_NAME).is_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.acted") is None


def test_formulas_are_drawn_without_a_script(look):
    page = look(SUBMISSIONS)
    open_submission(page, UNIT, "student-02")
    assert (
        page.locator("#notebook math").count() > 10 and "$" not in page.locator("#notebook h1 ~ p").first.inner_text()
    )


NOT_THERE = ["/lab/tree/x", "/tree", "/terminals/1", "/api/terminals", "/api/kernels", "/api/sessions", "/api/contents",
             "/api/contents/gradebook.db", "/files/gradebook.db", "/view/x.html", "/edit/x", "/nbconvert/html/x.ipynb",
             "/api/kernelspecs", "/api/config/x", "/api", "/api/events/subscribe", "/metrics", "//api/contents",
             "/formgrader/%2e%2e/api/contents", "/api/shutdown"]  # fmt: skip


def test_the_server_has_nothing_but_the_formgrader(look, formgrader, course):
    page = look()
    plain = formgrader[1].partition("/formgrader")[0]
    token = {"X-XSRFToken": next(one["value"] for one in page.context.cookies() if one["name"] == "_xsrf")}
    for path in NOT_THERE:
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = page.request.fetch(plain + path, method=method, headers=token)
            assert answer.status == 404, (method, path, answer.status)
    assert "jupyter lab" in page.request.get(plain + "/lab/tree/x.ipynb").text()
    answers = [page.request.get(plain + path, max_redirects=0) for path in ("/lab?formgrader=true", "/formgrader")]
    assert {answer.headers["location"] for answer in answers} == {"/formgrader/manage_assignments"}


def test_no_address_makes_it_read_another_configuration(look, formgrader, tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(f"open({str(tmp_path / 'acted')!r}, 'w')")
    page = look()
    page.request.get(f"{formgrader[1].partition('/formgrader')[0]}/formgrader?path={quote(str(tmp_path))}")
    assert not (tmp_path / "acted").exists()


def test_what_nbgrader_has_in_attributes_still_acts(look):
    for place, link, form in (("assignments", "Add new assignment", "#add-assignment-modal"),
                              ("students", "Add new student", "#add-student-modal")):  # fmt: skip
        page = look(f"/formgrader/manage_{place}")
        page.get_by_role("link", name=link).click()
        page.locator(form).wait_for()
    page = look(f"/formgrader/gradebook/{UNIT.assignment}/{UNIT.name}")
    page.get_by_text("student-02").wait_for(state="attached")  # hidden, as long as nobody asks for names
    page.locator("#toggle_names").click()
    page.get_by_text("student-02").wait_for()


def test_only_this_machine_and_who_has_the_token_come_in(formgrader):
    process, address = formgrader
    listening = [one for one in psutil.Process(process.pid).net_connections("tcp") if one.status == "LISTEN"]
    port = int(address.split(":")[2].partition("/")[0])
    assert port in {one.laddr.port for one in listening}
    assert {one.laddr.ip for one in listening} == {"127.0.0.1"}
    plain = address.partition("/formgrader")[0]
    with urlopen(f"{plain}/formgrader/api/assignments", timeout=PATIENCE) as answer:
        assert "/login?next=" in answer.url and UNIT.assignment not in answer.read().decode()
    assert "token=" not in " ".join(psutil.Process(process.pid).cmdline())


def test_a_port_that_is_taken_and_a_folder_that_is_none_are_told(formgrader, course, tmp_path):
    port = int(formgrader[1].split(":")[2].partition("/")[0])
    code, output = run_command("formgrade", "--course-dir", course, "--port", port)
    assert code == 2 and f"error: port {port}: Address already in use; name another, or leave --port out" in output
    code, output = run_command("formgrade", "--course-dir", tmp_path / "none")
    assert code == 2 and "none is no folder" in output
