"""The links of finished pages: those that lead nowhere, and those that leave the site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class LinkedPage(HTMLParser):
    """What a page links to, what it loads, and the anchors that it has."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.linked: list[str] = []
        self.loaded: list[str] = []
        self.anchors = {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.linked.append(given["href"])
        if tag in LOADED and LOADED[tag] in given:
            self.loaded.append(given[LOADED[tag]])


def read_pages(site: Path) -> dict[Path, LinkedPage]:
    """Every page of a site, by its absolute path."""
    return {path.resolve(): LinkedPage(path) for path in sorted(site.rglob("*.html"))}


def link_faults(site: Path) -> list[str]:
    """Links to a missing page, file or anchor, and whatever a page would load from another site."""
    pages = read_pages(site)
    return [
        f"{page.path.relative_to(site)}: {fault}"
        for page in pages.values()
        for fault in dict.fromkeys([*_unreachable(page, pages), *_loaded_from_elsewhere(page)])
    ]


def _unreachable(page: LinkedPage, pages: dict[Path, LinkedPage]) -> Iterator[str]:
    for link in page.linked + page.loaded:
        if _leaves(link):
            continue
        address, anchor = urldefrag(link)
        path = unquote(urlsplit(address).path)
        target = (page.path.parent / path).resolve() if path else page.path.resolve()
        if not target.is_file():
            yield f"the link {link} leads to no file"
        elif target in pages and unquote(anchor) not in pages[target].anchors:
            yield f"the link {link} leads to no anchor"


def _loaded_from_elsewhere(page: LinkedPage) -> Iterator[str]:
    return (f"{address} would be loaded from elsewhere" for address in page.loaded if _leaves(address))


def external_links(site: Path) -> dict[str, list[str]]:
    """Each link that leaves the site, with the pages that hold it. No link is fetched."""
    found: dict[str, list[str]] = defaultdict(list)
    for page in read_pages(site).values():
        for link in dict.fromkeys(filter(_leaves, page.linked)):
            found[link].append(str(page.path.relative_to(site)))
    return dict(sorted(found.items()))


def _leaves(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")
