"""What a student's notebook may show in the formgrader: text, tables, pictures and formulas, but no script.

The page that shows it can do whatever the teacher may do, so nothing in a notebook may act in it. These functions
take the place of nbconvert's filters; outputs that only a script could show are left out by its ``sanitize_html``.
The names of students and files are escaped too, which nbgrader leaves to whoever chose them.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections import Counter
from functools import partial
from html import escape
from typing import Any

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from autograder.formulas import mathml_or_code

TAGS = {
    *bleach.ALLOWED_TAGS, "br", "caption", "dd", "del", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "img", "p", "pre", "s", "small", "span", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u",
}  # fmt: skip
EMPTY = {"br", "hr", "img", "input", "col", "wbr", "meta", "link"}
MOST_TAGS = 20_000
DEEPEST = 500  # elements within each other, or left open
STYLES = ["background-color", "border", "border-collapse", "border-left", "border-radius", "color", "font-weight",
          "margin", "overflow-wrap", "padding", "text-align", "vertical-align", "white-space"]  # fmt: skip
ATTRIBUTES = {"a": ("href", "title"), "img": ("src", "alt", "width", "height"), "th": ("scope",)}


def clean(html: str | bytes) -> str:
    """HTML with nothing in it that acts, or is fetched from anywhere. A drawing becomes a picture."""
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    if text.lstrip().startswith("<svg"):
        return picture(text)
    text = without_scripts(text)
    if too_deep(text):
        return f"<pre>{escape(text)}</pre>"
    protocols = {*bleach.ALLOWED_PROTOCOLS, "data"}
    return bleach.clean(text, TAGS, allowed, protocols, strip=True, css_sanitizer=CSSSanitizer(STYLES))


def without_scripts(text: str) -> str:
    """HTML without scripts and style sheets, whose text is nothing to be read."""
    pieces, at = [], 0
    unclosed: set[str] = set()
    for opened in re.finditer(r"(?i)<(script|style)\b", text):
        kind = opened[1].lower()
        if opened.start() < at or kind in unclosed:
            continue
        if closed := re.compile(rf"(?i)</{kind}\s*>").search(text, opened.end()):
            pieces.append(text[at : opened.start()])
            at = closed.end()
        else:
            unclosed.add(kind)
    return "".join([*pieces, text[at:]])


def too_deep(text: str) -> bool:
    """Whether there are so many elements, or so many within each other, that a parser would take minutes."""
    left_open: Counter[str] = Counter()
    tags = re.findall(r"<(/?)([a-zA-Z]+)", text)
    if len(tags) > MOST_TAGS:
        return True
    for closing, tag in tags:
        if not closing and tag.lower() not in EMPTY:
            left_open[tag.lower()] += 1
            if left_open.total() > DEEPEST:
                return True
        elif left_open[tag.lower()]:
            left_open[tag.lower()] -= 1
    return False


def allowed(tag: str, name: str, value: str) -> bool:
    """Whether an element may have an attribute. Only pictures hold data, and they hold all of theirs."""
    if name in ("href", "src"):
        data = re.sub(r"\s", "", value).lower().startswith("data:")
        return (tag, data) in (("a", False), ("img", True))
    return name in ("style", *ATTRIBUTES.get(tag, ()))


def picture(svg: str) -> str:
    """An SVG drawing as a picture, in which no script runs, with the text that says what it shows."""
    said = re.search(r'aria-label="([^"<>]*)"', svg.partition(">")[0])
    data = b64encode(svg.encode("utf-8", "replace")).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{said[1] if said else "a drawing"}">'


class Renderer(IPythonRenderer):
    """Markdown to HTML. Formulas are put aside, as words that nobody can guess, until the rest is clean."""

    def __init__(self) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self.aside: dict[str, str] = {}

    def _put_aside(self, latex: str, display: str) -> str:
        word = secrets.token_hex(16)
        self.aside[word] = formula(latex, display)
        return word

    def block_math(self, text: str) -> str:
        return f"<p>{self._put_aside(text, 'block')}</p>"

    def inline_math(self, text: str) -> str:
        return self._put_aside(text, "inline")


def markdown(source: str) -> str:
    """A text in Markdown as clean HTML, with its formulas in MathML."""
    renderer = Renderer()
    html = clean(MarkdownWithMath(renderer=renderer).render(source))
    return re.sub("<[^>]*>|[0-9a-f]{32}", lambda found: renderer.aside.get(found[0], found[0]), html)  # not in a tag


def formula(latex: str, display: str) -> str:
    """A formula as MathML, or as it was written where that cannot be made or would lead somewhere."""
    made = mathml_or_code(latex, display)
    acts = re.search(r"(?i)<(?!/?m)|href|\son\w+\s*=|script:", made)  # a student may have written anything
    return f"<code>{escape(latex)}</code>" if acts else made


class EscapedNames(Preprocessor):
    """Names as a page with a student's notebook may show them."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        return nb, resources


def escape_in_pages() -> None:
    """Let formgrader's other pages escape what they show. nbgrader has no setting for how it makes them."""
    from nbgrader.server_extensions.formgrader import formgrader

    formgrader.Environment = partial(formgrader.Environment, autoescape=True)
