"""The frame of every page behind sign-in: who is here, and how much waits."""

from dataclasses import replace

from app import sockets
from app.session import requires, while_signed_in
from app.states.status import Status
from models.vocabulary import Role, Theme
from services import database, people, viewers
from services.access import Actor, may
from services.views import NavView, NoticeView

_QUIET_SECONDS = 3600.0


class Shell(Status):
    """What the frame shows. The state of a page derives from it and calls `_load_nav` first in its own `load`."""

    nav: NavView = NavView()

    _filled_for: tuple[str, str] = ("", "")

    async def _fill(self, actor: Actor) -> None:
        """Read what the page shows. A page that overrides this is filled before the first answer to its socket: see FilledFirst."""

    def _was_filled(self) -> bool:
        """Whether the page was filled for this socket and address already; true once."""
        filled_for, self._filled_for = self._filled_for, ("", "")
        return filled_for == sockets.where(self)

    async def _load_nav(self, actor: Actor, *, is_new_page: bool = True) -> None:
        """Read it anew for this actor. What was said on the page before is not said here."""
        if is_new_page:
            self.notice = NoticeView(seq=self.notice.seq)
        self.nav = await database.run(viewers.nav, actor)

    @requires(Role.VIEWER, background=True)
    async def follow(self, actor: Actor) -> None:
        """Keep the counts right for as long as the page is open."""
        async with while_signed_in(self, actor), viewers.waiting.follow(actor.tenant_id) as follower:
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

    @requires(Role.VIEWER)
    async def keep_theme(self, actor: Actor, theme: str) -> None:
        """Remember the theme with the person; for a viewer, who has no settings of their own, with the browser alone."""
        if may(actor.role, Role.RESPONDER) and theme in list(Theme):
            await database.run(people.change_profile, actor, theme=Theme(theme))
