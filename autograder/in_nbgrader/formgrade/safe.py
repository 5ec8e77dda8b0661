"""What a student's notebook may show in formgrader and in nbgrader's feedback: text, tables, pictures and formulas.

A script in the page could do whatever the teacher may do, so nothing in a notebook may run there. These functions
replace nbconvert's filters. Each ends in ``sanitize.clean``. ``FILTER_LIMITS`` limits how much of a notebook is
converted, so that a page is ready in seconds. The rest is shown as source text.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from html import escape
from typing import Any, ClassVar

from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathBlockParser, MathInlineParser

from autograder.html import formulas
from autograder.html.sanitize import as_written, clean

FILTER_LIMITS = {
    "Markdown": (20_000, 200_000),
    "formula": (formulas.LONGEST_FORMULA, 40_000),
    "HTML": (8_000_000, 20_000_000),  # most of it pictures
    "code": (20_000, 300_000),
    "text": (100_000, 1_000_000),
    "written": (20_000_000, 20_000_000),
}
"""For each kind of text, how many characters are converted: at most in one piece, and in a whole notebook."""
LONGEST_LINE = 400  # of code in colours

_left: ContextVar[dict[str, int] | None] = ContextVar("left", default=None)


def start_notebook() -> None:
    """Start counting for a new notebook: filters may convert as much as ``FILTER_LIMITS`` allows."""
    _left.set({kind: total for kind, (_, total) in FILTER_LIMITS.items()})


def within(kind: str, text: str) -> bool:
    """Whether a text of this kind may still be converted. If so, its length is subtracted from what is left."""
    left = _left.get()
    if len(text) > FILTER_LIMITS[kind][0] or (left is not None and len(text) > left[kind]):
        return False
    if left is not None:
        left[kind] -= len(text)
    return True


def clean_filter(kind: str) -> Callable[[Callable[[str], str]], Callable[..., str]]:
    """Turns a function from text to HTML into a filter: its HTML is cleaned; text over the limits stays source text."""

    def decorated(convert: Callable[[str], str]) -> Callable[..., str]:
        @wraps(convert)
        def shown(text: Any, *_: Any, **__: Any) -> str:
            text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
            if within(kind, text):
                return clean(convert(text))
            return as_written(text) if within("written", text) else "<p>(too long to be shown)</p>"

        return shown

    return decorated


class Renderer(IPythonRenderer):
    """Markdown to HTML, with formulas in MathML and code as it is."""

    def __init__(self) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)

    def block_math(self, body: str) -> str:
        return f"<p>{_formula(body, 'block')}</p>"

    def inline_math(self, body: str) -> str:
        return _formula(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre>{escape(code)}</pre>"  # whoever wrote it could choose any of Pygments' lexers


def _formula(latex: str, display: str) -> str:
    return formulas.mathml_or_code(latex, display) if within("formula", latex) else f"<code>{escape(latex)}</code>"


def _near(specification: dict[str, str]) -> dict[str, str]:
    """Patterns for formulas that search no further for the end than the longest formula."""
    most = formulas.LONGEST_FORMULA
    nearer = {
        name: pattern.replace(".*?", f".{{0,{most}}}?").replace(".+?", f".{{1,{most}}}?")
        for name, pattern in specification.items()
        if "math" in name or "latex" in name
    }
    return specification | nearer


class _Blocks(MathBlockParser):
    SPECIFICATION: ClassVar[dict[str, str]] = _near(MathBlockParser.SPECIFICATION)


class _Inline(MathInlineParser):
    SPECIFICATION: ClassVar[dict[str, str]] = _near(MathInlineParser.SPECIFICATION)


@clean_filter("Markdown")
def markdown(source: str) -> str:
    """A text in Markdown as clean HTML, with its formulas in MathML."""
    return MarkdownWithMath(Renderer(), block=_Blocks(), inline=_Inline()).render(source)


@clean_filter("HTML")
def html(text: str) -> str:
    """The harmless part of HTML."""
    return text


@clean_filter("text")
def terminal(text: str) -> str:
    """A terminal's text as HTML, with its colours."""
    return ansi2html(text)


@clean_filter("code")
def code(source: str) -> str:
    """Code as HTML, coloured if it is Python."""
    return f'<div class="highlight"><pre>{_coloured(source)}</pre></div>'


def _coloured(source: str) -> str:
    """Python code as HTML, coloured as far as Python's own tokenizer can read it, which is fast for any text."""
    lines = io.StringIO(source).readlines()
    if any(len(line) > LONGEST_LINE for line in lines):
        return escape(source)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    pieces, done = [], 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = _class_of(token)
            first, last = (starts[line - 1] + column for line, column in (token.start, token.end))
            if kind and first >= done:
                pieces.append(f'{escape(source[done:first])}<span class="{kind}">{escape(source[first:last])}</span>')
                done = last
    except (tokenize.TokenError, SyntaxError, IndexError, RecursionError):
        pass  # a magic or unfinished code, for example: the rest has no colours
    return "".join([*pieces, escape(source[done:])])


def _class_of(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return "k" if keyword.iskeyword(token.string) else ""
    return {tokenize.STRING: "s", tokenize.COMMENT: "c", tokenize.NUMBER: "m"}.get(token.type, "")


def unchanged(text: str) -> str:
    """Replaces a filter that is not needed, and is slow for some texts."""
    return text
