"""Reading HTML pages in tests."""

from bs4 import BeautifulSoup

WITHIN_LINES = {"a", "b", "code", "em", "i", "span", "strong"}


def parsed(html):
    """A page as a tree of elements."""
    return BeautifulSoup(html, "html.parser")


def without_drawings(html):
    """A page as a tree, without what is within SVG drawings."""
    page = parsed(html)
    for drawing in page("svg"):
        drawing.decompose()
    return page


def text_of(html):
    """The words of a page as they are read, each run of white space as one space."""
    page = without_drawings(html)
    for element in page(lambda tag: tag.name not in WITHIN_LINES):
        element.append(" ")
    return " ".join(page.get_text().split())


def rows_of(table):
    """The texts of a table's cells, row by row."""
    return [[" ".join(cell.get_text(" ").split()) for cell in row(["th", "td"])] for row in table("tr")]
