"""The sections of a lesson that hold its tasks, as HTML for a page that loads no other file.

They are taken from the notebook that students received, which holds no answers.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.course import current
from autograder.html.formulas import mathml_or_code
from autograder.intake import released
from course.check import Unit
from course.figures import Picture

HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*$", re.MULTILINE)
BELOW = 1  # how many levels a lesson's headings stand below those of the page
PLAIN = re.compile(r"[^\w\s-]")


@dataclass
class Section:
    """A section of a lesson: its heading, its HTML and its tasks."""

    title: str
    tasks: list[str] = field(default_factory=list)
    html: Markup = field(default_factory=Markup)

    @property
    def anchor(self) -> str:
        """The id of its heading on a page."""
        return f"lesson-{slug(self.title)}"


def slug(title: str) -> str:
    """The anchor of a heading, as the course's site and GitHub make it."""
    return re.sub(r"\s", "-", PLAIN.sub("", title.strip().lower()))


@cache
def title_of(unit: str) -> str:
    """The title of a unit's lesson."""
    headings = (
        HEADING.search(cell.source) for cell in released(current().unit(unit)).cells if cell.cell_type == "markdown"
    )
    return next((found[2] for found in headings if found), unit)


@cache
def sections(unit: str) -> tuple[Section, ...]:
    """The sections of a unit's lesson that hold tasks, in order. Raises NotBuilt."""
    found: list[tuple[Section, list[str]]] = []
    for text in _pieces(current().unit(unit)):
        if isinstance(text, str):
            heading = HEADING.match(text)
            if heading and len(heading[1]) <= 2:
                found.append((Section(heading[2]), []))
            if found:
                found[-1][1].append(_markdown(text))
        elif found and (task := _checked(text)):
            found[-1][0].tasks.append(task)
        elif found:
            found[-1][1].append(_code(unit, text))
    for section, parts in found:
        section.html = Markup("\n".join(parts))
    return tuple(section for section, _ in found if section.tasks)


def _pieces(unit: Unit) -> Iterable[str | NotebookNode]:
    """The notebook's text, cut before each heading, and its code cells except ``answer_…`` and ``show_…``."""
    for cell in released(unit).cells:
        if cell.cell_type == "markdown":
            starts = [heading.start() for heading in HEADING.finditer(cell.source)]
            ends = [*starts, len(cell.source)]
            yield from (cell.source[a:b] for a, b in zip([0, *starts], ends, strict=True) if cell.source[a:b].strip())
        elif not cell.id.startswith(("answer_", "show_")):
            yield cell


def _checked(cell: NotebookNode) -> str:
    """The task that a cell checks; empty if it is no check."""
    marks = cell.metadata.get("nbgrader", {})
    return marks["grade_id"] if marks.get("grade") else ""


class _Renderer(IPythonRenderer):
    """Formulas as MathML, headings a level lower and with the anchors of the page, tables that can be scrolled."""

    def __init__(self) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        return f'<h{level + BELOW} id="lesson-{slug(re.sub("<[^>]+>", "", text))}">{text}</h{level + BELOW}>\n'

    def block_math(self, body: str) -> str:
        return f'<div class="wide" tabindex="0" role="group" aria-label="formula">{mathml_or_code(body, "block")}</div>'

    def inline_math(self, body: str) -> str:
        return mathml_or_code(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def block_code(self, code: str, info: str | None = None) -> str:
        return _highlighted(code) if info else f'<pre tabindex="0">{escape(code)}</pre>'


def _markdown(text: str) -> str:
    return MarkdownWithMath(renderer=_Renderer()).render(text)


def _highlighted(code: str) -> str:
    spans = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip()
    return f'<pre tabindex="0"><code>{spans}</code></pre>'


def _code(unit: str, cell: NotebookNode) -> str:
    """A code cell as HTML: its picture if it draws one of the lesson's, else its code. Empty for pictures to choose
    from, and for pictures of what the notebook computed."""
    if not cell.source.startswith("pictures."):
        return _highlighted(cell.source)
    try:
        call = ast.parse(cell.source, mode="eval").body
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        given = [ast.literal_eval(value) for value in call.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, AssertionError):  # it draws what the notebook computed
        return ""
    drawn = getattr(importlib.import_module(f"course.{unit}.pictures"), call.func.attr)(*given, **named)
    return f"<figure>{drawn.svg}</figure>" if isinstance(drawn, Picture) else ""
