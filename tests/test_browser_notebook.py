"""A notebook as a student meets it: JupyterLab, started by ``course lab``, with a real kernel in a real browser."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from browser import barriers
from playwright.sync_api import TimeoutError
from ports import free_port, listens
from sampled import rest
from waiting import PATIENCE, wait_until

from course.check import load

UNIT = load("numeric_gradient")
RIGHT = UNIT.reference_source("central_difference")
WRONG = RIGHT.replace("/ (2 * h)", "/ h")
SETTINGS = {"themes": {"adaptive-theme": True}, "notification": {"fetchNews": "false"}}
FAULTS_OF_NOTEBOOK_7 = (
    "status of 403 (Forbidden)",  # fonts that its package leaves out
    "error: Cannot read properties of undefined (reading 'schema')",  # settings of parts that only JupyterLab has
    "error: Command 'filebrowser:open-path' not registered.",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a notebook in a running JupyterLab, with its token; its theme follows the browser's."""
    folder = tmp_path_factory.mktemp("lab")
    environment = dict(os.environ)
    for place in ("CONFIG", "DATA", "RUNTIME"):
        environment[f"JUPYTER_{place}_DIR"] = str(folder / place.lower())
    environment |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "IPYTHONDIR": str(folder / "ipython")}
    for name, settings in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / "apputils-extension" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    course = str(Path(sys.executable).with_name("course"))
    command = [course, "lab", UNIT.name, "--no-browser", "--port", str(free_port())]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT,
                                  stdin=subprocess.DEVNULL)  # fmt: skip
    try:
        ready = wait_until(lambda: server.poll() is not None or "?token=" in (folder / "log").read_text())
        said = (folder / "log").read_text()
        assert ready and "?token=" in said, said
        address = next(word for word in said.split() if "?token=" in word)
        assert wait_until(lambda: listens(urlsplit(address).port)), (
            said
        )  # which it may do after it has told the address
        yield address
    finally:
        server.terminate()
        server.wait(PATIENCE)


def test_nobody_gets_in_without_the_token(lab):
    address = urlsplit(lab)
    assert address.hostname == "127.0.0.1" and len(parse_qs(address.query)["token"][0]) >= 40
    for path in ("/api/contents", "/api/kernels"):
        with pytest.raises(HTTPError, match="403"):
            urlopen(f"http://{address.netloc}{path}", timeout=PATIENCE)


def test_course_lab_knows_the_kernel_of_submissions(lab):
    address = urlsplit(lab)
    with urlopen(f"http://{address.netloc}/api/kernelspecs?{address.query}", timeout=PATIENCE) as answer:
        named = {name: one["spec"]["display_name"] for name, one in json.load(answer)["kernelspecs"].items()}
    assert named["gradients-confined"] == "Python 3 (confined)"


HOLDS = r"([editor, source]) => editor.textContent.replace(/\s/g, '') === source.replace(/\s/g, '')"
HAS_RUN = r"([prompt, before]) => /\d/.test(prompt.innerText) && prompt.innerText !== before"
RUNS = "([prompt, before]) => prompt.innerText !== before"


def run(page, text, source=None):
    """Run the cell that contains a text, after writing a new source into it; returns its output."""
    found = page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text))
    editor, prompt = found.locator(".cm-content"), found.locator(".jp-InputPrompt")
    editor.click()
    if source:
        found.locator(".cm-focused").wait_for()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(source)
        page.wait_for_function(HOLDS, arg=[editor.element_handle(), source])
    seen = [prompt.element_handle(), prompt.inner_text()]

    def started():
        """Whether the cell runs once it is told to. A page that is still being built may lose a key."""
        editor.click()
        found.locator(".cm-focused").wait_for()
        page.keyboard.press("Control+Enter")
        with suppress(TimeoutError):
            page.wait_for_function(RUNS, arg=seen, timeout=10_000)
        return page.evaluate(RUNS, seen)

    assert wait_until(started)
    page.wait_for_function(HAS_RUN, arg=seen)
    return found.locator(".jp-Cell-outputArea")


@pytest.fixture
def notebook(lab, open_page):
    """``notebook()`` is the page of the notebook in JupyterLab, or in Notebook 7, with its setup cell run."""

    def open_notebook(address=lab, allowed=()):
        page = open_page(address, allowed, viewport={"width": 1150, "height": 640}, color_scheme="light")
        page.get_by_role("heading", name="1 · The numeric gradient").wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        if page.locator(".jp-FileBrowser").is_visible():
            page.keyboard.press("Control+B")
        run(page, 'check = Check("numeric_gradient")')
        return page

    return open_notebook


def in_light_and_dark(page, shown, picture):
    """Take a picture of what a cell has shown, in both themes, and look for barriers in it."""
    for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(17, 17, 17)")):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("ground => getComputedStyle(document.querySelector('.jp-NotebookPanel-notebook'))"
                               ".backgroundColor === ground", arg=ground)  # fmt: skip
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        shown.scroll_into_view_if_needed()
        page.screenshot(path=picture.with_stem(f"{picture.stem}-{scheme}"))
        assert barriers(page, ".jp-OutputArea-output") == []


def test_a_student_is_told_the_mistake_and_then_that_it_is_right(notebook, tmp_path):
    page = notebook()
    run(page, "def central_difference", WRONG)
    verdict = run(page, 'check("central_difference")')
    verdict.get_by_text("Looks like: divided by h instead of 2h.").wait_for()
    assert "x + h and x - h lie 2h apart" in verdict.inner_text()
    assert "points so far: 0 of 10, 0 of 6 tasks right" in verdict.inner_text()
    in_light_and_dark(page, verdict, tmp_path / "wrong.png")
    run(page, "def central_difference", RIGHT)
    verdict = run(page, 'check("central_difference")')
    verdict.get_by_text("central_difference: right, 2 of 2 points").wait_for()
    assert "points so far: 2 of 10, 1 of 6 tasks right" in verdict.inner_text()
    in_light_and_dark(page, verdict, tmp_path / "right.png")
    everything = run(page, "check.all()")
    everything.get_by_text("2 of 10").wait_for()
    assert everything.locator("tbody tr").count() == len(UNIT.tasks) + 1  # the last says the total
    assert everything.get_by_text("not defined yet").count() == len(UNIT.tasks) - 1
    in_light_and_dark(page, everything, tmp_path / "all.png")


def chosen(shown, value):
    """Choose a value by the keyboard and wait for its picture, which must be the only one."""
    shown.locator("summary", has_text=value).focus()
    shown.page.keyboard.press("Enter")
    shown.locator("details[open] summary", has_text=value).wait_for()
    assert shown.get_by_role("img").count() == 1 and shown.get_by_role("img").is_visible()
    return shown.get_by_role("img").get_attribute("aria-label")


@pytest.mark.parametrize(("place", "allowed"), [rest("/lab/tree/", ()), rest("/notebooks/", FAULTS_OF_NOTEBOOK_7)])
def test_a_picture_is_chosen_by_keyboard_also_after_the_notebook_is_opened_again(
    lab, notebook, place, allowed, tmp_path
):
    page = notebook(lab.replace("/lab/tree/", place), allowed)
    shown = run(page, "pictures.step_slider()")
    shown.get_by_role("img", name="At h = 1e-08").wait_for()
    assert "At h = 1e-03" in chosen(shown, "1e-3") and "At h = 1e-14" in chosen(shown, "1e-14")
    buttons, picture = shown.locator("summary").last.bounding_box(), shown.get_by_role("img").bounding_box()
    assert buttons["y"] + buttons["height"] <= picture["y"]
    in_light_and_dark(page, shown.get_by_role("img"), tmp_path / "choices.png")
    page.keyboard.press("Control+S")
    page.wait_for_function("() => !document.title.startsWith('*') && !document.querySelector('.jp-mod-dirty')")
    page.reload()
    again = page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text="pictures.step_slider()"))
    again.scroll_into_view_if_needed()
    again.get_by_role("img", name="At h = 1e-08").wait_for()
    assert "At h = 1e-05" in chosen(again, "1e-5")
