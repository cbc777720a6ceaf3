"""What the pages are put together from: pages, sockets and tasks. No logic."""

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx
import structlog
from reflex.event import EventSpec
from starlette.types import ASGIApp

from app import sockets
from app.pages import (
    api_keys,
    audit_log,
    broken,
    channels,
    gate,
    inbox,
    incident_detail,
    incidents,
    integration,
    integrations,
    mail,
    new_incident,
    not_found,
    organisation,
    people,
    profile,
    services,
    teams,
)
from app.session import OneHolder, check_handlers
from app.states.api_keys import ApiKeys
from app.states.audit_log import AuditLog
from app.states.channels import Channels
from app.states.first_answer import FilledFirst
from app.states.gate import Gate
from app.states.inbox import Inbox
from app.states.incident_detail import IncidentDetail
from app.states.incidents import Incidents
from app.states.integration import OneIntegration
from app.states.integrations import Integrations
from app.states.mail import MailServer
from app.states.new_incident import NewIncident
from app.states.organisation import Organisation
from app.states.people import People
from app.states.profile import Profile
from app.states.services import Services
from app.states.shell import Shell
from app.states.status import Status
from app.states.teams import Teams
from app.tasks import background
from services import settings
from services.errors import RefusedError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Page:
    """A page at a path, with the handler that loads what it shows. Behind sign-in it has the frame, whose counts are live."""

    path: str
    draw: Callable[[], rx.Component]
    title: str
    load: Any = None
    is_behind_sign_in: bool = True


PAGES = (
    Page("/incidents", incidents.page, "Incidents", Incidents.load),
    Page("/incidents/new", new_incident.page, "New incident", NewIncident.load),
    Page("/incidents/[number]", incident_detail.page, "Incident", IncidentDetail.load),
    Page("/inbox", inbox.page, "Inbox", Inbox.load),
    Page("/login", gate.sign_in_page, "Sign in", Gate.load_sign_in, is_behind_sign_in=False),
    Page("/setup", gate.set_up_page, "Set-up", Gate.load_set_up, is_behind_sign_in=False),
    Page("/new-password", gate.new_password_page, "New password", Gate.load_new_password, is_behind_sign_in=False),
    Page("/services", services.page, "Services", Services.load),
    Page("/integrations", integrations.page, "Integrations", Integrations.load),
    Page("/integrations/new", integrations.new_page, "New integration", Integrations.load_new),
    Page("/integrations/[integration]", integration.page, "Integration", OneIntegration.load),
    Page("/settings/profile", profile.page, "Profile", Profile.load),
    Page("/settings/teams", teams.page, "Teams", Teams.load),
    Page("/settings/organisation", organisation.page, "Organisation", Organisation.load),
    Page("/settings/mail", mail.page, "Mail", MailServer.load),
    Page("/settings/people", people.page, "People", People.load),
    Page("/settings/channels", channels.page, "Channels", Channels.load),
    Page("/settings/api-keys", api_keys.page, "API keys", ApiKeys.load),
    Page("/settings/audit", audit_log.page, "Audit log", AuditLog.load),
    Page("/404", not_found.page, "Not found", is_behind_sign_in=False),
)


def tell_of_failure(exception: Exception) -> EventSpec:
    """What a person sees when a handler failed: the refusal's sentence, or a reference by which the log line is found."""
    if isinstance(exception, RefusedError):
        return _show(exception.message)
    reference = secrets.token_hex(3)
    log.error("an event handler failed", reference=reference, exc_info=exception)
    return _show(f"This did not work, and it is our fault. Reference {reference}. Nothing was changed.")


def note_browser_failure(exception: Exception) -> None:
    """Log what a browser says of a page that it could not draw. Anybody may say so: a line is cut, and many are dropped."""
    now = time.monotonic()
    while _browser_failures and now - _browser_failures[0] > 60:
        _browser_failures.popleft()
    if len(_browser_failures) < 20:
        _browser_failures.append(now)
        log.warning("a page could not be drawn", said=str(exception)[:2000])


_browser_failures: deque[float] = deque()


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
        toaster=None,  # a toast from the server needs eval, which the content security policy forbids
        app_wraps={(55, "ErrorBoundary"): broken.boundary},  # without Reflex's own marks of a lost connection: tocsin.js shows it
        frontend_exception_handler=note_browser_failure,
        backend_exception_handler=tell_of_failure,
    )
    composed.add_middleware(OneHolder(), index=0)
    composed.add_middleware(FilledFirst(), index=1)
    for page in PAGES:
        load = [page.load, Shell.follow] if page.load and page.is_behind_sign_in else page.load
        composed.add_page(page.draw, route=page.path, title=f"{page.title} · Tocsin", on_load=load)
    composed.register_lifespan_task(background)
    return composed


check_handlers()
app = _compose()


def create() -> ASGIApp:
    """The application with its sockets, as the server calls it."""
    sockets.connect(app, settings.current().base_url)
    return app()
