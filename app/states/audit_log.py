"""The audit log, as admins read it: filters and pages in the address, and new entries as they come."""

import asyncio
from typing import Any
from uuid import uuid4

import reflex as rx

from app.handler_arguments import text_of
from app.session import requires, while_signed_in
from app.states.shell import Shell
from models.vocabulary import Role
from services import audit_log, database, live_updates
from services.access import Actor
from services.audit_log import AuditPage
from services.views import AuditRow, ChoiceView

ANY = ""
SPANS = (("24h", "the last 24 hours"), ("7d", "the last 7 days"), ("30d", "the last 30 days"))
"""What can be chosen for the time without writing a day."""
_LOOK_SECONDS = 3600.0
_BREATH_SECONDS = 1.0
"""How long a page waits after it has read, so that many changes at once cost one read."""


class AuditLog(Shell):
    """What the page shows.

    `older` and `newest` are the addresses of the next page and of the first, empty where one is there. `wrong` has a sentence for each
    part of the address that means nothing. `whos` and `whats` are what can be chosen, `chosen_*` what is; `query` is the address's own.
    """

    rows: list[AuditRow] = []
    older: str = ""
    newest: str = ""
    wrong: list[str] = []
    whos: list[ChoiceView] = []
    whats: list[ChoiceView] = []
    chosen_who: str = ANY
    chosen_what: str = ANY
    chosen_span: str = ANY
    chosen_since: str = ""
    chosen_before: str = ""
    query: str = ""
    is_filtered: bool = False
    is_loaded: bool = False

    _opening: str = ""

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show the part of the log that the address asks for."""
        await self._open(actor)
        return AuditLog.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        self.query = self.router.url.query
        wanted = await database.run(audit_log.wanted_by, actor, self.query, self.nav.zone)
        self._opening = uuid4().hex
        self.wrong = list(wanted.wrong)
        self.whos, self.whats = await database.run(audit_log.choices, actor, wanted)
        self._choose(wanted.parameters)
        self.newest = audit_log.address(wanted.parameters) if wanted.beyond else ""
        self._show(await database.run(audit_log.read, actor, wanted, self.nav.zone))
        self.is_loaded = True

    def _choose(self, given: dict[str, str]) -> None:
        self.is_filtered = bool(given)
        self.chosen_who, self.chosen_what = given.get("who", ANY), given.get("what", ANY)
        after = given.get("after", "")
        self.chosen_span, self.chosen_since = (after, "") if after in dict(SPANS) else (ANY, after[:10])
        self.chosen_before = given.get("before", "")[:10]

    def _show(self, page: AuditPage) -> None:
        if self.rows != page.rows:
            self.rows = page.rows
        if self.older != page.older:
            self.older = page.older

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow what is written, on the first page; the others stand still, so that one can read them."""
        async with self:
            opening, query, zone, is_first_page = self._opening, self.query, self.nav.zone, not self.newest
        if not is_first_page:
            return
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(live_updates.audit_topic(actor.tenant_id)) as subscription:
                while True:
                    page = await database.run(_read, actor, query, zone)
                    async with self:
                        if self._opening != opening:
                            return
                        self._show(page)
                    await asyncio.sleep(_BREATH_SECONDS)
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.ADMIN)
    def apply(self, _actor: Actor, form: dict[str, Any]) -> Any:
        """Show what was chosen, from its newest entry on."""
        chosen = {
            "who": text_of(form, "who"),
            "what": text_of(form, "what"),
            "after": text_of(form, "since") or text_of(form, "span"),
            "before": text_of(form, "before"),
        }
        return rx.redirect(audit_log.address(chosen))


def _read(actor: Actor, query: str, zone: str) -> AuditPage:
    """What an address asks for now: "the last 24 hours" move on."""
    return audit_log.read(actor, audit_log.wanted_by(actor, query, zone), zone)
