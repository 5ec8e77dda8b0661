"""Formulas as MathML, so that no script has to draw them and a screen reader reads them."""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree

LONGEST_FORMULA, DEEPEST_FORMULA = 2000, 40
"""Limits for a formula, in characters and in nested brackets: beyond them, the converter's time grows too fast."""

MATHML_TAGS = {
    "math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt",
    "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
LENGTHS = {
    "columnspacing", "depth", "height", "linethickness", "lspace", "mathsize", "maxsize", "minsize", "rowspacing",
    "rspace", "voffset", "width",
}  # fmt: skip
MATHML_ATTRIBUTES = LENGTHS | {
    "accent", "accentunder", "columnalign", "columnlines", "display", "displaystyle", "fence", "form", "largeop",
    "linebreak", "mathbackground", "mathcolor", "mathvariant", "movablelimits", "notation", "rowlines", "scriptlevel",
    "separator", "stretchy", "symmetric",
}  # fmt: skip
"""The tags and attributes of a formula in MathML; ``LENGTHS`` are the attributes that move or stretch something."""

MATHML = "{http://www.w3.org/1998/Math/MathML}"
IN_TEXT = re.compile(r"\\text\{([^{}$]*)\$([^$]*)\$([^{}$]*)\}")
r"""A formula within ``\text{…}`` within a formula, whose dollars the converter would leave in."""

WORDS = re.compile(r"(\\(?:text|m|h|f)[a-z]*\{)([^{}]*[<>&][^{}]*)(?=\})")
"""Words within a formula that hold <, > or &, which the converter does not escape."""

MENDED = {
    # ±, ⟹ and : are operators, with space around them.
    r"<mi>(&#x000B1;|&#x027F9;|:)</mi>": r"<mo>\1</mo>",
    # After ( , = [ a minus is a sign.
    r"(<mo[^>]*>(?:&#x000(?:28|2C|3D);|\[)</mo>)<mo>&#x02212;</mo>": r'\1<mo form="prefix">&#x02212;</mo>',
    # The sign for a prime is raised already.
    r"<msup><mi>([^<]+)</mi><mi>(&#x0203[234];)</mi></msup>": (
        r'<mrow><mi>\1</mi><mo lspace="0" rspace="0">\2</mo></mrow>'
    ),
    # A little space separates a function's name from its argument.
    r"(<mi>(?:ln|log|exp|sin|cos)</mi>)(?=<m(?!o))": r'\1<mspace width="0.17em"></mspace>',
}
"""Corrections of the converter's MathML: patterns and their replacements."""


class NotAFormula(ValueError):
    """LaTeX that cannot be converted."""


def mathml(latex: str, display: str) -> str:
    """A formula as MathML, ``display`` being ``"inline"`` or ``"block"``. Raises NotAFormula."""
    from latex2mathml.converter import convert

    if len(latex) > LONGEST_FORMULA or _depth(latex) > DEEPEST_FORMULA:
        raise NotAFormula(
            f"the formula {latex[:40]}… is longer than {LONGEST_FORMULA} characters, or deeper than {DEEPEST_FORMULA}"
        )
    words = WORDS.sub(lambda found: found[1] + escape(found[2], quote=False), latex)
    try:
        made = convert(IN_TEXT.sub(r"\\text{\1}\2\\text{\3}", words), display=display)
    except Exception as error:  # it raises its own classes and the standard library's
        raise NotAFormula(f"the formula {latex} is not LaTeX: {error}") from error
    for pattern, better in MENDED.items():
        made = re.sub(pattern, better, made)
    if unknown := re.findall(r"\\[A-Za-z]+", made):
        raise NotAFormula(f"the formula {latex} has no MathML for {', '.join(unknown)}")
    _check(made, latex)
    return made


def mathml_or_code(latex: str, display: str) -> str:
    """A formula as MathML, or its LaTeX as code if it cannot be converted."""
    try:
        return mathml(latex, display)
    except NotAFormula:
        return f"<code>{escape(latex)}</code>"


def _depth(latex: str) -> int:
    """The greatest depth of nested brackets and environments, closed or not."""
    deepest = depth = 0
    for step in re.findall(r"\\(?:begin|end|left|right)\b|[{}]", latex):
        depth += 1 if step in ("{", r"\begin", r"\left") else -1
        deepest = max(deepest, depth)
    return deepest


def _check(made: str, latex: str) -> None:
    """Refuse MathML with other tags or attributes, since the converter copies some of its input. Raises NotAFormula."""
    try:
        elements = list(ElementTree.fromstring(made).iter())
    except ElementTree.ParseError as error:
        raise NotAFormula(f"the formula {latex} has no MathML that can be read: {error}") from error
    names = {one.tag.removeprefix(MATHML) for one in elements} - MATHML_TAGS
    names |= {name for one in elements for name in one.attrib} - MATHML_ATTRIBUTES
    if names:
        raise NotAFormula(f"the formula {latex} would hold {', '.join(sorted(names))}")
