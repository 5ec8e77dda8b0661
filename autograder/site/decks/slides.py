"""The slides of a unit, as Markdown: title and objectives, a slide for each section and question, what was learnt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.lesson import lesson_path
from autograder.authoring.outline import LEARNT, OBJECTIVES, WORDS, Outline, Question, Section, outline_of
from autograder.authoring.times import times_of
from course.check import Unit

MOST_SLIDES = 15
MOST_LETTERS = 260  # of a section's first sentences
MOST_IN_FORMULA = 170
CODE_LINES, CODE_WIDTH, OUTPUT_LINES = 9, 80, 6
LONG, VERY_LONG = 480, 820  # letters beyond which a slide is set smaller
NOT_SHOWN = ("Everything at once", LEARNT, "To go further", WORDS, "Sources")
LICENCE = "Texts and pictures: [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"


@dataclass
class Slide:
    """A slide: its heading, what it says, and whether it may be left out where there are too many."""

    title: str
    body: str
    dispensable: bool = False


def write_deck(unit: Unit, worked: NotebookNode, source: Path) -> None:
    """Write the slides of a unit, with the pictures of its worked notebook."""
    outline = outline_of(lesson_path(unit).read_text(encoding="utf-8"))
    (source / f"{unit.assignment}.md").write_text(deck(unit, outline, worked), encoding="utf-8")


def write_list(units: list[Unit], source: Path) -> None:
    """Write the page that lists the decks."""
    names = "\n".join(unit.assignment for unit in units)
    (source / "index.md").write_text(f"# Slides\n\n```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n", encoding="utf-8")


def deck(unit: Unit, outline: Outline, worked: NotebookNode) -> str:
    """All slides of a unit."""
    shown = {section.title: Shown() for section in outline.sections}
    gather(worked, shown)
    slides = [Slide(OBJECTIVES, sized("\n".join(f"- {item}" for item in outline.objectives)))]
    with_code = next((title for title, one in shown.items() if one.code and not one.picture), "")
    for section in outline.sections[1:]:
        if section.title not in NOT_SHOWN:
            slides.append(section_slide(section, shown[section.title], section.title == with_code))
            slides += [question_slide(question) for question in Outline([section]).questions]
    if outline.learnt:
        slides.append(Slide(LEARNT, sized("\n".join(f"- {item}" for item in outline.learnt))))
    head = f"# {unit.number} · {outline.title}\n\n{sized(first_sentences(outline.introduction))}\n\n"
    foot = f"```{{container}} small\nAbout {times_of(worked).total} minutes. {LICENCE}\n```\n"
    return head + foot + "".join(f"\n## {slide.title}\n\n{slide.body}\n" for slide in fewer(slides))


def fewer(slides: list[Slide]) -> list[Slide]:
    """At most ``MOST_SLIDES`` with the title. Sections with nothing but words go first, then the last ones."""
    spare = len(slides) + 1 - MOST_SLIDES
    bare = [slide for slide in slides if slide.dispensable and "```" not in slide.body and "$$" not in slide.body]
    others = [slide for slide in reversed(slides) if slide.dispensable and slide not in bare]
    leave_out = (bare + others)[: max(spare, 0)]
    return [slide for slide in slides if slide not in leave_out]


@dataclass
class Shown:
    """What the cells of a section show: the first picture, and the first short cell with what it prints."""

    picture: str = ""
    code: str = ""


def gather(worked: NotebookNode, shown: dict[str, Shown]) -> None:
    """Find the pictures and the code of each section. Cells that students answer or that are checked are not taken."""
    here = Shown()
    for cell in worked.cells:
        if cell.cell_type == "markdown":
            for title in re.findall(r"^## (.+)$", cell.source, re.MULTILINE):
                here = shown.get(title.strip(), Shown())
        elif cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            here.picture = here.picture or picture_of(cell)
            here.code = here.code or code_of(cell)


def picture_of(cell: NotebookNode) -> str:
    for output in cell.outputs:
        html = output.get("data", {}).get("text/html", "")
        drawn = re.search(r"<svg\b.*</svg>", html, re.DOTALL)
        if drawn:
            return drawn[0]
    return ""


def code_of(cell: NotebookNode) -> str:
    """A short cell and what it prints; nothing if it is long, or prints nothing."""
    lines = cell.source.splitlines()
    printed = "".join(
        output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout"
    )
    narrow = all(len(line) <= CODE_WIDTH for line in lines + printed.splitlines())
    if not printed or not narrow or len(lines) > CODE_LINES or len(printed.splitlines()) > OUTPUT_LINES:
        return ""
    return f"```python\n{cell.source}\n```\n\n```text\n{printed.rstrip()}\n```"


def section_slide(section: Section, shown: Shown, with_code: bool) -> Slide:
    """A section: its first sentences, its first formula, and its picture or the deck's code."""
    formula = next((one.strip() for one in re.findall(r"\$\$(.+?)\$\$", section.text, re.DOTALL)
                    if len(one) <= MOST_IN_FORMULA), "")  # fmt: skip
    lead = first_sentences(section.text)
    parts = [sized(lead if formula else re.sub(r":$", ".", lead))]
    if formula:
        parts.append(f"$$\n{formula}\n$$")
    if shown.picture:
        low = " low" if formula else ""
        parts.append(f'```{{raw}} html\n<div class="picture{low}">{shown.picture}</div>\n```')
    elif with_code and shown.code:
        parts.append(shown.code)
    return Slide(section.title, "\n\n".join(filter(None, parts)), dispensable=True)


def question_slide(question: Question) -> Slide:
    return Slide(question.title, sized(question.text))


def first_sentences(text: str) -> str:
    """The first sentences of the first paragraph that is neither list, table, heading nor formula."""
    pieces = re.split(r"\$\$.+?\$\$|\n\n+", text, flags=re.DOTALL)
    plain = [" ".join(one.split()) for one in pieces if one.strip() and one.strip()[0] not in "-|#<>:`$.,"]
    taken = ""
    for sentence in re.split(r"(?<=[.?!])\s+(?=[A-Z*`$])", plain[0] if plain else ""):
        if taken and len(taken) + len(sentence) > MOST_LETTERS:
            break
        taken = f"{taken} {sentence}".strip()
    return taken


def sized(text: str) -> str:
    """A text, in a container that sets it smaller if it is long."""
    if len(text) <= LONG:
        return text
    return f"`````{{container}} {'very-long' if len(text) > VERY_LONG else 'long'}\n{text}\n`````"
