"""Submissions opened in a Jupyter server: their kernels are confined, whatever is asked for, and work as students know.

The server's own environment asks for no confinement, as that of somebody who grades so may.
"""

import json
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from escaping import RIGHT, WRONG, Outside
from jupyter_servers import Refused, serving
from programs import SANDBOX, need
from sampled import rest
from trying import GROUPS, cells_of, got_in, targets_of
from waiting import wait_until

from autograder.in_nbgrader import CONFINED_KERNEL
from autograder.interactive import extension

SERVER = [sys.executable, "-m", "jupyter_server", "--allow-root", "--log-level=WARN",
          f"--ServerApp.jpserver_extensions={extension.__name__}=True"]  # fmt: skip
ANN, BOB = "submitted/ann/00_start_here", "submitted/bob/00_start_here"
NOTEBOOK = f"{ANN}/start_here.ipynb"
OWN = {"name": "python3"}


def make_course(folder):
    """A course folder with submissions, one's own notebook beside them, and links that lead from one to the other."""
    for place in (ANN, BOB, "autograded/ann/00_start_here", "inbound/ann+00_start_here+now", "mine", "kernels/other"):
        (folder / place).mkdir(parents=True)
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "evil", "display_name": "Evil"}})
        nbformat.write(notebook, folder / place / "start_here.ipynb")
    (folder / ANN / "data.csv").write_text("1,2\n")
    (folder / BOB / "answer.txt").write_text("the other's answer")
    (folder / "gradebook.db").write_text("marks")
    (folder / "link.ipynb").symlink_to(folder / NOTEBOOK)
    (folder / "linked").symlink_to(folder / ANN)
    argv = ["/bin/false", "{connection_file}"]
    other = folder / "kernels" / "other" / "kernel.json"
    other.write_text(json.dumps({"argv": argv, "display_name": "Other", "language": "other"}))


@pytest.fixture(scope="module")
def server():
    need(*SANDBOX)
    home = Path(tempfile.mkdtemp(prefix="opened-"))
    folder = home / "course"
    make_course(folder)
    variables = {"GRADIENTS_ISOLATION": "none", "JUPYTER_PATH": str(folder), "SECRET_TOKEN": "s3cret"}
    with serving(folder, SERVER, variables=variables) as running:
        yield running
    shutil.rmtree(home)


@pytest.fixture
def own(server):
    """The session of one's own notebook, with an ordinary kernel."""
    session = server.session("mine/start_here.ipynb")
    assert session["kernel"]["name"] == "python3"
    yield session
    end(server, session)


def end(server, session):
    with suppress(Refused):
        server.ask(f"/api/sessions/{session['id']}", method="DELETE")


def is_confined(server, kernel_id):
    """Whether a kernel is confined, by what it can do and by its name."""
    with server.talking(kernel_id) as kernel:
        said = kernel.said(f"import os; print(os.path.exists({str(server.folder)!r}), os.getcwd())")
    named = server.ask(f"/api/kernels/{kernel_id}")["name"] == CONFINED_KERNEL
    assert named == said.startswith("False")
    return named


ELSEWHERE = [
    "autograded/ann/00_start_here/start_here.ipynb", "inbound/ann+00_start_here+now/start_here.ipynb",
    f"mine/../{NOTEBOOK}", "link.ipynb", "linked/start_here.ipynb", "submitted/start_here.ipynb",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "kernel", "kind"),
    [
        (NOTEBOOK, OWN, "notebook"),
        rest(NOTEBOOK, {}, "notebook"),
        rest(NOTEBOOK, {"name": CONFINED_KERNEL}, "notebook"),
        rest(f"{ANN}/console-1-f00", OWN, "console"),
        *(rest(path, OWN, "notebook") for path in ELSEWHERE[:3]),
        (ELSEWHERE[3], OWN, "notebook"),
        *(rest(path, OWN, "file") for path in ELSEWHERE[4:]),
    ],
)
def test_a_submission_gets_a_confined_kernel_whatever_is_asked_for(server, path, kernel, kind):
    session = server.session(path, kernel, kind)
    try:
        assert is_confined(server, session["kernel"]["id"])
    finally:
        end(server, session)


@pytest.mark.parametrize("path", [rest(ANN), rest(f"/{ANN}/"), "linked"])
def test_a_kernel_without_a_session_is_confined_by_its_folder(server, path):
    kernel = server.ask("/api/kernels", {"name": "python3", "path": path})
    assert is_confined(server, kernel["id"])
    server.ask(f"/api/kernels/{kernel['id']}", method="DELETE")


def test_other_kernels_are_refused_and_ones_own_notebook_keeps_its_kernel(server, own):
    assert not is_confined(server, own["kernel"]["id"])
    with pytest.raises(Refused, match="Its kernel other is not Python"):
        server.session(NOTEBOOK, {"name": "other"})
    with pytest.raises(Refused, match="evil"):
        server.session(NOTEBOOK, {"name": "evil"})
    assert {one["id"] for one in server.ask("/api/kernels")} == {own["kernel"]["id"]}


def test_a_kernel_of_another_notebook_is_not_shared(server, own):
    with server.kernel(NOTEBOOK, kernel={"id": own["kernel"]["id"]}) as ann, server.kernel(f"{BOB}/x.ipynb") as bob:
        assert len({ann.id, bob.id, own["kernel"]["id"]}) == 3
        patched = server.ask(f"/api/sessions/{bob.session['id']}", {"kernel": {"id": ann.id}}, "PATCH")
        assert patched["kernel"]["id"] not in (ann.id, bob.id) and is_confined(server, patched["kernel"]["id"])
        console = server.session(f"{ANN}/console-1-f00", {"id": ann.id}, "console")
        assert console["kernel"]["id"] == ann.id
        changed = server.ask(f"/api/sessions/{ann.session['id']}", {"kernel": {"name": "python3"}}, "PATCH")
        assert changed["kernel"]["id"] != ann.id and is_confined(server, changed["kernel"]["id"])


def test_a_notebook_that_is_moved_to_the_submissions_gets_a_confined_kernel(server):
    session = server.session("mine/moved.ipynb")
    before = session["kernel"]["id"]
    moved = server.ask(f"/api/sessions/{session['id']}", {"path": f"{BOB}/moved.ipynb"}, "PATCH")
    assert moved["kernel"]["id"] != before and is_confined(server, moved["kernel"]["id"])
    assert before not in {one["id"] for one in server.ask("/api/kernels")}
    back = server.ask(f"/api/sessions/{session['id']}", {"path": "mine/moved.ipynb"}, "PATCH")
    assert back["kernel"]["id"] == moved["kernel"]["id"]
    end(server, session)


def test_an_honest_submission_works_as_its_student_knows_it(server):
    with server.kernel(NOTEBOOK) as kernel:
        assert kernel.said("print(open('data.csv').read())") == "1,2\n\n"
        kernel.said("from course.check import Check\ncheck = Check('start_here')")
        kernel.said(WRONG)
        assert "0 of 1" in kernel.said("check('mean_of_squares')")
        kernel.said(RIGHT)
        assert "mean_of_squares: right" in kernel.said("check('mean_of_squares')")
        drawn = kernel.execute("import matplotlib.pyplot as plt\nplt.plot([1, 2])")
        assert any("image/png" in content.get("data", {}) for _, content in drawn)
        shown = kernel.execute("from IPython.display import HTML\nHTML('<b>x</b><script>1</script>')")
        assert [content["data"]["text/html"] for kind, content in shown if kind == "execute_result"] == ["<b>x</b>"]
        assert "FileNotFoundError" in kernel.said("open('/nowhere')")
        kernel.said("open('data.csv', 'w').write('changed'); open('new', 'w').write('new')")
    assert (server.folder / ANN / "data.csv").read_text() == "1,2\n"
    assert sorted(path.name for path in (server.folder / ANN).iterdir()) == ["data.csv", "start_here.ipynb"]


def test_it_is_asked_for_input_interrupted_and_restarted(server):
    with server.kernel(NOTEBOOK) as kernel:
        asked = kernel.send("execute_request", code="name = 'before'; print(input('who? '))", allow_stdin=True)
        for kind, content in kernel.messages(asked):
            if kind == "input_request":
                assert content == {"prompt": "who? ", "password": False}
                kernel.send("input_reply", "stdin", value="ann")
            assert kind != "stream" or content["text"] == "ann\n"
        asked = kernel.send("execute_request", code="import time\nprint('it runs', flush=True)\ntime.sleep(10_000)")
        said = []
        for kind, _ in kernel.messages(asked):
            said.append(kind)
            if kind == "stream":
                server.ask(f"/api/kernels/{kernel.id}/interrupt", {})
        assert "error" in said
        (server.folder / ANN / "later.txt").write_text("later")
        server.ask(f"/api/kernels/{kernel.id}/restart", {})
        with server.talking(kernel.id) as again:
            assert "NameError" in again.said("name") and again.said("print(open('later.txt').read())") == "later\n"
        assert is_confined(server, kernel.id)
    (server.folder / ANN / "later.txt").unlink()


@pytest.mark.parametrize("group", ["files", *(rest(name) for name in ("network", "processes", "Linux"))])
def test_what_lies_outside_is_out_of_reach(server, group, tmp_path):
    course = {"gradebook": str(server.folder / "gradebook.db"), "submissions": str(server.folder / "submitted"),
              "grader": server.process.pid}  # fmt: skip
    with Outside(tmp_path) as outside, server.kernel(NOTEBOOK) as kernel:
        text = "".join(kernel.said(cell) for cell in cells_of(GROUPS[group], targets_of(outside, **course)))
        assert outside.reached() == [] and outside.victim.poll() is None
    got = got_in(text)
    assert {name for name in GROUPS[group] if got.get(name, "?")[0] != "refused"} == set()


def test_a_submission_goes_on_naming_its_kernel_and_is_not_validated(server):
    path = f"/api/contents/{NOTEBOOK}"
    model = server.ask(path)
    model["content"]["metadata"]["kernelspec"] = {"name": CONFINED_KERNEL, "display_name": "Python 3 (confined)"}
    saved = {"type": "notebook", "format": "json", "content": model["content"]}
    server.ask(path, saved, "PUT")
    assert json.loads((server.folder / NOTEBOOK).read_text())["metadata"]["kernelspec"]["name"] == "evil"
    server.ask("/api/contents/mine/copy.ipynb", saved, "PUT")
    assert (server.folder / "mine" / "copy.ipynb").read_text().count(CONFINED_KERNEL) == 1
    said = server.ask("/assignments/validate", {"path": NOTEBOOK})
    assert not said["success"] and "runs confined or not at all" in said["value"]


def test_whoever_chooses_the_confined_kernel_elsewhere_gets_it_without_files(server):
    with server.kernel("mine/start_here.ipynb", kernel={"name": CONFINED_KERNEL}) as kernel:
        assert is_confined(server, kernel.id) and kernel.said("import os; print(os.listdir())") == "[]\n"


@pytest.mark.exhaustive
def test_a_limit_that_is_reached_is_logged_and_the_kernel_is_started_again(server):
    takes = "import mmap, os, time\nos.fork()\nx = mmap.mmap(-1, 2300 * 2**20)\ntime.sleep(10_000)"
    with server.kernel(NOTEBOOK) as kernel:
        kernel.send("execute_request", code=takes)
        assert wait_until(lambda: "was ended: it took more than 4,096 MB of memory" in server.log())
        assert is_confined(server, kernel.id)


@pytest.mark.exhaustive
def test_kernels_and_their_fork_server_end_with_a_server_that_is_killed(tmp_path):
    need(*SANDBOX)
    make_course(tmp_path / "course")
    with serving(tmp_path / "course", SERVER) as server:
        session = server.session(NOTEBOOK)
        started = psutil.Process(server.process.pid).children(recursive=True)
        assert is_confined(server, session["kernel"]["id"]) and len(started) >= 3
        server.process.send_signal(signal.SIGKILL)
        assert wait_until(lambda: not [one for one in started if one.is_running()])


def without(name, folder):
    """The environment of a machine that lacks bubblewrap or libseccomp."""
    if name == "bubblewrap":
        return {"PATH": str(folder)}
    (folder / "pyseccomp.py").write_text("raise RuntimeError('no libseccomp here')")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        rest("bubblewrap", "there is no bwrap to confine submissions with; install bubblewrap"),
        rest("libseccomp", "libseccomp cannot be used (no libseccomp here)"),
    ],
)
def test_without_a_sandbox_there_is_no_kernel_but_a_sentence(tmp_path, missing, told):
    (tmp_path / "lacking").mkdir()
    make_course(tmp_path / "course")
    with serving(tmp_path / "course", SERVER, variables=without(missing, tmp_path / "lacking")) as server:
        for ask in (lambda: server.session(NOTEBOOK), lambda: server.ask("/api/kernels", {"path": ANN})):
            with pytest.raises(Refused) as refused:
                ask()
            said = refused.value.args[1]
            assert said.startswith("No kernel: this notebook is a submission, so it runs confined or not at all. ")
            assert told in said and said.endswith("It can be read without a kernel.") and "--isolation" not in said
        assert server.ask("/api/kernels") == []
        session = server.session("mine/start_here.ipynb")
        with pytest.raises(Refused, match="No kernel"):
            server.ask(f"/api/sessions/{session['id']}", {"path": f"{ANN}/moved.ipynb"}, "PATCH")
        assert server.ask("/api/kernels") == [] and server.ask("/api/sessions") == []
