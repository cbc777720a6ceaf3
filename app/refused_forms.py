"""What was typed into a form that was refused, kept for the page that shows the form again: never a password.

A form that the browser sends itself comes back by a full navigation, so a short-lived cookie carries it. It is signed, so that nobody
else can put sentences on the page.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

import orjson

from services import clock, settings
from services.errors import InvalidFieldsError, RefusedError

COOKIE = "tocsin_form"
SECONDS = 60
"""How long the cookie is kept: as long as a page may take to load."""
WHOLE_FORM = "form"
"""The name under which stands what no single field is wrong about."""
_SECRET_FIELDS = frozenset({"password", "token"})
_LONGEST = 300


@dataclass(frozen=True)
class RefusedForm:
    """The values that were typed, and the sentence for each field that is wrong."""

    page: str
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def of(page: str, typed: Mapping[str, str], refusal: RefusedError) -> RefusedForm:
    """What the page is to show again, with the refusal's sentence beside each field that it is about."""
    values = {name: value[:_LONGEST] for name, value in typed.items() if name not in _SECRET_FIELDS}
    if isinstance(refusal, InvalidFieldsError):
        return RefusedForm(page, values, refusal.fields)
    known = refusal.field if refusal.field in typed else WHOLE_FORM
    return RefusedForm(page, values, {known or WHOLE_FORM: refusal.message})


def seal(form: RefusedForm) -> str:
    """The value of the cookie."""
    until = int(clock.now().timestamp()) + SECONDS
    body = base64.urlsafe_b64encode(orjson.dumps({"page": form.page, "values": form.values, "errors": form.errors, "until": until}))
    return f"{body.decode().rstrip('=')}.{_signature(body.decode().rstrip('='))}"


def unseal(cookie_header: str, page: str) -> RefusedForm:
    """What was refused on this page a moment ago; an empty one when nothing was, or when the cookie is not ours."""
    try:
        found = SimpleCookie(cookie_header).get(COOKIE)
    except CookieError:
        found = None
    body, _, signature = (found.value if found else "").partition(".")
    if not body or not hmac.compare_digest(_signature(body).encode(), signature.encode()):
        return RefusedForm(page)
    kept = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if kept["page"] != page or kept["until"] < clock.now().timestamp():
        return RefusedForm(page)
    return RefusedForm(page, kept["values"], kept["errors"])


def _signature(body: str) -> str:
    return hmac.new(b"form:" + settings.secret_key(), body.encode(), hashlib.sha256).hexdigest()
