"""One integration: its address and what to paste, what came by it, and what can be done with it."""

from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.integrations import ShownKey
from app.states.shell import Shell
from models.vocabulary import IntegrationKind, Role
from services import catalog, database, integrations, live_updates
from services.access import Actor
from services.errors import NotFoundError, RefusedError
from services.views import ChoiceView, IntegrationRow, ReceivedAlertRow, SnippetView

_LOOK_SECONDS = 3600.0
_KEY_IS_GONE = "…key…"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("There is no such integration.") from None


def _service(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("There is no such service.") from None


class OneIntegration(Shell):
    """An integration, live. `url` holds the key only in the tab that made it, until one leaves."""

    row: IntegrationRow = IntegrationRow()
    received: list[ReceivedAlertRow] = []
    services: list[ChoiceView] = []
    url: str = ""
    snippets: list[SnippetView] = []
    is_absent: bool = False
    is_rotating: bool = False
    is_renaming: bool = False
    refusal: str = ""

    _id: UUID | None = None

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show the integration of the address."""
        await self._open(actor)
        return None if self.is_absent else OneIntegration.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        try:
            self._id = _id(self.router.url.path.rstrip("/").rpartition("/")[2])
            await self._read(actor)
        except NotFoundError:
            self.is_absent = True
            return
        self._show_address((await self.get_state(ShownKey))._url_of(self.row.id))

    def _held(self) -> UUID:
        if self._id is None:
            raise NotFoundError("There is no such integration.")
        return self._id

    async def _read(self, actor: Actor) -> None:
        rows = await database.run(integrations.rows, actor)
        found = next((row for row in rows if row.id == self._held().hex), None)
        if found is None:
            raise NotFoundError("There is no such integration.")
        self.row = found
        self.received = await database.run(integrations.latest, actor, self._held())
        choices = await database.run(catalog.choices, actor)
        if found.is_service_archived:
            choices.insert(0, ChoiceView(found.service_id, f"{found.service} (archived)"))
        self.services = [ChoiceView("", "No service"), *choices]

    def _show_address(self, url: str) -> None:
        self.url = url
        shown = url or integrations.address(f"{self.row.key_prefix}{_KEY_IS_GONE}")
        self.snippets = integrations.snippets(IntegrationKind(self.row.kind), shown)

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow what comes in: the first alert turns the light on the moment it is stored."""
        async with self:
            integration_id = self._id
        if integration_id is None:
            return
        tenant_id = actor.tenant_id
        topics = live_updates.integration_topic(integration_id), live_updates.integrations_topic(tenant_id)
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(*topics, live_updates.services_topic(tenant_id)) as subscription:
                while True:
                    async with self:
                        if self._id != integration_id:
                            return
                        await self._read(actor)
                    await subscription.wait(_LOOK_SECONDS)

    # ── what can be done ──

    @requires(Role.ADMIN)
    async def switch(self, actor: Actor) -> None:
        """Switch it off, or on again."""
        enabled = not self.row.enabled
        await database.run(integrations.change, actor, self._held(), enabled=enabled)
        await self._read(actor)
        self.say(f"{self.row.name} takes alerts again." if enabled else f"{self.row.name} is off: what it sends is refused.")

    @requires(Role.ADMIN)
    async def set_service(self, actor: Actor, service_id: str) -> None:
        """Say which service its incidents name, with an empty id none."""
        await database.run(integrations.change, actor, self._held(), service_id=_service(service_id))
        await self._read(actor)
        self.say(
            f"Its incidents name {self.row.service} from now on." if self.row.service else "Its incidents name no service from now on."
        )

    @requires(Role.ADMIN)
    async def ask_to_rotate(self, actor: Actor, wanted: bool) -> None:
        """Open or close the question whether to make a new key, which says what ends by it as of now."""
        if wanted:
            await self._read(actor)
        self.is_rotating = wanted

    @requires(Role.ADMIN)
    async def rotate(self, actor: Actor) -> None:
        """Make a new key and show it; the one before works for another day."""
        self.is_rotating = False
        made = await database.run(integrations.rotate, actor, self._held())
        (await self.get_state(ShownKey))._keep(made.id.hex, made.url)
        await self._read(actor)
        self._show_address(made.url)
        self.say("There is a new key. The one before works for another 24 hours.")

    @requires(Role.ADMIN)
    def ask_to_rename(self, actor: Actor, wanted: bool) -> None:
        """Open or close the dialog that asks for another name."""
        self.is_renaming = wanted
        self.refusal = ""

    @requires(Role.ADMIN)
    async def rename(self, actor: Actor, form: dict[str, Any]) -> None:
        """Call it otherwise; a refusal leaves the dialog open."""
        try:
            await database.run(integrations.change, actor, self._held(), name=str(form.get("name", "")))
        except RefusedError as refused:
            self.refusal = refused.message
            return
        self.is_renaming = False
        await self._read(actor)
        self.say(f"It is called {self.row.name} now.")
