"""Signing in by a provider of OpenID Connect: the authorisation code flow with PKCE, and what the provider says is checked.

A person is found by the e-mail address that the provider has verified; nobody is made. What one browser began only the same browser
can finish: a sealed cookie holds the state, the nonce and the verifier.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote_plus, urlencode

import httpx
import orjson
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services import across_tenants, clock, database, outgoing, sealing, settings, sign_in
from services.access import Actor
from services.errors import NotFoundError, RefusedError
from services.sessions import SignedIn

CALLBACK = "/auth/openid/back"
BROWSER_SECONDS = 600
"""How long a sign-in that a browser began can be finished."""
_WHOLE_SECONDS = 10.0
_KEEP_SECONDS = 300.0
_ANSWER_BYTES = 1 << 20
_CLOCKS_DIFFER = 60
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that only the provider has: neither none nor one by a shared secret."""

_log = structlog.get_logger(__name__)
_known: tuple[float, str, dict[str, Any]] | None = None


class OpenIdError(RefusedError):
    """Nobody is signed in by the provider; the sentence says why and what would help."""

    status = 403
    title = "Not signed in"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps meanwhile."""

    address: str
    sealed: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a browser keeps between leaving and coming back."""

    state: str
    nonce: str
    verifier: str
    next_path: str
    until: float


def provider_name() -> str:
    """What the provider is called on the sign-in page; empty where none is set."""
    found = settings.current()
    return found.oidc_name if found.oidc_issuer else ""


async def begin(next_path: str) -> Begun:
    """Begin to sign in, and go on to `next_path` after it. Raises: NotFoundError where no provider is set; OpenIdError."""
    _require_provider()
    found = settings.current()
    until = clock.now().timestamp() + BROWSER_SECONDS
    kept = _Kept(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), next_path, until)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": found.oidc_client_id,
        "redirect_uri": _callback(),
        "scope": "openid email profile",
        "state": kept.state,
        "nonce": kept.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    async with _client() as client:
        provider = await _provider(client)
    endpoint = _endpoint(provider, "authorization_endpoint")
    sealed = sealing.seal(orjson.dumps([kept.state, kept.nonce, kept.verifier, kept.next_path, kept.until]).decode())
    return Begun(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}", sealed)


def next_path(sealed: str) -> str:
    """Where this browser wanted to go; empty when it began nothing."""
    kept = _unsealed(sealed)
    return kept.next_path if kept else ""


async def finish(sealed: str, answer: Mapping[str, str], *, address: str, user_agent: str = "", current: Actor | None = None) -> SignedIn:
    """Begin the session of whom the provider names. `sealed` is what the browser kept, `answer` what it came back with.

    Raises: NotFoundError where no provider is set; OpenIdError, SlowDownError.
    """
    _require_provider()
    kept = _unsealed(sealed)
    if (
        kept is None
        or kept.until < clock.now().timestamp()
        or not hmac.compare_digest(kept.state.encode(), answer.get("state", "").encode())
    ):
        raise OpenIdError("This sign-in took too long, or it was begun in another window or browser. Begin it again here.")
    if "error" in answer or not answer.get("code"):
        said = _word(answer.get("error", ""))
        words = f" ({said})" if said else ""
        raise OpenIdError(f"{provider_name()} did not sign you in{words}. Begin again, or use your password.")
    attempt_id = await sign_in.admit(f"openid {address}", address)
    email = await _email(kept, answer["code"])
    person = await database.run(across_tenants.person_by_email, email)
    if person is None or not person.active:
        raise OpenIdError(f"Nobody who is active here has the address {email}. Ask an admin to invite you.")
    return await database.run(sign_in.start, person, attempt_id, address, user_agent, None, current, provider_name())


def _require_provider() -> None:
    if not settings.current().oidc_issuer:
        raise NotFoundError("Signing in by OpenID Connect is not set up here.")


def _callback() -> str:
    return f"{settings.current().base_url}{CALLBACK}"


def _unsealed(sealed: str) -> _Kept | None:
    if not sealed:
        return None
    try:
        return _Kept(*orjson.loads(sealing.unseal(sealed)))
    except (sealing.UnreadableError, ValueError, TypeError):
        return None


# --- what is asked of the provider -----------------------------------------------------------------------------------------------


def _client() -> httpx.AsyncClient:
    headers = {"accept": "application/json"}
    return httpx.AsyncClient(timeout=_WHOLE_SECONDS, follow_redirects=False, trust_env=False, verify=outgoing.trust(), headers=headers)


async def _ask(client: httpx.AsyncClient, method: str, url: str, **more: Any) -> dict[str, Any]:
    """The JSON object that the provider answers. Raises: OpenIdError."""
    try:
        async with asyncio.timeout(_WHOLE_SECONDS), client.stream(method, url, **more) as response:
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _ANSWER_BYTES:
                    raise _unfit("its answer is too long")
        document = orjson.loads(body)
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
        _log.warning("the provider of OpenID Connect does not answer", url=url, reason=str(error) or type(error).__name__)
        raise OpenIdError(f"{provider_name()} does not answer. Try again in a moment, or use your password.") from error
    except ValueError as error:
        raise _unfit("its answer is no JSON") from error
    if response.status_code != 200 or not isinstance(document, dict):
        said = _word(document.get("error")) if isinstance(document, dict) else ""
        raise _unfit(f"it answered {response.status_code} {said}".rstrip())
    return document


def _word(said: object) -> str:
    """An error's name as providers give it; empty for anything else."""
    return said if isinstance(said, str) and re.fullmatch(r"[a-z_]{1,40}", said) else ""


def _unfit(reason: str) -> OpenIdError:
    """The refusal of an answer that cannot be believed; what was wrong stands in the log, too."""
    _log.warning("an answer of the provider of OpenID Connect was refused", reason=reason)
    return OpenIdError(f"{provider_name()} gave an answer that cannot be accepted: {reason}. Begin again, or use your password.")


async def _provider(client: httpx.AsyncClient) -> dict[str, Any]:
    """What the provider says of itself; asked for every five minutes at most. Raises: OpenIdError."""
    global _known
    issuer = settings.current().oidc_issuer
    if _known is not None and _known[1] == issuer and time.monotonic() - _known[0] < _KEEP_SECONDS:
        return _known[2]
    found = await _ask(client, "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise _unfit(f"it calls itself {str(found.get('issuer'))[:200]}, and TOCSIN_OIDC_ISSUER is {issuer}")
    _known = time.monotonic(), issuer, found
    return found


def _endpoint(provider: Mapping[str, Any], name: str) -> str:
    found = provider.get(name)
    if not isinstance(found, str) or not settings.is_private_address(found):
        raise _unfit(f"its {name} is no https address")
    return found


async def _email(kept: _Kept, code: str) -> str:
    """The address that the provider verified, in small letters. Raises: OpenIdError."""
    async with _client() as client:
        provider = await _provider(client)
        tokens = await _ask(client, "POST", _endpoint(provider, "token_endpoint"), **_redeeming(provider, kept, code))
        keys = await _ask(client, "GET", _endpoint(provider, "jwks_uri"))
        claims = _checked(str(tokens.get("id_token", "")), keys, kept.nonce)
        if "email" not in claims and "userinfo_endpoint" in provider:
            bearer = {"authorization": f"Bearer {tokens.get('access_token', '')}"}
            told = await _ask(client, "GET", _endpoint(provider, "userinfo_endpoint"), headers=bearer)
            if told.get("sub") != claims["sub"]:
                raise _unfit("it told of somebody else")
            claims = told
    email = claims.get("email")
    if not isinstance(email, str) or not email.strip():
        raise _unfit("it named no e-mail address")
    if claims.get("email_verified") not in (True, "true"):
        raise OpenIdError(f"{provider_name()} has not verified your e-mail address. Verify it there, then begin again.")
    return email.strip().lower()


def _redeeming(provider: Mapping[str, Any], kept: _Kept, code: str) -> dict[str, Any]:
    """How the code is turned into tokens: with the client's secret where there is one."""
    found = settings.current()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _callback(), "code_verifier": kept.verifier}
    if found.oidc_client_secret is None:
        return {"data": form | {"client_id": found.oidc_client_id}}
    secret = found.oidc_client_secret.get_secret_value()
    ways = provider.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" not in ways:
        return {"data": form | {"client_id": found.oidc_client_id, "client_secret": secret}}
    return {"data": form, "auth": httpx.BasicAuth(quote_plus(found.oidc_client_id), quote_plus(secret))}


def _checked(id_token: str, keys: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """What an ID token says, once it is known to be the provider's, for us, of now, and for this sign-in. Raises: OpenIdError."""
    found, now = settings.current(), clock.now().timestamp()
    try:
        claims = dict(jwt.decode(id_token, KeySet.import_key_set(cast("Any", keys)), algorithms=_ALGORITHMS).claims)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unfit("its signature is not right") from error
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if claims.get("iss") != found.oidc_issuer:
        raise _unfit("it is signed by another issuer")
    if found.oidc_client_id not in audiences or claims.get("azp", found.oidc_client_id) != found.oidc_client_id:
        raise _unfit("it is meant for another program")
    if len(audiences) > 1 and "azp" not in claims:
        raise _unfit("it is meant for several programs and does not say for whom")
    if not {"exp", "iat"} <= times.keys() or not all(isinstance(value, int | float) for value in times.values()):
        raise _unfit("it has no times")
    if times["exp"] < now - _CLOCKS_DIFFER or times["iat"] > now + _CLOCKS_DIFFER or times.get("nbf", now) > now + _CLOCKS_DIFFER:
        raise _unfit("it is not of now; perhaps a clock is wrong")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise _unfit("it belongs to another sign-in")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise _unfit("it names nobody")
    return claims
