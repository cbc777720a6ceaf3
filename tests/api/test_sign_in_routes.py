"""The forms of the browser: cookies, where they lead, what comes back when they are refused, and that no other site can send them."""

import asyncio
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import refused_forms, session
from app.api import application
from models.vocabulary import Role
from services import one_time_links, people, sessions, settings
from services.database import Storage
from tests.fixtures.clocks import MovableClock
from tests.fixtures.organisations import Organisation, person

PASSWORD = "correct horse battery"
EMAIL = "bob@northwind.example"
SET_UP = {
    "organisation": "Northwind",
    "name": "Alice Moreau",
    "handle": "alice",
    "email": "alice@northwind.example",
    "password": PASSWORD,
    "timezone": "Europe/Stockholm",
}


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Settings of this test alone."""
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    settings.current.cache_clear()
    yield monkeypatch
    settings.current.cache_clear()


@pytest.fixture
def bob(organisation: Organisation) -> str:
    """Somebody who can sign in."""
    person(organisation.system, "Bob Ek", Role.RESPONDER, email=EMAIL, password=PASSWORD)
    return EMAIL


def post(path: str, form: dict[str, str], *, cookies: str = "", headers: dict[str, str] | None = None) -> httpx.Response:
    """Send a form as a browser does that has a page of ours open."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(application.create(), client=("198.51.100.4", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://tocsin.test") as client:
            own = {"origin": "http://tocsin.test", "sec-fetch-site": "same-origin"}
            return await client.post(path, data=form, headers={**own, "cookie": cookies, **(headers or {})})

    return asyncio.run(send())


def cookie(answer: httpx.Response, name: str) -> Any:
    """The cookie that an answer sets, with its attributes."""
    for header in answer.headers.get_list("set-cookie"):
        if header.startswith(f"{name}="):
            return SimpleCookie(header)[name]
    return None


def refused(answer: httpx.Response, page: str) -> refused_forms.RefusedForm:
    assert answer.status_code == 303
    sealed = cookie(answer, refused_forms.COOKIE)
    return refused_forms.unseal(f"{refused_forms.COOKIE}={sealed.value}", page)


def test_signing_in_sets_the_cookie_and_leads_to_the_page_that_was_asked_for(bob: str) -> None:
    answer = post("/auth/sign-in", {"email": bob, "password": PASSWORD, "next": "/incidents/INC-42?x=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/INC-42?x=1")
    assert answer.headers["cache-control"] == "no-store"
    set_cookie = cookie(answer, session.COOKIE)
    assert (set_cookie["httponly"], set_cookie["samesite"], set_cookie["path"], set_cookie["secure"]) == (True, "lax", "/", "")
    assert int(set_cookie["max-age"]) > 30 * 24 * 3600  # the database ends the session, 30 days after its last use
    actor = sessions.actor_for_token(set_cookie.value)
    assert actor is not None and actor.name == "Bob Ek"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/auth/sign-out", ""])
def test_signing_in_leads_nobody_away(bob: str, wanted: str) -> None:
    assert post("/auth/sign-in", {"email": bob, "password": PASSWORD, "next": wanted}).headers["location"] == "/incidents"


def test_the_cookie_is_for_tls_alone_where_there_is_tls(bob: str, own_settings: pytest.MonkeyPatch) -> None:
    own_settings.setenv("TOCSIN_BASE_URL", "https://tocsin.example.org")
    settings.current.cache_clear()
    answer = post("/auth/sign-in", {"email": bob, "password": PASSWORD}, headers={"origin": "https://tocsin.example.org"})
    assert cookie(answer, session.COOKIE)["secure"] is True


def test_a_wrong_password_comes_back_to_the_form_with_the_address_kept(bob: str) -> None:
    answer = post("/auth/sign-in", {"email": bob, "password": "a wrong password", "next": "/incidents/INC-42"})
    assert answer.headers["location"] == "/login?next=/incidents/INC-42"
    form = refused(answer, "/login")
    assert form.values == {"email": bob, "next": "/incidents/INC-42"}
    assert form.errors == {"password": "E-mail or password is wrong."}
    assert "a wrong password" not in str(answer.headers)
    assert cookie(answer, session.COOKIE) is None


def test_too_many_tries_are_told_above_the_form(bob: str) -> None:
    for number in range(20):
        post("/auth/sign-in", {"email": f"somebody{number}@x.example", "password": "guess"})
    form = refused(post("/auth/sign-in", {"email": bob, "password": PASSWORD}), "/login")
    assert form.errors[refused_forms.WHOLE_FORM].startswith("Too many wrong tries")


def test_signing_out_ends_the_session_and_takes_the_cookie_away(bob: str) -> None:
    token = cookie(post("/auth/sign-in", {"email": bob, "password": PASSWORD}), session.COOKIE).value
    answer = post("/auth/sign-out", {}, cookies=f"{session.COOKIE}={token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert cookie(answer, session.COOKIE)["max-age"] == "0"
    assert sessions.actor_for_token(token) is None


def test_signing_out_without_a_session_leads_to_sign_in(storage: Storage) -> None:
    assert post("/auth/sign-out", {}).headers["location"] == "/login"


FOREIGN = (
    {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    {"origin": "https://evil.example", "sec-fetch-site": ""},
    {"origin": "null", "sec-fetch-site": "none"},
    {"origin": "http://evil.tocsin.test", "sec-fetch-site": "same-site"},
    {"origin": "http://tocsin.test:81", "sec-fetch-site": "none"},
    {"origin": "http://tocsin.test", "sec-fetch-site": "cross-site"},
)


def test_a_form_of_another_site_is_refused(bob: str) -> None:
    token = cookie(post("/auth/sign-in", {"email": bob, "password": PASSWORD}), session.COOKIE).value
    for path in ("/auth/sign-in", "/auth/sign-out", "/auth/set-up", "/auth/password"):
        for headers in FOREIGN:
            answer = post(path, {"email": bob, "password": PASSWORD}, cookies=f"{session.COOKIE}={token}", headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "another site" in answer.json()["detail"]
            assert "set-cookie" not in answer.headers
    assert sessions.actor_for_token(token) is not None


def test_the_set_up_form_makes_the_admin(storage: Storage, clock: MovableClock) -> None:
    token = one_time_links.make_set_up_link() or ""
    answer = post("/auth/set-up", {"token": token, **SET_UP})
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents")
    actor = sessions.actor_for_token(cookie(answer, session.COOKIE).value)
    assert actor is not None
    assert people.organisation_name(actor) == "Northwind"


def test_a_refused_set_up_keeps_what_was_typed_and_names_each_wrong_field(storage: Storage, clock: MovableClock) -> None:
    token = one_time_links.make_set_up_link() or ""
    answer = post("/auth/set-up", {"token": token, **SET_UP, "email": "nobody", "password": "short secret"[:11], "handle": "a b"})
    assert answer.headers["location"] == f"/setup?token={token}"
    form = refused(answer, "/setup")
    assert set(form.errors) == {"email", "password", "handle"}
    assert form.values["organisation"] == "Northwind" and form.values["email"] == "nobody"
    assert "password" not in form.values and "token" not in form.values


def test_a_dead_set_up_link_is_told(storage: Storage, clock: MovableClock) -> None:
    form = refused(post("/auth/set-up", {"token": "tl_dead", **SET_UP}), "/setup")
    assert "does not work any more" in form.errors[refused_forms.WHOLE_FORM]


def test_a_password_link_signs_its_person_in(organisation: Organisation) -> None:
    token = one_time_links.make_password_link(organisation.admin, organisation.viewer.id).token
    short = post("/auth/password", {"token": token, "password": "short"})
    assert short.headers["location"] == f"/new-password?token={token}"
    assert set(refused(short, "/new-password").errors) == {"password"}
    answer = post("/auth/password", {"token": token, "password": PASSWORD})
    actor = sessions.actor_for_token(cookie(answer, session.COOKIE).value)
    assert actor is not None and actor.id == organisation.viewer.id


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=\x00", b"&".join(b"f%d=1" % n for n in range(1000)), b"email=" + b"a" * 900_000])
def test_odd_forms_are_refused_and_never_an_error(bob: str, body: bytes) -> None:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(application.create(), client=("198.51.100.4", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://tocsin.test") as client:
            headers = {"content-type": "application/x-www-form-urlencoded"}
            return await client.post("/auth/sign-in", content=body, headers=headers)

    assert asyncio.run(send()).status_code in (303, 403)


def test_what_came_back_cannot_be_made_up_by_others(storage: Storage, clock: MovableClock) -> None:
    form = refused_forms.RefusedForm("/login", {"email": "a@x.example"}, {"form": "Call 555-0100 now."})
    sealed = refused_forms.seal(form)
    assert refused_forms.unseal(f"{refused_forms.COOKIE}={sealed}", "/login") == form
    body, _, signature = sealed.partition(".")
    for forged in (body, f"{body}.", f"{body}.{'0' * 64}", f"{body}x.{signature}", ".", "é.é"):
        assert refused_forms.unseal(f"{refused_forms.COOKIE}={forged}", "/login").errors == {}
    assert refused_forms.unseal(f"{refused_forms.COOKIE}={sealed}", "/setup").errors == {}
    clock.pass_time(seconds=61)
    assert refused_forms.unseal(f"{refused_forms.COOKIE}={sealed}", "/login").errors == {}
