"""Writing HTML pages: one template environment that escapes every value, and what the templates share.

Only ``Markup``, and objects with ``__html__``, are taken for HTML; everything else is text.
"""

from __future__ import annotations

import math
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.texts import count
from course.check.verdict import rounded

POLICY = Markup(
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'\">"
)
"""Keeps a page from running or fetching anything, whatever the page contains."""


def short(text: str, most: int = 60) -> str:
    """A text, cut to ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def decimal(value: float) -> str:
    """A number with two digits after the point; a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


TEMPLATES = Environment(
    loader=PackageLoader("autograder", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.globals.update(count=count, policy=POLICY)
TEMPLATES.filters.update(decimal=decimal, rounded=rounded, short=short)


def render(template: str, **values: Any) -> str:
    """A page, or a piece of one, from a template, which is named by its path in the package ``autograder``."""
    return TEMPLATES.get_template(template).render(values)
