"""What the browser's own forms are sent to: signing in and out, the first set-up, a new password.

Each answers with a full navigation, so that the page's socket is opened anew with the cookie that counts from then on.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import parse_qsl, quote

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from app import refused_forms, session
from app.api import bodies
from services import database, one_time_links, openid, sessions, settings, sign_in
from services.errors import NotAllowedError, RefusedError
from services.sessions import SignedIn

_log = structlog.get_logger(__name__)

router = APIRouter(prefix="/auth", include_in_schema=False)
_MOST_FIELDS = 30
_OPENID_COOKIE = "tocsin_openid"
_COOKIE_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie: when a session ends is up to the database, where each use pushes its end on."""


async def typed_form(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages sent. Raises: NotAllowedError, InvalidInputError, TooLargeError."""
    session.require_own_origin(request)
    body = await bodies.read(request.scope, request.receive)
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise NotAllowedError("This is not what one of our forms sends.") from error


Form = Annotated[dict[str, str], Depends(typed_form)]


def _led_to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303, headers={"cache-control": "no-store"})


def _is_secure(request: Request) -> bool:
    return settings.current().cookies_are_secure or request.url.scheme == "https"


def _enter(request: Request, path: str, signed_in: SignedIn) -> Response:
    answer = _led_to(path)
    answer.set_cookie(
        session.COOKIE,
        signed_in.token,
        max_age=_COOKIE_SECONDS,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )
    answer.delete_cookie(refused_forms.COOKIE, path="/", httponly=True, samesite="lax")
    return answer


def _back(request: Request, page: str, form: dict[str, str], refusal: RefusedError, query: str = "") -> Response:
    answer = _led_to(page + query)
    answer.set_cookie(
        refused_forms.COOKIE,
        refused_forms.seal(refused_forms.of(page, form, refusal)),
        max_age=refused_forms.SECONDS,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return answer


async def _try(
    request: Request, page: str, form: dict[str, str], enter: Callable[[], Awaitable[SignedIn]], *, then: str, query: str = ""
) -> Response:
    try:
        return _enter(request, then, await enter())
    except RefusedError as refusal:
        # not for whom: somebody may have written a password into the field for the address
        _log.info("nobody was let in", page=page, address=session.address_of(request), reason=refusal.message)
        return _back(request, page, form, refusal, query)


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


@router.post("/sign-in")
async def enter(request: Request, form: Form) -> Response:
    """Begin a session and go to the page that was asked for."""
    wanted = session.local_path(form.get("next"))
    current = await session.browser_actor(request)

    async def signing_in() -> SignedIn:
        return await sign_in.sign_in(
            form.get("email", ""),
            form.get("password", ""),
            address=session.address_of(request),
            user_agent=_agent(request),
            timezone=form.get("timezone"),
            current=current,
        )

    return await _try(request, "/login", form, signing_in, then=wanted, query=_leading_to(wanted))


def _leading_to(wanted: str) -> str:
    """The query of the sign-in page that goes on to this page."""
    return "" if wanted == session.HOME else f"?next={quote(wanted, safe='/')}"


@router.get("/openid")
async def begin_by_openid(request: Request) -> Response:
    """Lead the browser to the provider of OpenID Connect; it keeps in a cookie what only it may finish."""
    wanted = session.local_path(request.query_params.get("next"))
    try:
        begun = await openid.begin(wanted)
    except openid.OpenIdError as refusal:
        return _back(request, "/login", {}, refusal, _leading_to(wanted))
    answer = _led_to(begun.address)
    answer.set_cookie(
        _OPENID_COOKIE,
        begun.sealed,
        max_age=openid.BROWSER_SECONDS,
        path=openid.CALLBACK,
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(openid.CALLBACK.removeprefix("/auth"))
async def finish_by_openid(request: Request) -> Response:
    """Begin a session for whom the provider names, and go to the page that was asked for."""
    sealed = request.cookies.get(_OPENID_COOKIE, "")
    wanted = session.local_path(openid.next_path(sealed))
    current = await session.browser_actor(request)

    async def signing_in() -> SignedIn:
        given = dict(request.query_params)
        return await openid.finish(sealed, given, address=session.address_of(request), user_agent=_agent(request), current=current)

    answer = await _try(request, "/login", {}, signing_in, then=wanted, query=_leading_to(wanted))
    answer.delete_cookie(_OPENID_COOKIE, path=openid.CALLBACK, secure=_is_secure(request), httponly=True, samesite="lax")
    return answer


@router.post("/sign-out")
async def leave(request: Request, form: Form) -> Response:  # noqa: ARG001  # the form is what shows that a page of ours sent it
    """End the session of this browser."""
    actor = await session.browser_actor(request)
    if actor is not None:
        await database.run(sessions.sign_out, actor)
    answer = _led_to("/login")
    answer.delete_cookie(session.COOKIE, path="/", secure=_is_secure(request), httponly=True, samesite="lax")
    return answer


@router.post("/set-up")
async def set_up(request: Request, form: Form) -> Response:
    """Make the organisation and its first admin, and sign them in."""
    token = form.get("token", "")

    async def setting_up() -> SignedIn:
        return await one_time_links.complete_set_up(
            token,
            organisation=form.get("organisation", ""),
            name=form.get("name", ""),
            handle=form.get("handle", ""),
            email=form.get("email", ""),
            password=form.get("password", ""),
            timezone=form.get("timezone"),
            address=session.address_of(request),
            user_agent=_agent(request),
        )

    return await _try(request, "/setup", form, setting_up, then=session.HOME, query=f"?token={quote(token, safe='')}")


@router.post("/password")
async def new_password(request: Request, form: Form) -> Response:
    """Set a new password by a one-time link, and sign its person in."""
    token = form.get("token", "")

    async def setting() -> SignedIn:
        return await one_time_links.use_password_link(
            token,
            form.get("password", ""),
            address=session.address_of(request),
            user_agent=_agent(request),
            timezone=form.get("timezone"),
        )

    return await _try(request, "/new-password", form, setting, then=session.HOME, query=f"?token={quote(token, safe='')}")
