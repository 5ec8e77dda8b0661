"""The results of a class: as a table in the terminal and as one HTML page."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path
from statistics import mean

from rich.markup import escape as escape_markup
from rich.table import Table

from autograder.grader import Graded
from autograder.kernels.sandbox import NONE, STRICT
from autograder.pages import page
from autograder.regrade import Change
from course.check import Unit, Verdict

CONFINED = {
    STRICT: "confined, each in a sandbox of its own",
    NONE: "unconfined, with the rights of the account that graded them",
}


def commonest_mistakes(results: list[Graded]) -> list[tuple[int, str, str, str]]:
    """Count, task, name and hint of every recognised mistake, the commonest first."""
    seen: Counter[tuple[str, str, str]] = Counter(
        (name, verdict.mistake, verdict.hint)
        for result in results
        for name, verdict in result.verdicts.items()
        if verdict.mistake
    )
    return [(count, *what) for what, count in sorted(seen.items(), key=lambda item: (-item[1], item[0]))]


def class_mean(results: list[Graded], task: str) -> float:
    """Mean points of a task over all students who were graded."""
    points = [result.verdicts[task].points for result in results if task in result.verdicts]
    return mean(points) if points else float("nan")


def by_name(results: list[Graded]) -> list[Graded]:
    return sorted(results, key=lambda result: result.student)


def marks_table(unit: Unit, results: list[Graded]) -> Table:
    """Student × task, with the class mean below."""
    table = Table(title=f"{unit.name}: {len(results)} submissions", show_footer=True, title_justify="left")
    table.add_column("student", "class mean")
    for task in unit.tasks.values():
        header = f"{task.name.replace('_', chr(10))}\n/ {task.points:g}"
        table.add_column(header, f"{class_mean(results, task.name):.2f}", justify="right")
    totals = [result.points for result in results if result.verdicts]
    table.add_column(f"total\n/ {unit.points:g}", f"{mean(totals):.2f}" if totals else "", justify="right")
    for result in by_name(results):
        cells = [_cell(result.verdicts.get(task)) for task in unit.tasks]
        total = f"{result.points:g}" if result.verdicts else "[red]not graded[/red]"
        table.add_row(result.student, *cells, f"[bold]{total}[/bold]")
    return table


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "–"
    if verdict.right:
        return f"[green]{verdict.points:g}[/green]"
    return f"[red]{verdict.points:g}[/red]" if verdict.points == 0 else f"[yellow]{verdict.points:g}[/yellow]"


def mistakes_table(results: list[Graded], most: int = 8) -> Table:
    """The commonest named mistakes of a class."""
    table = Table(title="The commonest mistakes", title_justify="left")
    table.add_column("students", justify="right")
    table.add_column("task")
    table.add_column("mistake")
    for count, task, mistake, _ in commonest_mistakes(results)[:most]:
        table.add_row(str(count), task, escape_markup(mistake))
    return table


def changes_table(changes: list[Change]) -> Table:
    """Marks that a regrading changes."""
    table = Table(title="Marks that change", title_justify="left")
    for column in ("student", "task"):
        table.add_column(column)
    for column in ("before", "after"):
        table.add_column(column, justify="right")
    table.add_column("mistake")
    for change in changes:
        points = ("–" if value is None else f"{value:g}" for value in (change.before, change.after))
        row = (change.student, change.task, *points, change.mistake or "")
        table.add_row(*map(escape_markup, row))
    return table


def write_page(unit: Unit, results: list[Graded], path: Path, isolation: str) -> None:
    """Write the results as one HTML page that needs nothing else."""
    tasks = list(unit.tasks.values())
    head = "".join(f'<th scope="col">{escape(task.name)}<br>/ {task.points:g}</th>' for task in tasks)
    means = "".join(f"<td>{class_mean(results, task.name):.2f}</td>" for task in tasks)
    rows = "".join(_page_row(unit, result) for result in by_name(results))
    mistakes = "".join(
        f"<tr><td>{escape(task)}</td><td>{count}</td><td>{escape(name)}</td><td>{escape(hint)}</td></tr>"
        for count, task, name, hint in commonest_mistakes(results)
    )
    odd = "".join(
        f"<li>{escape(result.student)}: {escape(str(finding))}</li>"
        for result in by_name(results)
        for finding in result.findings
    )
    total = mean([result.points for result in results if result.verdicts] or [0.0])
    body = f"""<h1>{escape(unit.name)}: {len(results)} submissions</h1>
<h2>Marks</h2><div class="wide" tabindex="0" role="region" aria-label="Marks by student and task"><table>
<thead><tr><th scope="col">student</th>{head}<th scope="col">total<br>/ {unit.points:g}</th></tr></thead>
<tbody>{rows}</tbody>
<tfoot><tr><th scope="row">class mean</th>{means}<td>{total:.2f}</td></tr></tfoot></table></div>
<h2>The commonest mistakes</h2><div class="wide" tabindex="0" role="region" aria-label="Mistakes"><table class="words">
<thead><tr><th scope="col">task</th><th scope="col">students</th><th scope="col">mistake</th>
<th scope="col">hint</th></tr></thead><tbody>{mistakes}</tbody></table></div>
<h2>Findings</h2><ul>{odd or "<li>none</li>"}</ul>
<p>Submissions ran {CONFINED[isolation]}.</p>"""
    path.write_text(page(f"{unit.name}: results", body), encoding="utf-8")


def _page_row(unit: Unit, result: Graded) -> str:
    cells = "".join(_page_cell(result.verdicts.get(task)) for task in unit.tasks)
    total = f"{result.points:g}" if result.verdicts else "not graded"
    return f'<tr><th scope="row">{escape(result.student)}</th>{cells}<td>{total}</td></tr>'


def _page_cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "<td>–</td>"
    kind = "full" if verdict.right else "none" if verdict.points == 0 else "part"
    said = verdict.mistake or ("not answered" if verdict.unanswered else "")
    return f'<td class="{kind}">{verdict.points:g}<small>{escape(said)}</small></td>'
