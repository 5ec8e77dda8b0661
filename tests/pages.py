"""Reading HTML pages in tests: their text, headings and links."""

from collections import Counter
from html.parser import HTMLParser

HIDDEN = {"style", "script", "svg"}
WITHIN_LINES = {"a", "b", "code", "em", "i", "span", "strong"}


class PageText(HTMLParser):
    """The visible text of a page, its headings' levels, the ids that it has and the anchors that it links to."""

    def __init__(self, html):
        super().__init__()
        self.pieces, self.levels, self.anchors = [], [], []
        self.ids: Counter[str] = Counter()
        self.tags: Counter[str] = Counter()
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags[tag] += 1
        self._hidden += tag in HIDDEN
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.levels.append(int(tag[1]))
        if "id" in given and not self._hidden:
            self.ids[given["id"]] += 1
        if given.get("href", "").startswith("#") and not self._hidden:
            self.anchors.append(given["href"][1:])

    def handle_endtag(self, tag):
        self._hidden -= tag in HIDDEN
        if tag not in WITHIN_LINES:
            self.pieces.append(" ")

    def handle_data(self, data):
        if not self._hidden:
            self.pieces.append(data)

    @property
    def text(self):
        """The text, each run of white space as one space."""
        return " ".join("".join(self.pieces).split())
