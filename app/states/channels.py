"""Channels as admins set them up: where the organisation is told of its incidents, whether that works, and a test of it."""

import asyncio
from typing import Any
from uuid import UUID

from app.session import requires, while_signed_in
from app.states.profile import complaints
from app.states.shell import Shell
from models.vocabulary import ChannelEvent, ChannelKind, Role, Severity
from services import channels, database, live_updates
from services.access import Actor
from services.channels import NewChannel, Verdict
from services.errors import NotFoundError, RefusedError
from services.views import ChannelRow, DeliveryRow

_LOOK_SECONDS = 3600.0
_FIELDS = ("kind", "name", "url", "severities", "events")
_SEVERITY, _EVENT = "severity-", "event-"


class Channels(Shell):
    """What the page shows. `edited` is the channel that the dialog is about, as it was when it opened; a new one has no id.

    `secret` is one that was just made for the channel `secret_for`, shown until its dialog is closed. `asking` is what the confirmation
    is about: "renew", "remove" or nothing, of the channel `about`. `testing` is the id of the channel that a test is on the way to,
    `tested` that of the one whose test came to `test_said`.
    """

    rows: list[ChannelRow] = []
    latest: list[DeliveryRow] = []
    is_loaded: bool = False
    is_editing: bool = False
    edited: ChannelRow = ChannelRow()
    errors: dict[str, str] = dict.fromkeys(_FIELDS, "")
    refusal: str = ""
    secret: str = ""
    secret_for: str = ""
    asking: str = ""
    about: ChannelRow = ChannelRow()
    testing: str = ""
    tested: str = ""
    test_said: str = ""
    test_went_well: bool = False

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show the channels."""
        await self._open(actor)
        return Channels.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self.rows, self.latest = await database.run(_read, actor)

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow the channels, and what is sent to them."""
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(live_updates.channels_topic(actor.tenant_id)) as subscription:
                while True:
                    rows, latest = await database.run(_read, actor)
                    async with self:
                        self.rows, self.latest = rows, latest
                    await subscription.wait(_LOOK_SECONDS)

    async def _row(self, actor: Actor, channel_id: str) -> ChannelRow:
        await self._read(actor)
        found = next((row for row in self.rows if row.id == channel_id), None)
        if found is None:
            raise NotFoundError("There is no such channel.")
        return found

    # ── making and changing ──

    @requires(Role.ADMIN)
    async def ask_for_channel(self, actor: Actor, channel_id: str, kind: str) -> None:
        """Open the dialog that changes a channel, or with an empty id the one that makes one of this kind."""
        self._complain({})
        if channel_id:
            self.edited = await self._row(actor, channel_id)
        else:
            usual = channels.usual_events(kind)
            every = [severity.value for severity in Severity]
            self.edited = ChannelRow(kind=kind, kind_name=channels.KIND_NAMES[ChannelKind(kind)], severities=every, events=usual)
        self.is_editing = True

    @requires(Role.ADMIN)
    def set_editing(self, actor: Actor, wanted: bool) -> None:
        """Close the dialog."""
        self.is_editing = self.is_editing and wanted

    @requires(Role.ADMIN)
    async def save(self, actor: Actor, form: dict[str, Any]) -> None:
        """Make the channel, or change the one that the dialog is about. A refusal leaves the dialog open."""
        self._complain({})
        given: dict[str, Any] = {
            "severities": [severity.value for severity in Severity if f"{_SEVERITY}{severity.value}" in form],
            "events": [event.value for event in ChannelEvent if f"{_EVENT}{event.value}" in form],
        }
        name, url = str(form.get("name", "")), str(form.get("url", ""))
        try:
            # a name is looked up, which may take seconds: not in the threads of the database
            if self.edited.id:
                given |= {"url": url} if url.strip() else {}
                await asyncio.to_thread(channels.change, actor, UUID(self.edited.id), name=name, **given)
            else:
                self._show(await asyncio.to_thread(channels.create, actor, self.edited.kind, name, url, **given))
        except RefusedError as refusal:
            found = {field: sentence for field, sentence in complaints(refusal).items() if field in _FIELDS}
            self._complain(found, "" if found else refusal.message)
            return
        self.is_editing = False
        await self._read(actor)
        called = " ".join(name.split())
        self.say(f"{called} is saved." if self.edited.id else f"{called} is there: send a test to see that it works.")

    def _show(self, made: NewChannel) -> None:
        if made.secret:
            self.secret, self.secret_for = made.secret, made.channel.name

    @requires(Role.ADMIN)
    def close_secret(self, actor: Actor, wanted: bool) -> None:
        """Forget the secret that is shown."""
        if not wanted:
            self.secret = self.secret_for = ""

    @requires(Role.ADMIN)
    async def switch(self, actor: Actor, channel_id: str, enabled: bool) -> None:
        """Switch it on or off."""
        row = await self._row(actor, channel_id)
        await database.run(channels.change, actor, UUID(row.id), enabled=enabled)
        await self._read(actor)
        self.say(f"{row.name} is told of incidents again." if enabled else f"{row.name} is off: it is told nothing, and not later either.")

    # ── what is asked before ──

    @requires(Role.ADMIN)
    async def ask(self, actor: Actor, channel_id: str, what: str) -> None:
        """Ask whether to make a new secret ("renew") or to remove the channel ("remove")."""
        self.about = await self._row(actor, channel_id)
        self.asking = what if what in ("renew", "remove") else ""

    @requires(Role.ADMIN)
    def set_asking(self, actor: Actor, wanted: bool) -> None:
        """Close the confirmation."""
        if not wanted:
            self.asking = ""

    @requires(Role.ADMIN)
    async def renew(self, actor: Actor, channel_id: str) -> None:
        """Make a new secret and show it."""
        self.asking = ""
        row = await self._row(actor, channel_id)
        self._show(await database.run(channels.renew_secret, actor, UUID(row.id)))
        await self._read(actor)

    @requires(Role.ADMIN)
    async def remove(self, actor: Actor, channel_id: str) -> None:
        """Remove the channel."""
        self.asking = ""
        row = await self._row(actor, channel_id)
        await database.run(channels.remove, actor, UUID(row.id))
        await self._read(actor)
        self.say(f"{row.name} is removed.")

    # ── a test ──

    @requires(Role.ADMIN, background=True)
    async def send_test(self, actor: Actor, channel_id: str) -> None:
        """Send a test and show what came back. The tab goes on while a slow receiver is waited for."""
        async with self:
            row = await self._row(actor, channel_id)
            self.testing, self.tested, self.test_said = row.id, "", ""
        try:
            outcome = await asyncio.to_thread(channels.send_test, actor, UUID(row.id))
        finally:
            async with self:
                self.testing = ""
        async with self:
            self.tested, self.test_said, self.test_went_well = row.id, outcome.sentence, outcome.verdict is Verdict.SENT

    def _complain(self, errors: dict[str, str], refusal: str = "") -> None:
        self.errors = dict.fromkeys(_FIELDS, "") | errors
        self.refusal = refusal


def _read(actor: Actor) -> tuple[list[ChannelRow], list[DeliveryRow]]:
    return channels.rows(actor), channels.latest(actor)
