"""Who asks: from the cookie or the bearer key to the Actor, for pages and for HTTP, and what happens when it is nobody.

A client may call any event handler from any page, so each one says whom it admits: `requires(role)` or `open_to_all`.
"""

import asyncio
import functools
import hashlib
import inspect
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import reflex as rx
from fastapi import Depends, Request
from reflex.event import Event, EventSpec
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate

from app import sockets
from app.handler_arguments import Arguments
from models.vocabulary import Role
from services import access, api_keys, database, live_updates, sessions, settings
from services.access import Actor
from services.errors import NotAllowedError, NotSignedInError, RefusedError

COOKIE = "tocsin_session"
HOME = "/incidents"
LOOK_AGAIN_SECONDS = 30.0
"""How often an open page that nothing happens to asks whether its session still lives."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_GATES = ("/login", "/setup", "/new-password", "/auth/")


# --- cookies and addresses ------------------------------------------------------------------------------------------------------


def token_in(cookie_header: str) -> str:
    """The session token among these cookies; empty when there is none."""
    try:
        found = SimpleCookie(cookie_header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def local_path(wanted: str | None) -> str:
    """`wanted` when it is a page of Tocsin behind sign-in, else the first page: nobody is led away from here by a link to sign-in."""
    path = wanted or ""
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    parts = urlsplit(path) if is_local else None
    if parts is None or parts.scheme or parts.netloc or parts.path.startswith(_GATES):
        return HOME
    return path


def login_path(next_path: str) -> str:
    """The sign-in page that leads on to `next_path`."""
    path = local_path(next_path)
    return "/login" if path == HOME else f"/login?next={quote(path, safe='/')}"


# --- pages ----------------------------------------------------------------------------------------------------------------------


async def actor_of(state: BaseState) -> Actor | None:
    """Whoever has this page open, looked up anew: None when nobody is signed in, or not any more.

    The cookie is that with which the socket was opened, which is why signing in and out are full page navigations.
    """
    token = token_in(state.router.headers.cookie)
    return await database.run(sessions.actor_for_token, token, state.router.session.client_ip) if token else None


def requires(role: Role, *, background: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Makes an event handler that only somebody of this role or a higher one gets into. It is given the Actor after `self`.

    Of any other the handler is not run: a refusal stands in the status line, and whoever is not signed in is led to the sign-in page.
    What the handler itself refuses (a RefusedError) is told in the same place. It may be sync, async or a generator.
    """

    def decorate(handler: Callable[..., Any]) -> Any:
        visible = Arguments(handler)

        async def admitted(state: Any, given: dict[str, Any]) -> tuple[Actor, dict[str, Any]]:
            actor = await actor_of(state)
            if actor is None:
                raise NotSignedInError("Nobody is signed in here.")
            access.require(actor, role)
            return actor, visible.check(given)

        if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):

            async def generating(self: Any, *args: Any, **given: Any) -> AsyncIterator[Any]:
                try:
                    actor, checked = await admitted(self, visible.by_name(args, given))
                    async for each in _each(handler(self, actor, **checked)):
                        yield each
                except RefusedError as refusal:
                    yield await _tell(self, refusal, background)

            wrapper: Any = generating
        else:

            async def calling(self: Any, *args: Any, **given: Any) -> Any:
                try:
                    actor, checked = await admitted(self, visible.by_name(args, given))
                    result = handler(self, actor, **checked)
                    return await result if inspect.isawaitable(result) else result
                except RefusedError as refusal:
                    return await _tell(self, refusal, background)

            wrapper = calling
        functools.update_wrapper(wrapper, handler)
        visible.show_on(wrapper)
        wrapper.needed_role = role
        return rx.event(background=background)(wrapper)

    return decorate


def open_to_all(handler: Callable[..., Any]) -> Any:
    """Makes an event handler that anybody may call, signed in or not."""
    handler.needed_role = None  # type: ignore[attr-defined]
    return rx.event(handler)


def own_handlers(state: type[BaseState] = rx.State) -> Iterator[tuple[type[BaseState], str, Callable[..., Any]]]:
    """Each event handler of our own states: the state, its name, its function. Reflex's own are left out."""
    for substate in state.__subclasses__():
        for name, handler in substate.event_handlers.items():
            if not handler.fn.__module__.startswith("reflex"):
                yield substate, name, handler.fn
        yield from own_handlers(substate)


def check_handlers() -> None:
    """See that each handler says whom it admits. Reflex makes one of every method without an underscore, and any client may call it.

    Raises: TypeError, which names those that do not.
    """
    silent = [
        f"{state.__module__}.{state.__name__}.{name}" for state, name, handler in own_handlers() if not hasattr(handler, "needed_role")
    ]
    if silent:
        raise TypeError(f"any client may call {', '.join(silent)}: mark it by requires or open_to_all, or begin its name with _")


async def _each(items: Any) -> AsyncIterator[Any]:
    if inspect.isasyncgen(items):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


async def _tell(state: Any, refusal: RefusedError, background: bool) -> EventSpec | None:
    if background:
        async with state:
            return _told(state, refusal)
    return _told(state, refusal)


def _told(state: Any, refusal: RefusedError) -> EventSpec | None:
    url = state.router.url
    here = f"{url.path}?{url.query}" if url.query else url.path
    if isinstance(refusal, NotSignedInError | _OtherRightsError):
        sockets.blank(state)
        return rx.redirect(login_path(here) if isinstance(refusal, NotSignedInError) else here)
    if not hasattr(state, "say"):
        raise refusal
    state.say(refusal.message, bad=True)
    return None


class _OtherRightsError(RefusedError):
    """Somebody was given another role while a page of theirs was open: it is loaded anew with the rights that they have now."""


@asynccontextmanager
async def while_signed_in(state: rx.State, actor: Actor) -> AsyncIterator[None]:
    """Run the body for as long as the tab is open and the actor's session lives. For background handlers that follow something.

    It ends quietly when the tab has left. When the session has ended it raises, which leads the tab to the sign-in page; when the
    actor has another role, the page is loaded anew. Raises: NotSignedInError, RefusedError.
    """
    body = asyncio.current_task()
    assert body is not None
    tab, sid = sockets.tab(state)
    token = token_in(state.router.headers.cookie)
    ended: list[RefusedError | None] = []

    async def is_over() -> bool:
        if not sockets.is_tab_open(tab, sid):
            ended.append(None)
            return True
        try:
            found = await database.run(sessions.actor_for_token, token)
        except RefusedError:  # the database may be away: ask again later
            return False
        if found is None:
            ended.append(NotSignedInError("You were signed out."))
        elif found.role is not actor.role:
            ended.append(_OtherRightsError("Your role was changed."))
        return bool(ended)

    async def guard() -> None:
        topics = [live_updates.session_topic(actor.session_id)] if actor.session_id else []
        with live_updates.hub.subscribe(*topics, live_updates.person_topic(actor.id)) as subscription:
            while not await is_over():  # at once, too: what happened before the subscription was told to nobody
                if await subscription.wait(LOOK_AGAIN_SECONDS) == {live_updates.EVERYTHING}:
                    await asyncio.sleep(random.uniform(0, 2))  # noqa: S311  # or all open pages would ask at the same moment
        body.cancel()

    guarding = asyncio.create_task(guard())
    try:
        yield
    except asyncio.CancelledError:
        if not ended or body.uncancel() > 0:
            raise
    finally:
        guarding.cancel()
    if ended and ended[0] is not None:
        raise ended[0]


class Tab(rx.State):
    """Whose tab this is, by a hash of the cookie: the state of a tab outlives signing out, and must not be shown to the next one."""

    _holder: str = ""


class OneHolder(Middleware):
    """Empties a tab's state when another session has it now, and when it is loaded again after its session has ended."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:  # noqa: ARG002
        """Runs before each event, with the state locked."""
        token = token_in(state.router.headers.cookie)
        holder = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest() if token else ""
        tab = await state.get_state(Tab)
        is_loading = event.name.endswith((".hydrate_and_load", ".hydrate"))  # both answer with all that the tab holds
        if tab._holder != holder or (is_loading and holder and not await _is_known(state)):
            sockets.blank(state)
            tab._holder = holder
        return None


async def _is_known(state: BaseState) -> bool:
    try:
        return await actor_of(state) is not None
    except RefusedError:  # while the database is away nothing is known of anybody
        return False


# --- HTTP -----------------------------------------------------------------------------------------------------------------------


def address_of(request: Request) -> str:
    """Where a request comes from; a trusted proxy's word for it has been taken already."""
    return request.client.host if request.client else ""


def require_own_origin(request: Request) -> None:
    """Refuse a request that a page elsewhere made the browser send. Raises: NotAllowedError."""
    site = request.headers.get("sec-fetch-site", "none")
    environ = {"HTTP_HOST": request.headers.get("host", "")}
    if site not in ("same-origin", "none") or not sockets.is_own_origin(
        request.headers.get("origin"), environ, settings.current().base_url
    ):
        raise NotAllowedError("This came from a page of another site, so it was not done.")


async def browser_actor(request: Request) -> Actor | None:
    """Whoever is signed in in this browser; None when nobody is."""
    token = request.cookies.get(COOKIE, "")
    return await database.run(sessions.actor_for_token, token, address_of(request)) if token else None


async def signed_in(request: Request) -> Actor:
    """Whoever a request to the API acts for: by its bearer key, else by the session of the browser.

    With the session, what changes something must come from a page of Tocsin. Raises: NotSignedInError, NotAllowedError.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme:
        actor = await database.run(api_keys.actor_for_key, key.strip(), address_of(request)) if scheme.lower() == "bearer" else None
        if actor is None:
            raise NotSignedInError("This API key is unknown or has ended. Send a live one as: Authorization: Bearer tk_…")
        return actor
    actor = await browser_actor(request)
    if actor is None:
        raise NotSignedInError("Sign in, or send an API key as: Authorization: Bearer tk_…")
    if request.method not in _SAFE_METHODS:
        require_own_origin(request)
    return actor


SignedIn = Annotated[Actor, Depends(signed_in)]
"""The parameter of a route that only somebody who is signed in may use."""
