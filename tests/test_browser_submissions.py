"""A submission opened in JupyterLab, in a real browser: "Run All" is confined, and what it shows does nothing."""

import nbformat
import pytest
from browser import HERE
from jupyter_servers import TOKEN, serving
from nbformat.v4 import new_code_cell, new_notebook
from programs import SANDBOX, need
from waiting import wait_until

pytestmark = pytest.mark.exhaustive

PLACE = "submitted/mal/00_start_here"
OPEN_A_TERMINAL = "fetch('/api/terminals?token={token}', {{method: 'POST'}}); document.title = 'taken'"
CELLS = [
    "print(open('data.csv').read())",
    "try:\n    print(open({gradebook!r}).read())\nexcept OSError as error:\n    print(type(error).__name__)",
    "from IPython.display import HTML, Javascript, Markdown\nHTML('<b>shown</b><script>{script}</script>')",
    "Javascript({script!r})",
    "Markdown({markdown!r})",
    "get_ipython().payload_manager.write_payload("
    "{{'source': 'page', 'data': {{'text/html': '<script>{script}</script>'}}}})",
    "print('the ' + 'end')",
]


@pytest.fixture
def lab(tmp_path):
    need(*SANDBOX)
    folder = tmp_path / "course"
    (folder / PLACE).mkdir(parents=True)
    (folder / "gradebook.db").write_text("marks")
    (folder / PLACE / "data.csv").write_text("1,2")
    script = OPEN_A_TERMINAL.format(token=TOKEN).replace("'", '"')
    named = {"script": script, "markdown": f"<img src=x onerror='{script}'>", "gradebook": str(folder / "gradebook.db")}
    cells = [new_code_cell(source.format(**named)) for source in CELLS]
    evil = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=evil), folder / PLACE / "mine.ipynb")
    with serving(folder) as server:
        yield server


def test_run_all_is_confined_and_no_script_of_the_submission_runs(lab, open_page):
    assert lab.address.partition(":")[0] in HERE
    page = open_page(f"http://{lab.address}/lab/tree/{PLACE}/mine.ipynb?token={TOKEN}", ("404", "429", "fetchNews"))
    page.get_by_text("Python 3 (confined)").first.wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    outputs = page.locator(".jp-OutputArea-output")
    outputs.get_by_text("the end", exact=True).wait_for()
    said = outputs.all_inner_texts()
    assert "1,2" in said[0] and "FileNotFoundError" in said[1] and "shown" in said[2]
    assert page.locator(".jp-OutputArea-output script, .jp-OutputArea-output [onerror]").count() == 0
    assert lab.ask("/api/terminals") == [] and "taken" not in page.title()
    page.keyboard.press("Control+S")
    assert wait_until(lambda: "the end" in (lab.folder / PLACE / "mine.ipynb").read_text())
    saved = nbformat.read(lab.folder / PLACE / "mine.ipynb", as_version=4)
    assert saved.metadata.kernelspec.name == "python3"
