"""A real browser for the tests: the system's Chromium, driven by Playwright.

Fixtures for ``conftest``. The browser lives for one module, since Playwright's event loop runs as long as it does,
and other tests start loops of their own.
"""

from itertools import product
from urllib.parse import urlsplit

import pytest
from programs import need
from sampled import few
from waiting import PATIENCE

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]  # fmt: skip
HERE = {"127.0.0.1", "localhost", "", None}
VIEWS = few(product((400, 1280), ("light", "dark")), {(400, "dark"), (1280, "light")}.__contains__)
"""Widths and colour schemes in which a page must read well."""


@pytest.fixture(scope="module")
def chromium():
    """The browser."""
    from playwright.sync_api import sync_playwright

    path = need("libatomic", "chromium")  # what Playwright runs needs the first
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """``open_page(address, …)`` opens a page, given as a path or an address. At its end, the test fails if a page
    logged an error, raised one, or sent a request to another machine.

    ``allowed`` lists parts of messages that are ignored. Other options are those of a browser's context, such as
    ``color_scheme="dark"``, ``java_script_enabled=False`` or ``viewport={"width": 400, "height": 800}``.
    """
    contexts, faults = [], []

    def open_one(address, allowed=(), **options):
        def note(what):
            if not any(part in what for part in allowed):
                faults.append(what)

        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: note(f"console: {said(message)}") if message.type == "error" else None)
        page.on("pageerror", lambda error: note(f"error: {error}"))
        page.on("request", lambda request: note(f"request: {request.url}") if leaves(request.url) else None)
        page.goto(str(address) if "://" in str(address) else address.resolve().as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not faults, "\n".join(faults)


def said(message):
    """What a page logged, and where."""
    return f"{message.text} ({message.location['url']})"


def leaves(address):
    """Whether a request would leave this machine."""
    parts = urlsplit(address)
    return parts.scheme not in ("file", "data", "blob", "about") and parts.hostname not in HERE


def open_submission(page, unit, student):
    """From a page of nbgrader's formgrader to a student's submission of a unit."""
    formgrader = page.url.partition("/formgrader")[0] + "/formgrader"
    listed = page.request.get(f"{formgrader}/api/submitted_notebooks/{unit.assignment}/{unit.name}").json()
    page.goto(f"{formgrader}/submissions/{next(one['id'] for one in listed if one['student'] == student)}/")
    wait_for_marks(page)


def wait_for_marks(page):
    """Wait until a submission's page has its marks. Playwright's own waiting needs ``eval``, which the page forbids."""
    from waiting import wait_until

    loaded = "Boolean(formgrader.grades && formgrader.grades.loaded && formgrader.comments.loaded)"
    assert wait_until(lambda: page.evaluate(loaded), 60)


def barriers(page, within=None):
    """Axe's serious and critical findings, in words: what keeps people with a disability from using a page, or the
    parts of it that a CSS selector names."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, within).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
