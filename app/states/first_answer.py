"""Pages that are never shown empty: what the first answer to a socket holds."""

from contextlib import suppress

import reflex as rx
from reflex.event import Event, EventHandler
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate

from app.session import actor_of
from app.states.shell import Shell
from services.access import may
from services.errors import RefusedError


class FilledFirst(Middleware):
    """Fills a page before the first answer to its socket.

    Reflex answers a socket with all that the tab's state holds, and loads the page after that. A tab whose state was lost, since the
    server was started again or the socket came back too soon, would show an empty page in between: the reader's place would be gone,
    and the field somebody types in.
    """

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Runs before each event, with the state locked."""
        if not event.name.endswith(".hydrate_and_load"):
            return None
        loads = [load for load in app.get_load_events(state.router.url.path) if isinstance(load, EventHandler) and _is_page(load.state)]
        actor = await actor_of(state) if loads else None
        for load in loads:
            page = await state.get_state(load.state)  # type: ignore[arg-type]
            if isinstance(page, Shell) and actor is not None:
                filling = page._fill_first if may(actor.role, load.fn.needed_role) else page._fill_frame
                with suppress(RefusedError):  # the page's own load tells of it
                    await filling(actor)
        return None


def _is_page(state_class: type[BaseState] | None) -> bool:
    return state_class is not None and issubclass(state_class, Shell) and state_class is not Shell
