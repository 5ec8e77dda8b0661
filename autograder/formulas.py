"""Formulas as MathML, so that no script has to draw them and a screen reader reads them."""

from __future__ import annotations

import re
from html import escape

IN_TEXT = re.compile(r"\\text\{([^{}$]*)\$([^$]*)\$([^{}$]*)\}")
"""A formula within words within a formula, which the converter would leave in dollars."""

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

    try:
        made = convert(IN_TEXT.sub(r"\\text{\1}\2\\text{\3}", latex), display=display)
    except Exception as error:  # of many kinds, for it parses with its own classes and the standard library's
        raise NotAFormula(f"the formula {latex} is not LaTeX: {error}") from error
    for pattern, better in MENDED.items():
        made = re.sub(pattern, better, made)
    if unknown := re.findall(r"\\[A-Za-z]+", made):
        raise NotAFormula(f"the formula {latex} has no MathML for {', '.join(unknown)}")
    return made


def mathml_or_code(latex: str, display: str) -> str:
    """A formula as MathML, or as it was written, as code, where it cannot be converted."""
    try:
        return mathml(latex, display)
    except NotAFormula:
        return f"<code>{escape(latex)}</code>"
