"""The page that declares an incident: what can be chosen, what is open already, and what came of sending it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from app.handler_arguments import text_of
from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import Role
from services import database, live_updates, new_incident
from services.access import Actor
from services.errors import RefusedError
from services.new_incident import FIELDS, Typed
from services.views import PersonView, RelatedView

_LOOK_SECONDS = 60.0
"""How often a page that nothing happens to reads again what can be chosen."""
_GAP_SECONDS = 1.0
"""How often it reads again at most: in a storm of alerts every one changes what is open."""


class NewIncident(Shell):
    """What the page shows. What is typed is the browser's alone; `_title` and `_service` are what the offers were looked up for, and
    `_opened` is the incident that came of it. `on_call` is the name of who gets it where nobody is chosen.

    `errors` has a sentence by the name of each field. `sent_draft` is the draft that was stored. When an earlier try had opened
    `opened_before` and this one says something else, `renewed_draft` is the draft that is to be one of its own from now on.
    """

    services: list[str] = []
    people: list[PersonView] = []
    on_call: str = ""
    offers: list[RelatedView] = []
    errors: dict[str, str] = dict.fromkeys(FIELDS, "")
    refusal: str = ""
    opened_before: str = ""
    sent_draft: str = ""
    renewed_draft: str = ""
    is_loaded: bool = False

    _title: str = ""
    _service: str = ""
    _opened: str = ""

    @requires(Role.RESPONDER)
    async def load(self, actor: Actor) -> Any:
        """Show the form; or lead on to the incident, where the connection broke before its answer came."""
        await self._open(actor)
        return rx.redirect(f"/incidents/{self._opened}") if self._opened else NewIncident.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read_choices(actor)
        self.is_loaded = True

    async def _read_choices(self, actor: Actor) -> None:
        now = await database.run(new_incident.choices, actor)
        for name, value in (("services", now.services), ("people", now.people), ("on_call", now.on_call)):
            if getattr(self, name) != value:
                setattr(self, name, value)

    @requires(Role.RESPONDER, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow who and what can be chosen, and what opens meanwhile."""
        tenant_id = actor.tenant_id
        incidents = live_updates.incidents_topic(tenant_id)
        chosen_from = (live_updates.people_topic(tenant_id), live_updates.services_topic(tenant_id))
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(incidents, *chosen_from) as subscription:
                while True:
                    changed = await subscription.wait(_LOOK_SECONDS)
                    async with self:
                        if changed != {incidents}:
                            await self._read_choices(actor)
                        await self._look_for_offers(actor)
                    await asyncio.sleep(_GAP_SECONDS)

    async def _look_for_offers(self, actor: Actor) -> None:
        offers = await database.run(new_incident.offers, actor, self._title, self._service)
        if self.offers != offers:
            self.offers = offers

    @requires(Role.RESPONDER)
    async def consider_title(self, actor: Actor, title: str) -> None:
        """Offer what is open and says the same, while the title is typed."""
        self._title = title
        await self._look_for_offers(actor)

    @requires(Role.RESPONDER)
    async def consider_service(self, actor: Actor, service: str) -> None:
        """Offer what is open of this service."""
        self._service = service
        await self._look_for_offers(actor)

    @requires(Role.RESPONDER)
    async def declare(self, actor: Actor, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Open it and lead to its page; or say at each field what is wrong, all at once, and go to the first of them."""
        self.errors, self.refusal, self.opened_before = dict.fromkeys(FIELDS, ""), "", ""
        key = text_of(form, "draft_key")
        typed = Typed(
            title=text_of(form, "title"),
            severity=text_of(form, "severity"),
            service=text_of(form, "service_id"),
            assignee=text_of(form, "assigned_to"),
            description=text_of(form, "description"),
            began=text_of(form, "started_at"),
        )
        try:
            opened = await database.run(new_incident.open_typed, actor, typed, self.nav.zone, key=key or None)
        except RefusedError as refusal:
            found = {field: sentence for field, sentence in complaints(refusal).items() if field in FIELDS}
            self.errors = dict.fromkeys(FIELDS, "") | found
            self.refusal = "" if found else refusal.message
            wrong = next((field for field in FIELDS if field in found), "")
            if wrong:
                yield rx.set_focus(f"field-{wrong}")
            return
        if opened.says_otherwise:
            self.opened_before, self.renewed_draft = opened.number, key
            return
        self.sent_draft, self._opened = key, opened.number
        self._say_there(opened.sentence)
        yield  # the browser forgets the draft while its form is still there
        yield rx.redirect(f"/incidents/{opened.number}")
