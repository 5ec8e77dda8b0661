"""The server that formgrader runs in: Jupyter's server with its login and formgrader, and nothing else.

Kernels, terminals and files have no address there, so that no script on a page could reach them. Besides, the pages'
Content-Security-Policy allows only the scripts of nbgrader's own templates, which bear a nonce that nobody can guess.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from functools import cached_property
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemLoader
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import apihandlers, formgrader, handlers
from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule

from autograder.gradebook.handed_in import bound_times

OPEN = re.compile(r"(?:formgrader(?:/.*)?|login|logout|oauth_callback|static/.*|logo|favicon\.ico|lab)?/?")
"""The paths that the server answers, below its base URL."""

FORMGRADER_POLICY = (
    "default-src 'none'; script-src 'nonce-{word}'; connect-src {formgrader}; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
CLICKS = """<script nonce="{{ word_of_page() }}">
addEventListener("click", function (click) {
  const clicked = click.target.closest("[data-click]");
  switch (clicked && clicked.dataset.click) {
    case "toggle_name(true);": return toggle_name(true);
    case "toggle_name(false);": return toggle_name(false);
    case "toggleAllNames()": return toggleAllNames();
    case "createAssignmentModal();": return createAssignmentModal();
    case "createStudentModal();": return createStudentModal();
  }
});
</script></head>"""
"""Replaces ``onclick`` in nbgrader's templates, since the policy allows no script there."""

_word: ContextVar[str] = ContextVar("word")  # the nonce of the page that is being made

ELSEWHERE = """This server shows nbgrader's formgrader and nothing else, so that no submission can reach anything else.
To open a notebook, start JupyterLab in the course folder: jupyter lab
There submissions run confined, if `course doctor` says so.
"""


class Templates(BaseLoader):
    """nbgrader's and nbconvert's templates, with the page's nonce in each script."""

    def __init__(self, folders: list[str]):
        self.files = FileSystemLoader(folders)

    def get_source(self, environment: Environment, template: str) -> Any:
        source, path, fresh = self.files.get_source(environment, template)
        source = re.sub(r"(?i)\sonclick=", " data-click=", source).replace("</head>", CLICKS, 1)
        source = re.sub(r"<script(?=[\s>])(?![^>]*nonce=)", '<script nonce="{{ word_of_page() }}"', source)
        return source, path, fresh


class SafeHandler:
    """Added to nbgrader's request handlers: a new nonce for each page, and headers that protect the page."""

    @cached_property
    def word(self) -> str:
        return secrets.token_urlsafe(16)

    def set_default_headers(self) -> None:
        super().set_default_headers()  # type: ignore[misc]
        address = f"{self.request.host}{self.settings['base_url'].rstrip('/')}/formgrader/"  # type: ignore[attr-defined]
        if not re.fullmatch(r"[\w.:\[\]/~@%-]+", address):  # a request's host may be anything
            address = "'none'"
        policy = FORMGRADER_POLICY.format(word=self.word, formgrader=address)
        self.set_header("Content-Security-Policy", policy)  # type: ignore[attr-defined]
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")  # type: ignore[attr-defined]
        self.set_header("Referrer-Policy", "same-origin")  # type: ignore[attr-defined]

    def render(self, name: str, **names: Any) -> str:
        _word.set(self.word)
        return super().render(name, **names)  # type: ignore[misc]

    @property
    def api(self) -> Any:
        """nbgrader's interface to the course, with times read as we do: one that is none would end a whole page."""
        api = super().api  # type: ignore[misc]
        course = api.coursedir
        bound_times(course)
        api.get_submitted_timestamp = lambda assignment, student: course.get_existing_timestamp(
            course.format_path(course.submitted_directory, student, assignment)
        )
        return api

    @property
    def exporter(self) -> HTMLExporter:
        _word.set(self.word)
        return super().exporter  # type: ignore[misc]


class Start(handlers.BaseHandler):
    """Redirects to the assignments. nbgrader's own handler takes a folder's path and runs the configuration in it."""

    @web.authenticated
    def get(self) -> None:
        self.redirect(f"{self.base_url}/formgrader/manage_assignments")


class Elsewhere(web.RequestHandler):
    """Answers requests for all other paths, with status 404."""

    def prepare(self) -> None:
        self.set_status(404)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.finish(ELSEWHERE)


class NotOpen(Matcher):
    """Matches requests for paths other than ``OPEN``."""

    def __init__(self, base_url: str):
        self.base_url = base_url

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        inside = request.path.startswith(self.base_url) and OPEN.fullmatch(request.path[len(self.base_url) :])
        return None if inside or request.path + "/" == self.base_url else {}


def _page(handler: type) -> type:
    """A request handler with ``SafeHandler`` added. A handler of nbgrader's static files stays as it is."""
    return type(handler.__name__, (SafeHandler, handler), {}) if issubclass(handler, handlers.BaseHandler) else handler


class Formgrader(formgrader.FormgradeExtension):
    """nbgrader's formgrader with safe templates and handlers."""

    def init_tornado_settings(self, webapp: web.Application) -> None:
        super().init_tornado_settings(webapp)
        folders = webapp.settings["nbgrader_exporter"].template_paths
        exporter = HTMLExporter(config=self.config, extra_loaders=[Templates(folders)])
        pages = Environment(loader=Templates([handlers.template_path]), autoescape=True)
        for environment in (exporter.environment, pages):
            environment.globals["word_of_page"] = _word.get
        webapp.settings.update(nbgrader_exporter=exporter, nbgrader_jinja2_env=pages)

    def init_handlers(self, webapp: web.Application) -> None:
        left_out = (handlers.FormgraderHandler, handlers.SubmissionFilesHandler)
        nbgraders = [
            (path, _page(handler), *options)
            for path, handler, *options in [*handlers.default_handlers, *apihandlers.default_handlers]
            if handler not in left_out
        ]
        static = (r"/formgrader/static/(.*)", web.StaticFileHandler, {"path": handlers.static_path})
        start = [(path, _page(Start)) for path in (r"/formgrader/?", r"/lab/?")]
        base_url = webapp.settings["base_url"]
        webapp.add_handlers(
            ".*$", [(url_path_join(base_url, path), *rest) for path, *rest in [*start, *nbgraders, static]]
        )


def _load_jupyter_server_extension(app: ServerApp) -> None:
    extension = Formgrader(parent=app)
    extension.root_dir = app.root_dir
    extension.log = app.log
    extension.initialize([])
    extension.init_tornado_settings(app.web_app)
    extension.init_handlers(app.web_app)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


class Server(ServerApp):
    """Jupyter's server with formgrader only, whatever else is installed or configured."""

    default_services: Any = ()

    def find_server_extensions(self) -> None:
        hubs = {name: on for name, on in self.jpserver_extensions.items() if name.startswith("jupyterhub")}
        self.jpserver_extensions = {**hubs, __name__: True}

    def init_webapp(self) -> None:
        super().init_webapp()
        self.web_app.default_router.rules.insert(0, Rule(NotOpen(self.base_url), Elsewhere))
