"""The audit as tables: in the terminal, and as a page for docs/."""

from __future__ import annotations

from rich.table import Table

from autograder.authoring.audit import TaskAudit

COLUMNS = (
    ("rejected", "mistakes"), ("named", "mistakes"), ("accepted", "alternatives"), ("settled", "generated"),
)  # fmt: skip
"""What is counted, and out of how many."""


def audit_table(audits: list[TaskAudit]) -> Table:
    """All audits, a row each, with the sums below."""
    table = Table(title="What the checks prove", show_footer=True, title_justify="left")
    table.add_column("unit", "all")
    table.add_column("task", f"{len(audits)} tasks")
    for done, of in COLUMNS:
        table.add_column(f"{of}\n{done}", _share(audits, done, of), justify="right")
    for a in audits:
        counts = [(getattr(a, done), getattr(a, of)) for done, of in COLUMNS]
        cells = [f"[{'green' if n == of else 'red'}]{n} of {of}[/]" for n, of in counts]
        table.add_row(a.unit, a.task, *cells)
    return table


PAGE = """# What the checks prove

`autograder audit --markdown docs/checks.md` tries every check, and writes this page.

- **Known mistakes** are wrong answers that learners write, or that we expect. Each must lose points and be named.
- **Right answers** are the reference and others that compute the same in another way. Each must keep all points.
- **Generated answers** are the reference with one small change each: another operator, another constant, another
  axis, a statement left out, two arguments exchanged. Each must be rejected, unless it computes the same: then the
  unit's `equivalents.py` says why.

We made these lists, or generated them. So they say that no answer of these kinds gets through. They do not say how
often a check is right about answers that nobody here has seen.

| unit | task | points | known mistakes: named | right answers: accepted | generated: rejected | equivalent |
|---|---|---:|---:|---:|---:|---:|
"""


def audit_markdown(audits: list[TaskAudit]) -> str:
    """The page, with a row for each task and the sums below."""
    rows = [(a.unit, a.task, f"{a.points:g}", *_counts([a])) for a in audits]
    rows.append(("**all**", f"{len(audits)} tasks", f"{sum(a.points for a in audits):g}", *_counts(audits)))
    return PAGE + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _counts(audits: list[TaskAudit]) -> tuple[str, ...]:
    shares = ("named", "mistakes"), ("accepted", "alternatives"), ("killed", "generated")
    return *(_share(audits, done, of) for done, of in shares), str(_total(audits, "equivalent"))


def _share(audits: list[TaskAudit], done: str, of: str) -> str:
    return f"{_total(audits, done)} of {_total(audits, of)}"


def _total(audits: list[TaskAudit], count: str) -> int:
    return sum(getattr(a, count) for a in audits)
