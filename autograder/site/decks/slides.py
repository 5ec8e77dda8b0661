"""The slides of a unit, as Markdown: title and objectives, a slide for each section and question, what was learnt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.authoring.outline import LEARNT, OBJECTIVES, WORDS, Outline, Question, Section
from autograder.authoring.times import times_of
from course.check import Unit

MOST_SLIDES = 15
FEWEST_LETTERS, MOST_LETTERS = 40, 260  # of a paragraph
MOST_IN_FORMULA, LONG_FORMULA, VERY_LONG_FORMULA = 170, 80, 120  # letters of its LaTeX
CODE_LINES, CODE_WIDTH, OUTPUT_LINES = 9, 80, 6
LONG, VERY_LONG = 480, 820  # letters beyond which a slide is set smaller
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
CLOSED = re.compile(r"<details\b(?![^>]*\sopen\b).*?</details>", re.DOTALL)  # a picture to choose that is not chosen
NOT_SHOWN = ("Everything at once", LEARNT, "To go further", WORDS, "Sources")
LICENCE = "Texts and pictures: [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"


@dataclass
class Slide:
    """A slide: its heading, what it says, and whether it may be left out where there are too many."""

    title: str
    body: str
    dispensable: bool = False


def deck(unit: Unit, outline: Outline, worked: NotebookNode) -> str:
    """All slides of a unit, with the pictures of its worked notebook."""
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
    """The first picture that a cell shows; of pictures to choose from, the one that is open at first."""
    for output in cell.outputs:
        html = output.get("data", {}).get("text/html", "")
        drawn = re.search(r"<svg\b.*?</svg>", CLOSED.sub("", html), re.DOTALL)
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
    """A section: its first sentences and formula; then its picture, the deck's code, or what the text says next."""
    text = re.sub(r"<details>.*?</details>", "", section.text.partition("### ")[0], flags=re.DOTALL)
    formulas = [one for one in FORMULA.finditer(text) if len(one[1]) <= MOST_IN_FORMULA]
    before, formula, after = text, "", ""
    if formulas:
        before, after = text[: formulas[0].start()], text[formulas[0].end() :]
        formula = sized(f"$$\n{formulas[0][1].strip()}\n$$", LONG_FORMULA, VERY_LONG_FORMULA)
    first, *others = [*paragraphs_of(before), ""] if formula else [*paragraphs_of(text), "", ""]
    parts = [first if formula else ended(first), formula]
    if shown.picture:
        parts.append(f'```{{raw}} html\n<div class="picture">{shown.picture}</div>\n```')
    elif with_code and shown.code:
        parts.append(shown.code)
    else:
        parts.append(ended(next(iter(paragraphs_of(after) if formula else others), "")))
    return Slide(section.title, "\n\n".join(filter(None, parts)), dispensable=True)


def question_slide(question: Question) -> Slide:
    return Slide(question.title, sized(question.text))


def paragraphs_of(text: str) -> list[str]:
    """The first sentences of each paragraph: not of lists, tables and formulas, nor of what goes on with a sentence."""
    pieces = [" ".join(one.split()) for one in re.split(r"\n\n+", FORMULA.sub("\n\n", text))]
    return [
        first_sentences(one) for one in pieces if len(one) >= FEWEST_LETTERS and (one[0].isupper() or one[0] == "*")
    ]


def first_sentences(text: str) -> str:
    """Whole sentences of a text, at least one, and no more than fit."""
    taken = ""
    for sentence in re.split(r"(?<=[.?!:])\s+(?=[A-Z*`$])", " ".join(text.split())):
        if taken and len(taken) + len(sentence) > MOST_LETTERS:
            break
        taken = f"{taken} {sentence}".strip()
    return taken


def ended(text: str) -> str:
    """A text that leads to nothing: a colon at its end becomes a full stop."""
    return re.sub(r"[:,]$", ".", text)


def sized(text: str, long: int = LONG, very_long: int = VERY_LONG) -> str:
    """A text, in a container that sets it smaller if it is long."""
    if len(text) <= long:
        return text
    return f"`````{{container}} {'very-long' if len(text) > very_long else 'long'}\n{text}\n`````"
