"""Making untrusted HTML harmless, so that it only shows something: a list says what is allowed.

Nothing that is allowed runs, is fetched, sends anything, covers something else or can be named by a script. Whatever
is converted to HTML (Markdown, formulas, terminal colours) goes through here afterwards.
"""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape

import nh3

from autograder.html import formulas

LINK_TAG, LONGEST_LINK = re.compile(r"(?i)<a\b[^>]*"), 3_000
MOST_LINKED = 2_000_000  # characters of links, if each tag held the longest link
LONGEST_HTML = 200_000  # characters, without those of pictures
LARGEST_PICTURES = 8_000_000  # characters of pictures
MOST_TAGS = 10_000

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl", "dt", "em",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp",
    "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
    "var",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"style", "tabindex", "aria-hidden", "aria-label"},
    "a": {"href", "title"},
    "details": {"name", "open"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    **dict.fromkeys(formulas.MATHML_TAGS, formulas.MATHML_ATTRIBUTES),
}
STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-left", "border-radius", "border-right",
    "border-top", "color", "display", "font-style", "font-weight", "margin", "overflow-wrap", "overflow-x", "padding",
    "padding-left", "text-align", "text-decoration", "vertical-align", "white-space",
}  # fmt: skip
CODE = {"c", "hl", "k", "m", "n", "o", "s"}
"""CSS classes of pieces of code, which Pygments' style sheets colour."""
ANSI = {
    f"ansi-{name}"
    for colour in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
    for name in (f"{colour}-fg", f"{colour}-bg", f"{colour}-intense-fg", f"{colour}-intense-bg")
} | {"ansi-bold", "ansi-underline", "ansi-default-inverse-fg", "ansi-default-inverse-bg"}  # fmt: skip
"""CSS classes of coloured text, as nbconvert writes them."""

CSS_NUMBER = r"\d{0,3}(?:\.\d{1,6})?(?:px|em|rem|ex|pt|%)?"
COLOUR = r"#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\d.,%]{1,40}\)"
CSS_VALUE = re.compile(rf"{CSS_NUMBER}|[a-z-]+|{COLOUR}|calc\([\da-z.+]{{1,40}}\)", re.I)
"""What each word of a style may be: no address, nothing negative, nothing that moves something elsewhere."""
SPACE = re.compile(r"(?:-?0?\.\d{1,6}|\d(?:\.\d{1,6})?|1\d)(?:em|ex|px|pt|mu|%)?|[a-z]+", re.I)
"""What each word of a length in a formula may be, so that nothing is moved far."""
SVG_END = re.compile(r"(?i)</svg\s*>")
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*", re.I)
FORMATTING = re.compile(r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/][^>]*>?", re.I)
"""A formatting tag with attributes. A parser opens such a tag again in each paragraph until it is closed, so many tags
with different attributes would turn a short text into a very long one."""


def clean(html: str | bytes) -> str:
    """HTML in which nothing runs and nothing is fetched. SVG drawings become pictures.

    HTML that would take too long to clean is shown as source text.
    """
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    if text.lstrip()[:4].lower() == "<svg":
        return svg_image(text)
    text = FORMATTING.sub(r"<\1>", without_scripts(with_images(text)))
    pictures = sum(len(found[0]) for found in PICTURE.finditer(text))
    if len(text) - pictures > LONGEST_HTML or pictures > LARGEST_PICTURES or text.count("<") > MOST_TAGS:
        return as_written(text)
    link = max((len(found) for found in LINK_TAG.findall(text)), default=0)
    if link > LONGEST_LINK or link * text.count("<") > MOST_LINKED:  # an unclosed link is opened again in each tag
        return as_written(text)
    return CLEANER.clean(text)


def as_written(text: str) -> str:
    """A text as preformatted HTML, cut to ``LONGEST_HTML`` characters, with how many are left out."""
    left = f"\n… and {len(text) - LONGEST_HTML:,} characters more" if len(text) > LONGEST_HTML else ""
    return f"<pre>{escape(text[:LONGEST_HTML])}{left}</pre>"


def svg_image(svg: str) -> str:
    """An SVG drawing as an ``<img>``, in which no script runs, with the drawing's label as its alternative text."""
    if len(svg) > LARGEST_PICTURES * 3 // 4:
        return as_written(svg)
    said = re.search(r'aria-label="([^"<>]{1,2000})"', svg[:4000].partition(">")[0])
    data = b64encode(svg.encode("utf-8", "replace")).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{said[1] if said else "a drawing"}">'


def with_images(text: str) -> str:
    """HTML whose SVG drawings are pictures. A drawing that is not closed stays as it is, and so does what follows."""
    pieces, at = [], 0
    for opened in re.finditer(r"(?i)<svg\b", text):
        if opened.start() < at:
            continue
        closed = SVG_END.search(text, opened.end())
        if not closed:
            break
        pieces += [text[at : opened.start()], svg_image(text[opened.start() : closed.end()])]
        at = closed.end()
    return "".join([*pieces, text[at:]])


def without_scripts(text: str) -> str:
    """HTML without scripts and style sheets, whose text nobody should read. One that is not closed stays, as text."""
    pieces, at = [], 0
    unclosed: set[str] = set()
    for opened in re.finditer(r"(?i)<(script|style)\b", text):
        kind = opened[1].lower()
        if opened.start() < at:
            continue
        pieces.append(text[at : opened.start()])
        closed = None if kind in unclosed else re.compile(rf"(?i)</{kind}\s*>").search(text, opened.end())
        if closed:
            at = closed.end()
        else:
            unclosed.add(kind)
            pieces.append("&lt;")
            at = opened.start() + 1
    return "".join([*pieces, text[at:]])


def _allowed(tag: str, name: str, value: str) -> str | None:
    """The value of an allowed attribute, or None if this value is not allowed."""
    if name == "style":
        return _style(value)
    if name == "src":
        return value if PICTURE.fullmatch(value.strip()) else None
    if name == "href":
        return value if re.match(r"(?:https?|mailto):", value.strip(), re.I) else None
    if name == "name":  # of a <details> element: one of several is open
        return value if re.fullmatch(r"choices-[\w-]{1,40}", value) else None
    if name == "tabindex":
        return value if value == "0" else None
    if name in ("colspan", "rowspan", "start"):
        return value if re.fullmatch(r"\d{1,3}", value) else None
    if tag == "img" and name in ("width", "height"):
        return value if re.fullmatch(r"\d{1,4}(?:\.\d+)?(?:px|%)?", value) else None
    if tag in formulas.MATHML_TAGS and name in formulas.LENGTHS:
        return value if all(map(SPACE.fullmatch, value.split())) else None
    return value


def _style(value: str) -> str | None:
    """The allowed declarations of a style, or None if there are none."""
    kept = []
    for declared in value[:1000].split(";"):
        name, _, wanted = declared.partition(":")
        wanted = re.sub(r"\s*([,+])\s*", r"\1", wanted.partition("!")[0])
        if name.strip().lower() == "display" and wanted.strip() != "inline-block":
            continue
        if name.strip().lower() in STYLES and all(map(CSS_VALUE.fullmatch, wanted.split())):
            kept.append(f"{name.strip()}:{declared.partition(':')[2].partition('!')[0].strip()}")
    return ";".join(kept) or None


CLEANER = nh3.Cleaner(
    tags=TAGS | formulas.MATHML_TAGS,
    clean_content_tags={"script", "style"},
    attributes=ATTRIBUTES,
    allowed_classes={"span": CODE | ANSI, "div": {"highlight"}, "pre": {"code"}},
    attribute_filter=_allowed,
    url_schemes={"http", "https", "mailto", "data"},
    url_relative="deny",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel="noopener noreferrer",
)
