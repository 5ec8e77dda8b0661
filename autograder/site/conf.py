"""Sphinx's configuration: one theme, nothing from the network, no search, formulas as MathML."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

project = "A course on gradients"
copyright = "2026, its authors. Texts, pictures and slides: CC BY 4.0. Code: BSD 3-Clause"
html_title = project
language = "en"
extensions = ["myst_nb", "autograder.site.mathml", "autograder.site.terms"]
exclude_patterns = ["notebooks"]  # the notebooks for download, which become no pages

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, Any] = {}
nb_merge_streams = True

html_math_renderer = "mathml"
html_theme = "furo"
html_theme_options: dict[str, Any] = {"top_of_page_buttons": []}
html_favicon = "static/favicon.svg"
html_static_path = ["static"]
html_css_files = ["style.css"]
html_sidebars = {
    "**": [f"sidebar/{part}.html" for part in ("brand", "scroll-start", "navigation", "scroll-end")],
}
html_copy_source = False
html_show_sphinx = False
html_use_opensearch = ""

INLINE_FORMULA = re.compile(r'\(?<math [^>]*display="inline">(?:(?!</math>).)*</math>[.,;:!?)]*')
"""An inline formula, with a bracket before it and the punctuation after it."""


def _without_search(app: Sphinx) -> None:
    app.builder.search = False  # type: ignore[attr-defined]


def _tidy(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Let wide code and tables scroll by keyboard, and keep a formula and its punctuation on one line."""
    if "body" in context:
        body = re.sub(r'<(pre|div class="table-wrapper[^"]*")>', r'<\1 tabindex="0">', context["body"])
        context["body"] = INLINE_FORMULA.sub(r'<span class="kept">\g<0></span>', body)


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", _without_search)
    app.connect("html-page-context", _tidy)
