"""The slides: made from the lesson, no answer in them, and no more than fit into an hour."""

import re

import nbformat
import pytest

from autograder.authoring.lesson import lesson_path
from autograder.authoring.outline import LEARNT, OBJECTIVES, outline_of
from autograder.course import PROJECT, SOLUTIONS, notebook_path
from autograder.site.decks.slides import (
    MOST_SLIDES,
    Slide,
    deck,
    ended,
    fewer,
    first_sentences,
    paragraphs_of,
    picture_of,
    sized,
)
from course import UNITS
from course.check import load
from course.choices import Choices
from course.figures import Picture

LESSON = """\
# 0 · A lesson

It begins here.

**After this unit you can**

- do it.

## A section with all

The text before the formula, which is long enough:

$$x = y$$

The text after the formula, which is long enough.

```{code-cell}
draw()
```

+++ {"question": "why"}

### Explain: why

Why is that so?

**Model answer**

The secret of it.

+++

## Another section

These are the words of another section.

```{code-cell}
print(1)
```

## Sources

- A book.
"""
SVG = '<svg viewBox="0 0 9 9"><path d="M0 0"/>\n\n</svg>'


def worked():
    """A notebook as it comes from a run of ``LESSON``."""
    picture = nbformat.v4.new_output("display_data", {"text/html": f"<div>{SVG}</div>"})
    printed = nbformat.v4.new_output("stream", name="stdout", text="1\n")
    answer = nbformat.v4.new_code_cell("print(2)", outputs=[printed], metadata={"nbgrader": {"solution": True}})
    cells = [
        nbformat.v4.new_markdown_cell("# 0 · A lesson\n\n## A section with all"),
        nbformat.v4.new_code_cell("draw()", outputs=[picture]),
        nbformat.v4.new_markdown_cell("## Another section"),
        answer,
        nbformat.v4.new_code_cell("print(1)", outputs=[printed]),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def slides_of(text):
    return dict(re.findall(r"^##? (.+?)\n\n(.*?)(?=^##? |\Z)", text, re.DOTALL | re.MULTILINE))


def test_what_a_deck_holds():
    slides = slides_of(deck(load("start_here"), outline_of(LESSON), worked()))
    assert [*slides] == ["0 · A lesson", OBJECTIVES, "A section with all", "Explain: why", "Another section"]
    assert "CC BY 4.0" in slides["0 · A lesson"] and "- do it." in slides[OBJECTIVES]
    section = slides["A section with all"]
    assert section.index("before the formula") < section.index("x = y") < section.index(SVG)
    assert "Why is that so?" in slides["Explain: why"] and "print(1)" in slides["Another section"]


def test_no_deck_holds_an_answer():
    text = deck(load("start_here"), outline_of(LESSON), worked())
    assert "secret" not in text and "Model answer" not in text and "print(2)" not in text


@pytest.mark.parametrize("start", range(3))
def test_of_pictures_to_choose_from_the_first_one_shown_is_on_the_slide(start):
    values = [(f"h open > {n}", n) for n in range(3)]
    choices = Choices(lambda n: Picture(f"<svg><text>{n}</text></svg>", f"picture {n}"), values, start, "h")
    shown = nbformat.v4.new_output("display_data", {"text/html": choices._repr_html_()})
    assert picture_of(nbformat.v4.new_code_cell("choices", outputs=[shown])) == choices.pictures[start].svg


@pytest.mark.parametrize("name", UNITS)
def test_decks_are_short_and_open_and_close_as_the_lesson_does(name):
    unit = load(name)
    notebook = nbformat.read(PROJECT / notebook_path(unit, SOLUTIONS), as_version=4)
    text = deck(unit, outline_of(lesson_path(unit).read_text(encoding="utf-8")), notebook)
    titles = re.findall(r"^##? (.+)$", text, re.MULTILINE)
    assert 5 < len(titles) <= MOST_SLIDES
    assert titles[1] == OBJECTIVES and titles[-1] == LEARNT
    assert "BEGIN SOLUTION" not in text and "<details>" not in text


def test_where_there_are_too_many_slides_those_with_words_alone_go_first():
    kept = [Slide("a", "words"), *(Slide(f"formula {n}", "$$x$$", True) for n in range(12))]
    assert fewer([*kept, Slide("b", "words", True)]) == [*kept, Slide("b", "words", True)]
    many = [*kept, Slide("b", "words", True), Slide("c", "words", True)]
    assert fewer(many) == [*kept, Slide("c", "words", True)]
    formulas = [Slide(f"formula {n}", "$$x$$", True) for n in range(20)]
    assert fewer(formulas) == formulas[: MOST_SLIDES - 1]


def test_sentences_are_whole():
    assert first_sentences("One is here. Two is there.") == "One is here. Two is there."
    assert first_sentences("A" * 300 + ". Another one.") == "A" * 300 + "."
    assert ended("Look at this:") == "Look at this." and ended("Look.") == "Look."
    text = "- an item of a list that is long enough to be shown\n\nA paragraph that is long enough to be shown."
    assert paragraphs_of(text) == ["A paragraph that is long enough to be shown."]


def test_long_texts_are_set_smaller():
    assert sized("short") == "short" and "{container} long" in sized("x" * 500) and "very-long" in sized("x" * 900)
