"""Pieces of HTML that the pages about a class share. What they are given is HTML already, unless a text is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from shlex import quote

from autograder.kernels.sandbox import NONE, STRICT
from course.check import Verdict
from course.check.verdict import rounded

CONFINED = {
    STRICT: "confined, each in a sandbox of its own",
    NONE: "unconfined, with the rights of the account that graded them",
}


def ways(isolations: Iterable[str]) -> str:
    """In which isolation notebooks ran, as items of a list."""
    return "".join(
        f"<li>{n} {escape(CONFINED.get(kind, f'in isolation {kind!r:.40}'))}</li>"
        for kind, n in Counter(isolations).most_common()
    )


def table(
    label: str, head: Sequence[str], rows: Iterable[Sequence[str]], foot: Sequence[str] = (), kind: str = ""
) -> str:
    """A table that scrolls where it is too wide. The first cell of each row is its header; ``label`` is a text.

    A cell that begins with ``<td`` brings its own tag.
    """
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    below = f"<tfoot><tr>{_cells(foot)}</tr></tfoot>" if foot else ""
    shape = f' class="{kind}"' if kind else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(label)}"><table{shape}>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody>{below}</table></div>"
    )


def _cells(row: Sequence[str]) -> str:
    first, *others = row
    return f'<th scope="row">{first}</th>' + "".join(
        one if one.startswith("<td") else f"<td>{one}</td>" for one in others
    )


def cell(verdict: Verdict | None) -> str:
    """The cell of a student's mark for a task."""
    if verdict is None:
        return "<td>–</td>"
    kind = "full" if verdict.right else "none" if verdict.points == 0 else "part"
    said = verdict.mistake or ("not answered" if verdict.unanswered else "not defined" if verdict.undefined else "")
    return f'<td class="{kind}">{rounded(verdict.points)}<small>{escape(said)}</small></td>'


def mistakes_section(mistakes: Iterable[tuple[int, str, str, str]]) -> str:
    """Named mistakes, as ``commonest_mistakes`` counts them."""
    rows = [(escape(task), str(count), escape(name), escape(hint)) for count, task, name, hint in mistakes]
    found = table("Mistakes", ["task", "students", "mistake", "hint"], rows, kind="words") if rows else "<p>None.</p>"
    return f"<h2>The commonest mistakes</h2>{found}"


def short(text: str, most: int = 60) -> str:
    """A text of a student as HTML, cut where it is long."""
    return escape(text if len(text) <= most else f"{text[: most - 1]}…")


def full_name(student: str) -> str:
    """The whole name of a student as HTML, broken into lines where it is long."""
    return f'<span class="names">{escape(student)}</span>'


def names(students: Sequence[str], most: int = 12) -> str:
    """Names of students as HTML; where there are many, the first, and how many more."""
    more = f" and {len(students) - most} more" if len(students) > most else ""
    return f'<span class="names">{", ".join(map(short, students[:most]))}{more}</span>'


def command(words: str, course_dir: Path) -> str:
    """An ``autograder`` command about a course folder as HTML, as one types it where the page was made."""
    where = "" if course_dir.resolve() == Path.cwd() else f" --course-dir {quote(str(course_dir))}"
    return f"<code>{escape(f'autograder {words}{where}')}</code>"
