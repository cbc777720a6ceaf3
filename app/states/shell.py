"""The frame of every page behind sign-in: who is here, and how much waits."""

import asyncio
from dataclasses import replace

from app import sockets
from app.session import requires, while_signed_in
from app.states.status import Status
from models.vocabulary import Role, Theme
from services import database, people, viewers
from services.access import Actor, may
from services.viewers import Unread
from services.views import NavView, NoticeView

_QUIET_SECONDS = 3600.0


class Shell(Status):
    """What the frame shows. The state of a page derives from it, and its `load` calls `_open`."""

    nav: NavView = NavView()

    _address: str = ""
    _said_ahead: str = ""
    _filled_for: tuple[str, str] = ("", "")

    async def _open(self, actor: Actor) -> None:
        """Show the page as one that was just turned to, unless it was filled before the first answer to its socket."""
        filled_for, self._filled_for = self._filled_for, ("", "")
        if filled_for != sockets.where(self):
            self._begin()
            await self._fill(actor)

    async def _fill_first(self, actor: Actor) -> None:
        """Fill it before the first answer to its socket. What somebody has open stays, when the tab showed the same before."""
        if self._address != _address(self):
            self._begin()
        await self._fill(actor)
        self._filled_for = sockets.where(self)

    async def _fill(self, actor: Actor) -> None:
        """Read what the page shows, into a state that is empty or that showed the same a moment ago. A page adds what is its own."""
        await self._fill_frame(actor)

    async def _fill_frame(self, actor: Actor) -> None:
        """Read what stands around the page, for those too whom it is not for."""
        self.nav = await database.run(viewers.nav, actor)

    def _begin(self) -> None:
        """Forget what the page showed before, and what was said there."""
        ahead, self._said_ahead = self._said_ahead, ""
        self.reset()  # type: ignore[no-untyped-call]
        self.notice = NoticeView(text=ahead, seq=self.notice.seq + bool(ahead))
        self._address = _address(self)

    def _say_there(self, sentence: str) -> None:
        """Put a sentence into the status line of the page that this one leads to."""
        self._said_ahead = sentence

    @requires(Role.VIEWER, background=True)
    async def follow(self, actor: Actor) -> None:
        """Keep the counts right for as long as the page is open."""
        async with while_signed_in(self, actor), asyncio.TaskGroup() as group:
            group.create_task(self._follow_waiting(actor))
            group.create_task(self._follow_unread(actor))

    async def _follow_waiting(self, actor: Actor) -> None:
        async with viewers.waiting.follow(actor.tenant_id) as follower:
            known: tuple[int, int, bool] | None = None
            while True:
                waits = await follower.next(_QUIET_SECONDS)
                if waits is None:
                    continue
                counts = (waits.unresolved, waits.attention, actor.id in waits.assignees)
                if counts == known:  # most changes leave them as they are, and opening the state costs
                    continue
                known = counts
                async with self:
                    if (self.nav.unresolved, self.nav.attention, self.nav.assigned_open) != counts:
                        self.nav = replace(self.nav, unresolved=counts[0], attention=counts[1], assigned_open=counts[2])

    async def _follow_unread(self, actor: Actor) -> None:
        whose = (actor.tenant_id, actor.id)
        async with viewers.unread.follow(whose) as follower:
            news: Unread | None = await viewers.read_unread(whose)  # what came between the reading of the frame and this
            while True:
                if news is not None:
                    async with self:
                        shown = replace(
                            self.nav,
                            unread=news.count,
                            newest_unread=news.words,
                            newest_place=news.place,
                            newest_is_call=news.is_call,
                        )
                        if shown != self.nav:
                            self.nav = shown
                news = await follower.next(_QUIET_SECONDS)

    @requires(Role.VIEWER)
    async def keep_theme(self, actor: Actor, theme: str) -> None:
        """Remember the theme with the person; for a viewer, who has no settings of their own, with the browser alone."""
        if may(actor.role, Role.RESPONDER) and theme in list(Theme):
            await database.run(people.change_profile, actor, theme=Theme(theme))


def _address(page: Shell) -> str:
    url = page.router.url
    return f"{url.path}?{url.query}"
