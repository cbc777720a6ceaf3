"""The frame of every page behind sign-in: who is here, and how much waits."""

from app.session import requires
from app.states.status import Status
from models.vocabulary import Role, Theme
from services import database, people, viewers
from services.access import Actor, may
from services.views import NavView


class Shell(Status):
    """What the frame shows. The state of a page derives from it and calls `_load_nav` first in its own `load`."""

    nav: NavView = NavView()

    async def _load_nav(self, actor: Actor) -> None:
        """Read it anew for this actor."""
        self.nav = await database.run(viewers.nav, actor)

    @requires(Role.VIEWER)
    async def keep_theme(self, actor: Actor, theme: str) -> None:
        """Remember the theme with the person; for a viewer, who has no settings of their own, with the browser alone."""
        if may(actor.role, Role.RESPONDER) and theme in list(Theme):
            await database.run(people.change_profile, actor, theme=Theme(theme))
