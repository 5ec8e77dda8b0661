"""The page that a student receives: marks, mistakes, pictures, and what the lesson says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from autograder.feedback import wording
from autograder.feedback.by_hand import ByHand
from autograder.feedback.figures import Figure
from autograder.feedback.lesson import Section, sections, slug, title_of
from autograder.pages import page
from autograder.records import Record
from course.check import Unit, Verdict
from course.check.verdict import Part, rounded

STYLE = """
body { max-width: 50rem; }
tbody th { font-weight: normal; } section { margin: 2rem 0; } .task { border-top: 1px solid var(--line); }
h1, h2, h3 { line-height: 1.25; } .total { font-size: 1.25rem; }
.words td, .words th { vertical-align: top; overflow-wrap: break-word; } .words td.said { overflow-wrap: anywhere; }
.words .number { text-align: right; white-space: nowrap; } .task h2::first-letter { text-transform: uppercase; }
.hint, .comment { border-left: 4px solid var(--some); padding: .1rem 1rem; margin: 1rem 0; }
.comment { border-color: var(--good); white-space: pre-wrap; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
.lesson pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid var(--line); font-size: .875rem; }
.lesson details { margin: .5rem 0; } summary { cursor: pointer; }
math { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math; }
a { color: light-dark(#0b57d0, #8ab4f8); }
.k, .kn, .ow, .kc { color: light-dark(#7a1fa2, #d9a6f5); }
.s1, .s2, .sd, .sa, .si { color: light-dark(#17703c, #7fdc9f); }
.c1 { color: light-dark(#5b6570, #aab4bf); } .mi, .mf { color: light-dark(#8a4b00, #f0b46c); }
.nf, .nc { color: light-dark(#0b57d0, #8ab4f8); }
@media print {
  figure, tr, .hint { break-inside: avoid; } h2, h3, h4 { break-after: avoid; } .lesson { break-before: page; }
  .lesson pre { white-space: pre-wrap; } math[display="block"] { font-size: .8em; } a { color: inherit; }
}
"""


@dataclass(frozen=True)
class Feedback:
    """All that a page tells a student: the grade record, what was added by hand, a figure by task.

    ``errors`` are those with which cells of answers ended, by answer; ``site`` is the address of the course's site, if
    there is one.
    """

    unit: Unit
    record: Record
    by_hand: ByHand = field(default_factory=ByHand)
    figures: dict[str, Figure] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    site: str = ""

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on the unit's tasks that were graded, in the order of the lesson."""
        return [self.record.verdicts[task] for task in self.unit.tasks if task in self.record.verdicts]

    def points(self, task: str) -> float | None:
        """The points of a task: those given by hand, else the grader's; None where there are none yet."""
        verdict = self.record.verdicts.get(task)
        return self.by_hand.points.get(task, verdict.points if verdict else None)

    @property
    def total(self) -> float:
        """The sum less what being late costs, never below 0, as nbgrader and ``autograder export`` count."""
        return max(0.0, sum(self.points(task) or 0.0 for task in self.unit.tasks) - self.by_hand.penalty)


def feedback_page(feedback: Feedback) -> str:
    """The page as HTML that needs nothing else."""
    title = title_of(feedback.unit.name)
    wanted = [section for section in sections(feedback.unit.name) if _has_fault(section, feedback)]
    body = "\n".join(
        [
            f"<h1>{escape(title)}: your results</h1>",
            _summary(feedback),
            *(_task(feedback, verdict) for verdict in feedback.verdicts),
            _findings(feedback.record.findings),
            _lesson(feedback, wanted),
        ]
    )
    return page(f"{title}: results of {wording.short(feedback.record.student)}", body, STYLE)


def _has_fault(section: Section, feedback: Feedback) -> bool:
    return any(not verdict.right for verdict in feedback.verdicts if verdict.task in section.tasks)


def _state(verdict: Verdict) -> tuple[str, str]:
    """The class and the words for how far an answer is right."""
    if verdict.right:
        return "full", "right"
    if verdict.unanswered or verdict.undefined:
        return "none", "not answered" if verdict.unanswered else "not defined"
    return ("none", "not right yet") if verdict.points == 0 else ("part", "partly right")


def _summary(feedback: Feedback) -> str:
    record, rows = feedback.record, []
    for task in feedback.unit.tasks.values():
        verdict = record.verdicts.get(task.name)
        kind, said = _state(verdict) if verdict else ("", "not graded yet")
        name = f'<a href="#task-{task.name}">{_named(task.name)}</a>' if verdict else _named(task.name)
        most = verdict.max_points if verdict else task.points
        rows.append(
            f'<tr><th scope="row">{name}</th><td class="{kind}">{said}</td>'
            f"{_points(feedback.points(task.name), most)}</tr>"
        )
    if feedback.by_hand.penalty:
        rows.append(
            '<tr><th scope="row">handed in late</th><td></td>'
            f'<td class="number">−{rounded(feedback.by_hand.penalty)}</td></tr>'
        )
    most = feedback.unit.points
    student = escape(wording.short(record.student))
    return f"""<p class="total">{student}: <strong>{rounded(feedback.total)} of {most:g} points</strong></p>
<p>Graded on {escape(wording.short(str(record.graded)).partition("T")[0])}.</p>
<div class="wide" tabindex="0" role="region" aria-label="Points by task"><table class="words">
<thead><tr><th scope="col">task</th><th scope="col">your answer</th>
<th scope="col" class="number">points</th></tr></thead>
<tbody>{"".join(rows)}</tbody></table></div>"""


def _named(task: str) -> str:
    return escape(task.replace("_", " "))


def _points(points: float | None, most: float) -> str:
    return f'<td class="number">{"–" if points is None else rounded(points)} of {most:g}</td>'


def _task(feedback: Feedback, verdict: Verdict) -> str:
    kind, said = _state(verdict)
    name, points = verdict.task, f"{rounded(feedback.points(verdict.task) or 0.0)} of {verdict.max_points:g} points"
    by_hand = f" (given by hand; the checks gave {rounded(verdict.points)})" if name in feedback.by_hand.points else ""
    pieces = [
        f'<h2 id="task-{name}">{_named(name)}</h2>',
        f'<p><strong class="{kind}">{said.capitalize()}</strong>: {points}{by_hand}</p>',
        _comments(feedback.by_hand.comments.get(name, [])),
        _mistake(verdict),
        _not_defined(feedback, verdict),
        _read_on(feedback, verdict),
        "" if verdict.right or verdict.unanswered or verdict.undefined else _parts(verdict),
        _figure(feedback.figures.get(name)),
    ]
    return f'<section class="task" aria-labelledby="task-{name}">{"".join(pieces)}</section>'


def _comments(comments: list[str]) -> str:
    return "".join(
        f'<p><strong>From your instructor:</strong></p>\n<blockquote class="comment">{escape(comment)}</blockquote>\n'
        for comment in comments
    )


def _mistake(verdict: Verdict) -> str:
    if not verdict.mistake:
        return ""
    return f'<p class="hint"><strong>This looks like: {escape(verdict.mistake)}.</strong> {escape(verdict.hint)}</p>\n'


def _not_defined(feedback: Feedback, verdict: Verdict) -> str:
    missing = wording.missing_answers(verdict)
    if not missing:
        return ""
    told = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in wording.not_defined(missing, feedback.errors))
    return f"{told}<p>{wording.AGAIN}</p>\n"


def _read_on(feedback: Feedback, verdict: Verdict) -> str:
    """Links to the section of the lesson in which a task stands, for one that is not right."""
    found = [section for section in sections(feedback.unit.name) if verdict.task in section.tasks]
    if verdict.right or not found:
        return ""
    links = f'<a href="#{found[0].anchor}">{escape(found[0].title.replace("`", ""))}</a>'
    if feedback.site:
        links += f', or <a href="{escape(_address(feedback, found[0]))}">on the course’s site</a>'
    return f"<p>The lesson explains it: {links}.</p>\n"


def _address(feedback: Feedback, section: Section) -> str:
    return f"{feedback.site.rstrip('/')}/{feedback.unit.assignment}.html#{slug(section.title)}"


def _parts(verdict: Verdict) -> str:
    share = verdict.max_points / len(verdict.parts)
    rows = "".join(_part(part, share) for part in verdict.parts)
    label = f"Parts of {_named(verdict.task)}"
    return f"""<div class="wide" tabindex="0" role="region" aria-label="{label}"><table class="words">
<thead><tr><th scope="col">part</th><th scope="col">result</th><th scope="col" class="number">points</th></tr></thead>
<tbody>{rows}</tbody></table></div>"""


def _part(part: Part, share: float) -> str:
    result = '<td class="full">right</td>' if part.right else f'<td class="said">{escape(wording.reason(part))}</td>'
    points = share if part.right else 0
    return (
        f'<tr><th scope="row">{escape(part.name)}</th>{result}'
        f'<td class="number">{rounded(points)} of {rounded(share)}</td></tr>'
    )


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return ""
    return (
        f"<figure>{figure.picture.svg}<figcaption>Your answer beside the right one, for the part "
        f"“{escape(figure.part)}”. {escape(figure.words)}</figcaption></figure>"
    )


def _findings(findings: list[tuple[str, str]]) -> str:
    if not findings:
        return ""
    items = "".join(f"<li>{escape(wording.finding(name, detail))}</li>" for name, detail in findings)
    return f'<section aria-labelledby="findings"><h2 id="findings">About your notebook</h2><ul>{items}</ul></section>'


def _lesson(feedback: Feedback, wanted: list[Section]) -> str:
    if not wanted:
        return ""
    return f"""<section class="lesson" aria-labelledby="lesson"><h2 id="lesson">From the lesson</h2>
{"".join(section.html for section in wanted)}</section>"""
