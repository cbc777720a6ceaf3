"""The list of integrations, and the step that makes a new one."""

from typing import Any

import reflex as rx

from app.session import requires, while_signed_in
from app.states.shell import Shell
from models.vocabulary import Role
from services import database, integrations, live_updates
from services.access import Actor
from services.views import IntegrationRow

_LOOK_SECONDS = 3600.0


class ShownKey(rx.State):
    """The address of the integration that this tab made last: it holds the key, which is stored nowhere and shown until one leaves."""

    _of: str = ""
    _url: str = ""

    def _keep(self, integration_id: str, url: str) -> None:
        """Remember it for the page that one is led to."""
        self._of, self._url = integration_id, url

    def _url_of(self, integration_id: str) -> str:
        """The address of this integration, where it was just made; else empty."""
        return self._url if self._of == integration_id else ""


class Integrations(Shell):
    """All senders of alerts, live."""

    rows: list[IntegrationRow] = []
    is_loaded: bool = False

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show the list; the key of the one that was made last is forgotten."""
        await self._open(actor)
        (await self.get_state(ShownKey))._keep("", "")
        return Integrations.watch

    @requires(Role.ADMIN)
    async def load_new(self, actor: Actor) -> None:
        """Show what can be connected."""
        await self._open(actor)

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        self.rows = await database.run(integrations.rows, actor)
        self.is_loaded = True

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow what comes in by each integration, and changes of the list."""
        async with while_signed_in(self, actor):
            async with self:
                rows = self.rows
            while True:
                topics = [live_updates.integration_topic_of(row.id) for row in rows]
                with live_updates.hub.subscribe(live_updates.integrations_topic(actor.tenant_id), *topics) as subscription:
                    fresh = await database.run(integrations.rows, actor)
                    if fresh != rows:
                        async with self:
                            self.rows = fresh
                    if [row.id for row in fresh] == [row.id for row in rows]:
                        await subscription.wait(_LOOK_SECONDS)
                    rows = fresh

    @requires(Role.ADMIN)
    async def make(self, actor: Actor, form: dict[str, Any]) -> Any:
        """Make an integration of the kind that was picked, and lead to its page, which shows the key."""
        kind, name = str(form.get("kind", "")), str(form.get("name", ""))
        made = await database.run(integrations.create, actor, kind, name)
        (await self.get_state(ShownKey))._keep(made.id.hex, made.url)
        return rx.redirect(f"/integrations/{made.id.hex}")
