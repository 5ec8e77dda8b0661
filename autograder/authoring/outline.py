"""What a lesson consists of, as its author wrote it: objectives, sections, questions and words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jupytext.myst import myst_to_notebook
from nbformat import NotebookNode

from autograder.authoring.marks import MODEL_ANSWER

OBJECTIVES, NEEDED, LEARNT, WORDS = "After this unit you can", "You need", "What you have learnt", "The words"
UNIT_NUMBERS = re.compile(r"units? (\d+(?:(?:, and |, | and | to )\d+)*)")


@dataclass(frozen=True)
class Question:
    """A question that a lesson asks, and its model answer."""

    name: str
    title: str
    text: str
    answer: str


@dataclass(frozen=True)
class Section:
    """A section of a lesson: its title, and its cells without the title."""

    title: str
    cells: list[NotebookNode] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it says, without its code."""
        return "\n\n".join(cell.source for cell in self.cells if cell.cell_type == "markdown")


@dataclass(frozen=True)
class Outline:
    """A lesson. The first section is what stands above all others, and bears the lesson's title."""

    sections: list[Section]

    @property
    def title(self) -> str:
        """The lesson's title, without the unit's number."""
        return re.sub(r"^\d+ · ", "", self.sections[0].title)

    @property
    def introduction(self) -> str:
        """The first paragraph."""
        return self.sections[0].text.strip().partition("\n\n")[0]

    @property
    def objectives(self) -> list[str]:
        """What the reader can do afterwards."""
        return items_of(self.sections[0].text.partition(f"**{OBJECTIVES}**")[2].partition("\n**")[0])

    @property
    def needs(self) -> list[int]:
        """The numbers of the units that this one needs; those that merely help stand behind a semicolon."""
        said = re.search(rf"\*\*{NEEDED}\*\*:([^;]*?)(?=[;]|\n\n|\*\*|\Z)", self.sections[0].text)
        return numbers_in(said[1]) if said else []

    @property
    def learnt(self) -> list[str]:
        return [item for section in self.sections if section.title == LEARNT for item in items_of(section.text)]

    @property
    def questions(self) -> list[Question]:
        return [question_of(cell) for section in self.sections for cell in section.cells if is_question(cell)]

    @property
    def words(self) -> list[list[str]]:
        """The rows of the table of words, without its head: here, PyTorch, TensorFlow, JAX, books."""
        rows = [row for section in self.sections if section.title == WORDS for row in rows_of(section.text)]
        return rows[1:]


def outline_of(lesson: str) -> Outline:
    """The outline of a lesson's text."""
    sections = [Section("")]
    for cell in myst_to_notebook(lesson).cells:
        if cell.cell_type != "markdown" or is_question(cell):
            sections[-1].cells.append(cell)
            continue
        for text in re.split(r"^(?=##? )", cell.source, flags=re.MULTILINE):
            heading = re.match(r"(##?) (.+)\n?", text)
            if heading:
                sections.append(Section(heading[2].strip()))
                text = text[heading.end() :]
            if text.strip():
                sections[-1].cells.append(NotebookNode(cell_type="markdown", metadata={}, source=text.strip()))
    return Outline([section for section in sections if section.title or section.cells])


def is_question(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and "question" in cell.metadata


def question_of(cell: NotebookNode) -> Question:
    asked, _, answer = cell.source.partition(MODEL_ANSWER)
    heading = re.match(r"#+ (.+)\n", asked.lstrip())
    text = asked.lstrip()[heading.end() :] if heading else asked
    name = str(cell.metadata["question"])
    return Question(name, heading[1].strip() if heading else name, text.strip(), answer.strip())


def items_of(text: str) -> list[str]:
    """The items of a list, each in one line."""
    return [" ".join(item.split()) for item in re.findall(r"^- (.+(?:\n  .+)*)", text, re.MULTILINE)]


def rows_of(text: str) -> list[list[str]]:
    """The rows of a table, its head among them."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    return [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]


def numbers_in(text: str) -> list[int]:
    """The numbers of the units that a text names, such as *units 1, 2 and 6 to 8*."""
    found: set[int] = set()
    for listed in UNIT_NUMBERS.findall(text):
        for part in re.split(r", and |, | and ", listed):
            first, _, last = part.partition(" to ")
            found |= set(range(int(first), int(last or first) + 1))
    return sorted(found)
