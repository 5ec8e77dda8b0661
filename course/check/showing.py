"""Where a check shows what it has to say: as HTML in a notebook, as text elsewhere."""

from __future__ import annotations

import sys
from typing import Any


def shell_here() -> Any:
    """IPython's shell, which the kernel of a notebook has; None in any other process."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def show(text: str, html: str, instead: bool = False) -> None:
    """Display HTML in a notebook, text elsewhere. ``instead`` removes what the cell has shown before."""
    if shell_here() is None:
        print(text)
        return
    from IPython.display import clear_output, display

    if instead:
        clear_output(wait=True)
    display({"text/plain": text, "text/html": html}, raw=True)
