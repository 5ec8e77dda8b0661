"""A Sphinx extension: formulas become MathML while the pages are made, so that no script has to draw them."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from autograder.html.formulas import NotAFormula, mathml

log = logging.getLogger(__name__)


def formula(node: nodes.Element, display: str) -> str:
    """A formula as MathML; if it cannot be converted, a warning with the formula, and an empty text."""
    try:
        return mathml(node.astext(), display)
    except NotAFormula as error:
        log.warning("%s", error, location=node)
        return ""


def inline(writer: Any, node: nodes.Element) -> None:
    writer.body.append(formula(node, "inline"))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.Element) -> None:
    writer.body.append(f'<div class="math" tabindex="0">{formula(node, "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
