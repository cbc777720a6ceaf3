"""The own inbox: what one was told of, why, and what became of the mails, as it comes."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from app.session import requires, while_signed_in
from app.states.shell import Shell
from models.vocabulary import Role
from services import database, inbox, live_updates
from services.access import Actor
from services.errors import NotFoundError
from services.inbox import InboxPage
from services.views import InboxRow

_LOOK_SECONDS = 3600.0
_BREATH_SECONDS = 0.5
"""How long a page waits after it has read, so that many changes at once cost one read."""


class Inbox(Shell):
    """What the page shows. `older` and `newest` are the addresses of the next page and of the first, empty where one is there."""

    rows: list[InboxRow] = []
    is_unread_only: bool = False
    older: str = ""
    newest: str = ""
    wrong: str = ""
    tab_title: str = ""
    is_loaded: bool = False

    _opening: str = ""

    @requires(Role.VIEWER)
    async def load(self, actor: Actor) -> Any:
        """Show the part of the inbox that the address asks for."""
        await self._open(actor)
        return Inbox.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        self._opening = uuid4().hex
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self._show(await database.run(inbox.read, actor, self.router.url.query, self.nav.zone))

    def _show(self, page: InboxPage) -> None:
        if self.rows != page.rows:
            self.rows = page.rows
        self.is_unread_only, self.older, self.newest, self.wrong = page.is_unread_only, page.older, page.newest, page.wrong
        self.tab_title = f"({page.unread}) Inbox · Tocsin" if page.unread else "Inbox · Tocsin"
        if self.nav.unread != page.unread:
            self.nav = replace(self.nav, unread=page.unread)

    @requires(Role.VIEWER, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow the inbox, and what becomes of its incidents, for as long as the page is open."""
        async with self:
            opening, query, zone = self._opening, self.router.url.query, self.nav.zone
        topics = live_updates.inbox_topic(actor.id), live_updates.incidents_topic(actor.tenant_id)
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(*topics) as subscription:
                while True:
                    page = await database.run(inbox.read, actor, query, zone)
                    async with self:
                        if self._opening != opening:
                            return
                        self._show(page)
                    await asyncio.sleep(_BREATH_SECONDS)
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.VIEWER)
    async def mark(self, actor: Actor, notification_id: str, is_read: bool) -> None:
        """Mark one as read, or as unread again."""
        try:
            found = UUID(notification_id)
        except ValueError:
            raise NotFoundError("There is no such notification in your inbox.") from None
        await database.run(inbox.mark, actor, found, read=is_read)
        await self._read(actor)

    @requires(Role.VIEWER)
    async def mark_all(self, actor: Actor) -> None:
        """Mark all as read."""
        count = await database.run(inbox.mark_all, actor)
        await self._read(actor)
        self.say(f"{count:,} marked as read." if count else "Everything was read already.")
