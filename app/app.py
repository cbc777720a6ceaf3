"""What the pages are put together from: pages, sockets and tasks. No logic."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx
import structlog
from reflex.event import EventSpec
from starlette.types import ASGIApp

from app import sockets
from app.pages import incidents, not_found
from app.session import OneHolder
from app.states.status import Status
from services import settings
from services.errors import RefusedError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Page:
    """A page at a path, with the handler that loads what it shows."""

    path: str
    draw: Callable[[], rx.Component]
    title: str
    load: Any = None


PAGES = (
    Page("/incidents", incidents.page, "Incidents"),
    Page("/404", not_found.page, "Not found"),
)


def tell_of_failure(exception: Exception) -> EventSpec:
    """What a person sees when a handler failed: the refusal's sentence, or a reference by which the log line is found."""
    if isinstance(exception, RefusedError):
        return _show(exception.message)
    reference = secrets.token_hex(3)
    log.error("an event handler failed", reference=reference, exc_info=exception)
    return _show(f"This did not work, and it is our fault. Reference {reference}. Nothing was changed.")


def _show(sentence: str) -> EventSpec:
    spec: EventSpec = Status.show_failure(sentence)
    return spec


def _compose() -> rx.App:
    composed = rx.App(
        stylesheets=["tokens.css", "tocsin.css"],
        head_components=[
            rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
            rx.el.script(src="/tocsin.js"),
        ],
        html_lang="en",
        toaster=None,
        backend_exception_handler=tell_of_failure,
    )
    composed.add_middleware(OneHolder(), index=0)
    for page in PAGES:
        composed.add_page(page.draw, route=page.path, title=f"{page.title} · Tocsin", on_load=page.load)
    return composed


app = _compose()


def create() -> ASGIApp:
    """The application with its sockets, as the server calls it."""
    sockets.connect(app, settings.current().base_url)
    return app()
