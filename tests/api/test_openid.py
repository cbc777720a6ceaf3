"""Signing in by a provider of OpenID Connect: as it is meant to be, and as attackers would have it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from app import refused_forms, session
from app.api import application
from models.people import User
from services import clock, database, people, sessions, settings, sign_in
from services.access import Actor
from tests.fixtures.openid_provider import Provider, provider
from tests.fixtures.organisations import Organisation, audited

__all__ = ["provider"]
ORIGIN = "http://tocsin.test"


class Browser:
    """A browser that keeps cookies, and its way to the provider and back."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(application.create(), client=("198.51.100.4", 4711))
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
                return await client.get(path, headers={"cookie": kept, "sec-fetch-site": "cross-site"})

        answer = asyncio.run(send())
        for header in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def leave(self, path: str = "/auth/openid") -> str:
        """Go to the provider; the path by which it sends the browser back."""
        answer = self.get(path)
        assert answer.status_code == 303, answer.text
        back = httpx.get(answer.headers["location"]).headers["location"]
        assert back.startswith(f"{ORIGIN}/auth/openid/back?")
        return back.removeprefix(ORIGIN)

    def actor(self) -> Actor | None:
        return sessions.actor_for_token(self.cookies.get(session.COOKIE, ""))

    def refusal(self) -> str:
        """What the sign-in page shows."""
        found = refused_forms.unseal(f"{refused_forms.COOKIE}={self.cookies.get(refused_forms.COOKIE, '')}", "/login")
        return found.errors.get(refused_forms.WHOLE_FORM, "")


@pytest.fixture(autouse=True)
def now(organisation: Organisation, provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The provider has the machine's clock; so have we."""
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TOCSIN_BASE_URL", ORIGIN)
    settings.current.cache_clear()
    clock.use(None)


def test_a_person_signs_in_and_goes_on_to_the_page_that_was_asked_for(organisation: Organisation) -> None:
    browser = Browser()
    answer = browser.get(browser.leave("/auth/openid?next=/incidents/INC-42%3Fevent%3D7"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/INC-42?event=7")
    actor = browser.actor()
    assert actor is not None and actor.id == organisation.responder.id
    assert set(browser.cookies) == {session.COOKIE}
    (entry,) = [entry for entry in audited(organisation.admin) if entry.action == "session.started"]
    assert (entry.actor_id, (entry.after or {})["by"]) == (actor.id, "Keycloak")
    assert people.own_profile(actor).came_in


def test_what_the_browser_keeps_is_for_the_way_back_alone(organisation: Organisation) -> None:
    answer = Browser().get("/auth/openid")
    (header,) = answer.headers.get_list("set-cookie")
    kept = SimpleCookie(header)["tocsin_openid"]
    assert (kept["httponly"], kept["samesite"], kept["path"], kept["max-age"]) == (True, "lax", "/auth/openid/back", "600")
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert not any(secret in kept.value for secret in (asked["state"][0], asked["nonce"][0]))
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/auth/sign-out"])
def test_nobody_is_led_away(wanted: str, organisation: Organisation) -> None:
    browser = Browser()
    assert browser.get(browser.leave(f"/auth/openid?next={wanted}")).headers["location"] == "/incidents"


def test_an_earlier_session_of_the_browser_ends(organisation: Organisation) -> None:
    browser = Browser()
    browser.get(browser.leave())
    before = browser.cookies[session.COOKIE]
    browser.get(browser.leave())
    assert browser.actor() is not None
    assert sessions.actor_for_token(before) is None


def test_a_provider_that_tells_the_address_elsewhere_is_asked_there(organisation: Organisation, provider: Provider) -> None:
    provider.tells_by_userinfo = True
    browser = Browser()
    browser.get(browser.leave())
    assert browser.actor() is not None
    provider.told_by_userinfo = {"sub": "somebody else"}
    refused(Browser(), "told of somebody else")


def refused(browser: Browser, sentence: str, back: str | None = None) -> None:
    """Nobody is signed in, and the sign-in page says why."""
    answer = browser.get(back or browser.leave("/auth/openid?next=/services"))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    assert session.COOKIE not in browser.cookies
    assert sentence in browser.refusal(), browser.refusal()


LIES: dict[str, tuple[Callable[[Provider], Any], str]] = {
    "nonce of another sign-in": (lambda one: one.claims.update(nonce="other"), "belongs to another sign-in"),
    "no nonce": (lambda one: one.claims.update(nonce=None), "belongs to another sign-in"),
    "another audience": (lambda one: one.claims.update(aud="wiki"), "meant for another program"),
    "several audiences": (lambda one: one.claims.update(aud=["tocsin", "wiki"]), "several programs"),
    "another party": (lambda one: one.claims.update(azp="wiki"), "meant for another program"),
    "another issuer": (lambda one: one.claims.update(iss="https://evil.example"), "another issuer"),
    "expired": (lambda one: one.claims.update(exp=int(time.time()) - 120), "not of now"),
    "of tomorrow": (lambda one: one.claims.update(iat=int(time.time()) + 86_400), "not of now"),
    "without an end": (lambda one: one.claims.update(exp=None), "no times"),
    "an end that is no time": (lambda one: one.claims.update(exp="never"), "no times"),
    "nobody": (lambda one: one.claims.update(sub=""), "names nobody"),
    "not signed": (lambda one: setattr(one, "signed", "none"), "signature"),
    "signed by another key": (lambda one: setattr(one, "signed", "other"), "signature"),
    "signed by the public key as a secret": (lambda one: setattr(one, "signed", "shared"), "signature"),
    "an address that is not verified": (lambda one: one.claims.update(email_verified=False), "has not verified your e-mail address"),
    "an address of which nothing is said": (lambda one: one.claims.update(email_verified=None), "has not verified"),
    "a stranger": (lambda one: one.claims.update(email="mallory@evil.example"), "Nobody who is active here has the address mallory@"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_right_signs_nobody_in(lie: str, organisation: Organisation, provider: Provider) -> None:
    tell, sentence = LIES[lie]
    tell(provider)
    refused(Browser(), sentence)


def test_who_was_deactivated_is_refused(organisation: Organisation) -> None:
    with database.write(organisation.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == organisation.responder.id).values(active=False))
    refused(Browser(), "Nobody who is active here has the address rob@northwind.example. Ask an admin to invite you.")


def test_what_one_browser_began_no_other_finishes(organisation: Organisation) -> None:
    """Else somebody could sign a victim in as themselves, or themselves as a victim whose address they read."""
    victim, attacker = Browser(), Browser()
    back = attacker.leave()
    refused(victim, "begun in another window or browser", back)
    victim.leave()
    refused(victim, "begun in another window or browser", back)
    for forged in ("", "x", attacker.cookies["tocsin_openid"][:-4] + "AAAA"):
        victim.cookies["tocsin_openid"] = forged
        refused(victim, "begun in another window or browser", back)


def test_a_code_works_once(organisation: Organisation) -> None:
    browser = Browser()
    back = browser.leave()
    kept = dict(browser.cookies)
    browser.get(back)
    assert browser.actor() is not None
    again = Browser()
    again.cookies = kept
    refused(again, "it answered 400 invalid_grant", back)


def test_a_sign_in_that_took_too_long_is_begun_again(organisation: Organisation) -> None:
    browser = Browser()
    back = browser.leave()
    late = clock.now() + timedelta(seconds=601)
    clock.use(lambda: late)
    try:
        refused(browser, "took too long", back)
    finally:
        clock.use(None)


def test_whoever_says_no_there_comes_back_to_the_form(organisation: Organisation) -> None:
    browser = Browser()
    state = parse_qs(urlsplit(browser.leave("/auth/openid?next=/services")).query)["state"][0]
    back = f"/auth/openid/back?error=access_denied&error_description=%3Cscript%3E&state={state}"
    answer = browser.get(back)
    assert answer.headers["location"] == "/login?next=/services"
    assert browser.refusal() == "Keycloak did not sign you in (access_denied). Begin again, or use your password."


def test_a_provider_that_is_away_or_another_is_told(
    organisation: Organisation, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.calls_itself = "https://evil.example"
    browser = Browser()
    assert browser.get("/auth/openid").headers["location"] == "/login"
    assert "it calls itself https://evil.example" in browser.refusal()
    provider.stop()
    browser.get("/auth/openid")
    assert browser.refusal() == "Keycloak does not answer. Try again in a moment, or use your password."


def test_tries_are_counted_by_address(organisation: Organisation, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "wait_seconds", lambda _failed: 0.0)
    monkeypatch.setattr(sign_in, "TRIES_AN_HOUR", 3)
    provider.claims = {"email": "mallory@evil.example"}
    for _ in range(3):
        refused(Browser(), "Nobody who is active here")
    provider.claims = {}
    refused(Browser(), "Too many wrong tries from your network")


def test_without_a_provider_there_is_nothing(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOCSIN_OIDC_ISSUER")
    monkeypatch.delenv("TOCSIN_OIDC_CLIENT_ID")
    settings.current.cache_clear()
    assert Browser().get("/auth/openid").status_code == 404
    refused(Browser(), "not set up here", "/auth/openid/back?code=x&state=y")
