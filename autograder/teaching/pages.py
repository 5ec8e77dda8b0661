"""The pages of the teaching pack, in plain Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring import times
from autograder.teaching.pack import MOST_MISTAKES, Chapter, Pack
from autograder.texts import count
from autograder.writing import write_whole
from course.check import Unit
from course.check.verdict import rounded

HOME, GLOSSARY, EXAM = "README.md", "glossary.md", "exam.md"
TEMPLATES = Environment(
    loader=PackageLoader("autograder.teaching", "."),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)  # Markdown, written from our own files; nothing of a submission gets here
TEMPLATES.globals.update(count=count, times=times)


def plain(text: str) -> str:
    """A text of the checks as Markdown: code between backticks stays, and nothing else is a mark."""
    parts = text.split("`")
    return "`".join(
        part if number % 2 else re.sub(r"([\\*_<\[$~])", r"\\\1", part) for number, part in enumerate(parts)
    )


TEMPLATES.filters.update(plain=plain, rounded=rounded)


def lesson_in_repository(unit: Unit) -> str:
    """Where a lesson lies, seen from ``docs/teaching/``."""
    return f"../../course/{unit.name}/lesson.md"


def pages_of(
    pack: Pack, answers: bool = True, lesson: Callable[[Unit], str] = lesson_in_repository, slides: str = ""
) -> dict[str, str]:
    """The pages by their names. Without ``answers`` they can be shown to everybody.

    ``lesson`` says where a unit's lesson lies, seen from the pages, and ``slides`` where the decks do, if anywhere.
    """
    shared = {"pack": pack, "answers": answers, "lesson": lesson, "slides": slides, "most": MOST_MISTAKES}
    pages = {HOME: _render("home", **shared), GLOSSARY: _render("glossary", **shared)}
    if pack.exam:
        pages[EXAM] = _render("exam", **shared)
    return pages | {page_name(chapter): _render("unit", chapter=chapter, **shared) for chapter in pack.chapters}


def page_name(chapter: Chapter) -> str:
    return f"{chapter.unit.name}.md"


def _render(template: str, **values: object) -> str:
    return TEMPLATES.get_template(f"{template}.md.j2").render(values).rstrip() + "\n"


def write_pages(pages: dict[str, str], into: Path) -> None:
    """Write the pages into a folder, and remove what earlier ones have left there."""
    into.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        write_whole(into / name, text)
    for path in into.glob("*.md"):
        if path.name not in pages:
            path.unlink()


def stale_pages(pages: dict[str, str], folder: Path) -> list[str]:
    """How the pages in a folder differ from what they should be, a line each."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    faults = [
        f"{name}: {'differs' if name in there else 'missing'}" for name in pages if there.get(name) != pages[name]
    ]
    return faults + [f"{name}: written by nobody" for name in sorted(there.keys() - pages.keys())]
