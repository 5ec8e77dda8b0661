"""A Sphinx extension: formulas become MathML while the pages are made, so that no script has to draw them."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

log = logging.getLogger(__name__)

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


def mathml(node: nodes.Element, display: str) -> str:
    """A formula as MathML. What cannot be converted becomes a warning, with the formula."""
    latex = node.astext()
    try:
        made = convert(IN_TEXT.sub(r"\\text{\1}\2\\text{\3}", latex), display=display)
    except Exception as error:  # of many kinds, for it parses with its own classes and the standard library's
        log.warning("the formula %s is not LaTeX: %s", latex, error, location=node)
        return ""
    for pattern, better in MENDED.items():
        made = re.sub(pattern, better, made)
    if unknown := re.findall(r"\\[A-Za-z]+", made):
        log.warning("the formula %s has no MathML for %s", latex, ", ".join(unknown), location=node)
    return made


def inline(writer: Any, node: nodes.Element) -> None:
    writer.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.Element) -> None:
    writer.body.append(f'<div class="math" tabindex="0">{mathml(node, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
