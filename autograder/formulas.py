"""Formulas as MathML, so that no script has to draw them."""

from __future__ import annotations

import re
from html import escape

IN_TEXT = re.compile(r"\\text\{([^{}$]*)\$([^$]*)\$([^{}$]*)\}")
"""A formula within words within a formula, which the converter would leave in dollars."""

MENDED = {
    r"<mi>(&#x000B1;|&#x027F9;|:)</mi>": r"<mo>\1</mo>",  # ± ⟹ : are operators, with space around them
    r"<msup><mi>([^<]+)</mi><mi>(&#x0203[234];)</mi></msup>": (  # a prime is raised by itself
        r'<mrow><mi>\1</mi><mo lspace="0" rspace="0">\2</mo></mrow>'
    ),
    r"(<mi>(?:ln|log|exp|sin|cos)</mi>)(?=<m(?!o))": r'\1<mspace width="0.17em"></mspace>',
}
"""What the converter makes and a reader would stumble over, and what it is made into."""


def mathml(latex: str, display: str) -> str:
    """A formula as MathML, ``display`` being ``"inline"`` or ``"block"``; as code where it cannot be converted."""
    from latex2mathml.converter import convert

    try:
        made = convert(IN_TEXT.sub(r"\\text{\1}\2\\text{\3}", latex), display=display)
    except Exception:  # of many kinds, for the converter parses with its own classes and the standard library's
        return f"<code>{escape(latex)}</code>"
    for pattern, better in MENDED.items():
        made = re.sub(pattern, better, made)
    return made
