"""The mail server, as admins see it: whether mails go out, and a test of it."""

import asyncio
from typing import Any

from app.session import requires, while_signed_in
from app.states.shell import Shell
from models.vocabulary import Role
from services import database, live_updates, mail_check
from services.access import Actor
from services.errors import RefusedError
from services.views import MailView

_LOOK_SECONDS = 60.0
"""How often a page that nothing happens to reads again: what waits is late with time alone."""


class MailServer(Shell):
    """What the page shows. `answer` is what came of the last test, and `is_bad` whether it failed."""

    mail: MailView = MailView()
    answer: str = ""
    is_bad: bool = False
    is_loaded: bool = False

    @requires(Role.ADMIN)
    async def load(self, actor: Actor) -> Any:
        """Show the mail server."""
        await self._open(actor)
        return MailServer.watch

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        await self._read(actor)
        self.is_loaded = True

    async def _read(self, actor: Actor) -> None:
        self.mail = await database.run(mail_check.view, actor)

    @requires(Role.ADMIN, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow the mails that wait."""
        async with while_signed_in(self, actor):
            with live_updates.hub.subscribe(live_updates.mail_topic(actor.tenant_id)) as subscription:
                while True:
                    async with self:
                        await self._read(actor)
                    await subscription.wait(_LOOK_SECONDS)

    @requires(Role.ADMIN, background=True)
    async def send_test(self, actor: Actor) -> None:
        """Send a test to whoever asks; the page says what the server answered. The tab goes on while a slow one is waited for."""
        async with self:
            self.answer, self.is_bad = "", False
        try:
            # not among the reads of pages: a server that is away is waited for
            answer, is_bad = await asyncio.to_thread(mail_check.send_test, actor), False
        except RefusedError as refusal:
            answer, is_bad = refusal.message, True  # the page says it where the answer stands
        async with self:
            self.answer, self.is_bad = answer, is_bad
            if not is_bad:
                self.say("The test is sent.")
