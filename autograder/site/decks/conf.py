"""Sphinx's configuration for the decks: reveal.js from the package, a theme of our own, formulas as MathML."""

from __future__ import annotations

from typing import Any

project = "Slides of the course on gradients"
language = "en"
extensions = ["myst_parser", "sphinx_revealjs", "autograder.site.mathml"]
source_suffix = {".md": "markdown"}  # MyST-NB, which made the pages before, changes the default
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
html_copy_source = False
html_use_opensearch = ""
html_favicon = "../static/favicon.svg"

revealjs_html_theme = "revealjs-simple"
revealjs_style_theme = "deck.css"
revealjs_static_path = ["static"]
revealjs_script_conf: dict[str, Any] = {
    "width": 1280,
    "height": 720,
    "margin": 0,
    "center": False,
    "hash": True,
    "slideNumber": "c/t",
    "transition": "none",
}
