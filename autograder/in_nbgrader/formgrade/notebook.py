"""Rebuilds a student's notebook from the fields that a page shows, before nbconvert's templates get it.

These templates write much of a notebook into the page unescaped: cell numbers, picture sizes, nbgrader's cell names.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from autograder.html.sanitize import svg_image, without_scripts
from autograder.in_nbgrader.formgrade.safe import start_notebook
from autograder.outputs import without_overwritten

MOST_CELLS, MOST_OUTPUTS = 3000, 200  # of a notebook, of a cell
CELL_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")
"""The names that nbgrader allows for cells."""
IMAGES = ("image/png", "image/jpeg")
SHOWN_TYPES = ("text/html", "text/markdown", "image/svg+xml", "text/latex", *IMAGES, "text/plain")
"""The types of data that a page can show; it shows the first of them that an output has."""


class OnlyWhatIsShown(Preprocessor):
    """Rebuilds the notebook from its cells, outputs and nbgrader's metadata. All else that a student wrote is left out.

    Names that the page shows are escaped, since nbgrader does not escape them.
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.enabled = True

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        start_notebook()
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        cells = [made for cell in nb.get("cells", [])[:MOST_CELLS] if (made := _cell(cell)) is not None]
        left = len(nb.get("cells", [])) - MOST_CELLS
        if left > 0:
            cells.append(_made(cell_type="markdown", source=f"({left} more cells are left out)", metadata=_made()))
        for number, cell in enumerate(cells):
            cell["id"] = f"cell-{number}"
        return _made(cells=cells, metadata=_made(), nbformat=4, nbformat_minor=5), resources


def _made(**fields: Any) -> NotebookNode:
    """A piece of a notebook. It is not validated, since that would take longer than all the rest."""
    return NotebookNode(fields)


def _stream(name: str, text: str) -> NotebookNode:
    return _made(output_type="stream", name=name, text=text)


def _cell(cell: Any) -> NotebookNode | None:
    if not isinstance(cell, dict):
        return None
    source, metadata = str(cell.get("source", "")), _marks(cell)
    if cell.get("cell_type") == "markdown":
        return _made(cell_type="markdown", source=source, metadata=metadata)
    if cell.get("cell_type") == "code":
        count = cell.get("execution_count")
        given = cell.get("outputs")
        outputs = _outputs(given) if isinstance(given, list) else []
        ran = count if type(count) is int else None
        return _made(cell_type="code", source=source, metadata=metadata, outputs=outputs, execution_count=ran)
    return _made(cell_type="raw", source=source, metadata=_made())


def _marks(cell: dict[str, Any]) -> NotebookNode:
    """nbgrader's metadata of a cell, with every value of the right type; empty if the cell has none."""
    metadata = cell.get("metadata")
    given = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(given, dict) or not CELL_NAME.fullmatch(str(given.get("grade_id", ""))):
        return _made()
    marks: dict[str, Any] = {name: given.get(name) is True for name in ("grade", "solution", "locked", "task")}
    for name in ("points", "score"):
        marks[name] = given[name] if type(given.get(name)) in (int, float) else 0
    marks["comment"] = ""  # nbgrader adds its own comment later
    return _made(nbgrader=_made(grade_id=str(given["grade_id"]), schema_version=3, **marks))


def _outputs(given: list[Any]) -> list[NotebookNode]:
    made: list[NotebookNode] = []
    for output in given[:MOST_OUTPUTS]:
        one = _output(output) if isinstance(output, dict) else None
        if one is None:
            continue
        last = made[-1] if made else {}
        if one.output_type == "stream" and last.get("output_type") == "stream" and last.get("name") == one.name:
            last["text"] += one.text
        else:
            made.append(one)
    for one in made:
        if one.output_type == "stream":
            one.text = without_overwritten(one.text)
    if len(given) > MOST_OUTPUTS:
        made.append(_stream("stdout", f"({len(given) - MOST_OUTPUTS} more outputs)"))
    return made


def _output(output: dict[str, Any]) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return _stream(name, str(output.get("text", "")))
    if kind == "error":
        lines = output.get("traceback")
        traceback = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
        said = traceback or f"{output.get('ename', '')}: {output.get('evalue', '')}"
        return _made(output_type="error", ename="", evalue="", traceback=[said])
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return None
    for mime in SHOWN_TYPES:
        if mime in data and (shown := _data(mime, str(data[mime]))):
            return _made(output_type="display_data", data=_made(**shown), metadata=_made())
    return None


def _data(mime: str, text: str) -> dict[str, str]:
    """Data of one type, as a type that the page's filters convert; empty if nothing of it is visible."""
    if mime == "text/html":
        return {"text/html": text} if _shows_something(text) else {}
    if mime == "image/svg+xml":
        return {"text/html": svg_image(text)}
    if mime in IMAGES:
        data = re.sub(r"\s+", "", text)
        return {"text/html": f'<img src="data:{mime};base64,{data}" alt="a picture">'}
    if mime == "text/latex":
        return {"text/markdown": text}
    return {mime: text}


def _shows_something(html: str) -> bool:
    """Whether HTML holds something visible: text, a picture, a formula, a table or a line."""
    text = without_scripts(html)
    return bool(re.search(r"(?i)<(?:img|svg|math|table|hr)\b", text) or re.sub(r"<[^<>]*>", "", text).strip())
