"""What a student's notebook may show in formgrader and in nbgrader's feedback: text, tables, pictures and formulas.

The page that shows it can do whatever the teacher may do, so nothing in a notebook may act in it. These functions take
the place of nbconvert's filters. Each ends in ``sanitize.clean``, and converts only so much of a notebook that a page
is there in seconds: what is over that is shown as it was written.
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

from autograder import formulas
from autograder.sanitize import as_written, clean

LIMITS = {
    "Markdown": (20_000, 200_000),
    "formula": (formulas.LONGEST, 40_000),
    "HTML": (8_000_000, 20_000_000),  # most of it pictures
    "code": (20_000, 300_000),
    "text": (100_000, 1_000_000),
    "written": (20_000_000, 20_000_000),
}
"""For each kind of text, how many characters of a piece and of a whole notebook are converted."""
LONGEST_LINE = 400  # of code in colours

_left: ContextVar[dict[str, int] | None] = ContextVar("left", default=None)


def start_notebook() -> None:
    """Let filters convert as much as they may of one notebook."""
    _left.set({kind: total for kind, (_, total) in LIMITS.items()})


def within(kind: str, text: str) -> bool:
    """Whether a text of this kind is to be converted; if so, it counts."""
    left = _left.get()
    if len(text) > LIMITS[kind][0] or (left is not None and len(text) > left[kind]):
        return False
    if left is not None:
        left[kind] -= len(text)
    return True


def bounded(kind: str) -> Callable[[Callable[[str], str]], Callable[..., str]]:
    """Makes a filter of a function from text to HTML: clean, and what is too much is shown as it was written."""

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
    """Patterns of formulas that look for their end no further away than a formula may be long."""
    most = formulas.LONGEST
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


@bounded("Markdown")
def markdown(source: str) -> str:
    """A text in Markdown as clean HTML, with its formulas in MathML."""
    return MarkdownWithMath(Renderer(), block=_Blocks(), inline=_Inline()).render(source)


@bounded("HTML")
def html(text: str) -> str:
    """HTML, of which only what is harmless stays."""
    return text


@bounded("text")
def terminal(text: str) -> str:
    """A text for a terminal, with its colours."""
    return ansi2html(text)


@bounded("code")
def code(source: str) -> str:
    """Code, in colours where it is Python."""
    return f'<div class="highlight"><pre>{_coloured(source)}</pre></div>'


def _coloured(source: str) -> str:
    """Python code as HTML. Coloured is what Python's own tokenizer takes, which needs no longer for odd code."""
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
        pass  # a magic, say, or what is not finished: the rest has no colours
    return "".join([*pieces, escape(source[done:])])


def _class_of(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return "k" if keyword.iskeyword(token.string) else ""
    return {tokenize.STRING: "s", tokenize.COMMENT: "c", tokenize.NUMBER: "m"}.get(token.type, "")


def unchanged(text: str) -> str:
    """Takes the place of a filter that is not needed and slow for some texts."""
    return text
