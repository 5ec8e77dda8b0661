"""Formulas as MathML, so that no script has to draw them and a screen reader reads them."""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree

LONGEST, DEEPEST = 2000, 40
"""Characters of a formula, and brackets within each other in it: beyond, the converter's time grows too fast."""

TAGS = {
    "math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt",
    "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
LENGTHS = {
    "columnspacing", "depth", "height", "linethickness", "lspace", "mathsize", "maxsize", "minsize", "rowspacing",
    "rspace", "voffset", "width",
}  # fmt: skip
ATTRIBUTES = LENGTHS | {
    "accent", "accentunder", "columnalign", "columnlines", "display", "displaystyle", "fence", "form", "largeop",
    "linebreak", "mathbackground", "mathcolor", "mathvariant", "movablelimits", "notation", "rowlines", "scriptlevel",
    "separator", "stretchy", "symmetric",
}  # fmt: skip
"""All that a formula in MathML is made of; the lengths are those of its attributes that move or stretch something."""

MATHML = "{http://www.w3.org/1998/Math/MathML}"
IN_TEXT = re.compile(r"\\text\{([^{}$]*)\$([^$]*)\$([^{}$]*)\}")
"""A formula within words within a formula, which the converter would leave in dollars."""

WORDS = re.compile(r"(\\(?:text|m|h|f)[a-z]*\{)([^{}]*[<>&][^{}]*)(?=\})")
"""Words within a formula, which the converter takes over as they are, as if they were MathML."""

MENDED = {
    # ± ⟹ : are operators, with space around them.
    r"<mi>(&#x000B1;|&#x027F9;|:)</mi>": r"<mo>\1</mo>",
    # After ( , = [ a minus is a sign.
    r"(<mo[^>]*>(?:&#x000(?:28|2C|3D);|\[)</mo>)<mo>&#x02212;</mo>": r'\1<mo form="prefix">&#x02212;</mo>',
    # A prime is raised by itself.
    r"<msup><mi>([^<]+)</mi><mi>(&#x0203[234];)</mi></msup>": (
        r'<mrow><mi>\1</mi><mo lspace="0" rspace="0">\2</mo></mrow>'
    ),
    # Between a function's name and what it is applied to there is a little space.
    r"(<mi>(?:ln|log|exp|sin|cos)</mi>)(?=<m(?!o))": r'\1<mspace width="0.17em"></mspace>',
}
"""What the converter makes and a reader would stumble over, and what it is made into."""


class NotAFormula(ValueError):
    """LaTeX that cannot be converted."""


def mathml(latex: str, display: str) -> str:
    """A formula as MathML, ``display`` being ``"inline"`` or ``"block"``. Raises NotAFormula."""
    from latex2mathml.converter import convert

    if len(latex) > LONGEST or _depth(latex) > DEEPEST:
        raise NotAFormula(f"the formula {latex[:40]}… is longer than {LONGEST} characters, or deeper than {DEEPEST}")
    words = WORDS.sub(lambda found: found[1] + escape(found[2], quote=False), latex)
    try:
        made = convert(IN_TEXT.sub(r"\\text{\1}\2\\text{\3}", words), display=display)
    except Exception as error:  # of many kinds, for it parses with its own classes and the standard library's
        raise NotAFormula(f"the formula {latex} is not LaTeX: {error}") from error
    for pattern, better in MENDED.items():
        made = re.sub(pattern, better, made)
    if unknown := re.findall(r"\\[A-Za-z]+", made):
        raise NotAFormula(f"the formula {latex} has no MathML for {', '.join(unknown)}")
    _check(made, latex)
    return made


def mathml_or_code(latex: str, display: str) -> str:
    """A formula as MathML, or as it was written, as code, where it cannot be converted."""
    try:
        return mathml(latex, display)
    except NotAFormula:
        return f"<code>{escape(latex)}</code>"


def _depth(latex: str) -> int:
    """How many brackets and environments lie within each other at most, closed or not."""
    deepest = depth = 0
    for step in re.findall(r"\\(?:begin|end|left|right)\b|[{}]", latex):
        depth += 1 if step in ("{", r"\begin", r"\left") else -1
        deepest = max(deepest, depth)
    return deepest


def _check(made: str, latex: str) -> None:
    """Refuse what is more than a formula: the converter takes some of what it is given over as it is."""
    try:
        elements = list(ElementTree.fromstring(made).iter())
    except ElementTree.ParseError as error:
        raise NotAFormula(f"the formula {latex} has no MathML that can be read: {error}") from error
    names = {one.tag.removeprefix(MATHML) for one in elements} - TAGS
    names |= {name for one in elements for name in one.attrib} - ATTRIBUTES
    if names:
        raise NotAFormula(f"the formula {latex} would hold {', '.join(sorted(names))}")
