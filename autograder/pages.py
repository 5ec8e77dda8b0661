"""What all HTML pages share: they need nothing else, no script and no network, and read in light and dark."""

from __future__ import annotations

from html import escape

POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'\">"
)
"""What keeps a page from running or fetching anything, whatever got into it."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: light-dark(#17703c, #52c98a);
  --some: light-dark(#8a5a00, #e2b04a); --bad: light-dark(#b3261e, #ff8a80); }
html { background: Canvas; color: CanvasText; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child, .words th, .words td { text-align: left; }
td small { display: block; }
.full { color: var(--good); } .part { color: var(--some); } .none { color: var(--bad); }
.wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; }
@media print { :root { color-scheme: light; } body { margin: 0; max-width: none; } .wide { overflow: visible; } }
"""


def page(title: str, body: str, style: str = "") -> str:
    """A whole page around its content, which is HTML already; ``style`` is CSS beyond what all pages share."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">{POLICY}<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{STYLE}{style}</style></head><body><main>
{body}
</main></body></html>
"""
