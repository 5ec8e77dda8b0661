"""Turning what was written into HTML, with Sphinx."""

from __future__ import annotations

import io
from pathlib import Path


def make_pages(source: Path, configuration: Path, made: Path, builder: str) -> list[str]:
    """Turn the pages in ``source`` into HTML in ``made``; returns Sphinx's warnings.

    ``configuration`` is the folder with the ``conf.py``, and ``builder`` the name of one of Sphinx's builders.
    """
    from sphinx.application import Sphinx
    from sphinx.util.console import strip_colors
    from sphinx.util.docutils import docutils_namespace

    warnings = io.StringIO()
    with docutils_namespace():
        sphinx = Sphinx(source, configuration, made, source.parent / f"doctrees-{builder}", builder, status=None,
                        warning=warnings, freshenv=True)  # fmt: skip
        sphinx.build()
    return strip_colors(warnings.getvalue()).replace(f"{source}/", "").splitlines()
