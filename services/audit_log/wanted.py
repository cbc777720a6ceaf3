"""The address of the audit log: whose entries, about what, from when, and which page of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from sqlmodel import Session, col, select

from models.people import ActorRow, User
from models.vocabulary import Role
from services import address_times, clock, database, input_text
from services.access import Actor, require
from services.address_times import NoTimeError, short
from services.audit_log.wording import KINDS
from services.wording import zone_named

PATH = "/settings/audit"
PARAMETERS = ("who", "what", "after", "before")
_MOST_PARAMETERS = 20
_ACTION = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([0-9]{1,17})-([0-9a-f]{32})")

Place = tuple[datetime, UUID]
"""The time and the id of an entry: where a page ends and the next one begins."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for; what is None or empty lets all through.

    `kind` is a kind of thing ("api_key") and `action` one action ("api_key.revoked"). `after` is the first moment that counts, `before`
    the first that does not. `beyond` is the place after which the page begins. `parameters` are those that hold, and `wrong` has a
    sentence for each other.
    """

    actor: UUID | None = None
    kind: str = ""
    action: str = ""
    after: datetime | None = None
    before: datetime | None = None
    beyond: Place | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()


class _WrongError(Exception):
    """A value means nothing; the text says what would be right."""


def wanted_by(actor: Actor, query: str, zone: str) -> Wanted:
    """What this query of an address asks for, with days taken in this zone; what is wrong in it is left out and told.

    Raises: NotAllowedError.
    """
    require(actor, Role.ADMIN)
    try:
        given = {name: values[-1].strip() for name, values in parse_qs(query, max_num_fields=_MOST_PARAMETERS).items()}
    except ValueError:
        given = {}
    values: dict[str, Any] = {}
    parameters, wrong = {}, []
    with database.read(actor.tenant_id) as session:
        for name in (*PARAMETERS, "older"):
            text = given.get(name, "")
            if not text:
                continue
            try:
                found, parameters[name] = _value(session, name, text, zone)
                values |= found
            except (_WrongError, NoTimeError) as error:
                wrong.append(str(error))
    parameters.pop("older", None)
    return Wanted(**values, parameters=parameters, wrong=tuple(wrong))


def address(parameters: Mapping[str, str], beyond: Place | None = None) -> str:
    """The address of the log with these filters, from the first page on or beyond this place."""
    query = {name: parameters[name] for name in PARAMETERS if parameters.get(name)}
    if beyond is not None:
        query["older"] = f"{(beyond[0] - _EPOCH) // timedelta(microseconds=1)}-{beyond[1].hex}"
    return f"{PATH}?{urlencode(query)}" if query else PATH


def _value(session: Session, name: str, text: str, zone: str) -> tuple[dict[str, Any], str]:
    """What a parameter asks for, and how it is written best."""
    if name == "who":
        actor_id, handle = _who(session, text)
        return {"actor": actor_id}, handle
    if name == "what":
        return _what(text), text
    if name == "older":
        return {"beyond": _place(text)}, text
    span = address_times.span(text) if name == "after" else None
    if span:
        return {"after": clock.now() - span.length}, text.lower()
    return {name: address_times.moment(text, zone_named(zone))}, text


def _who(session: Session, text: str) -> tuple[UUID, str]:
    wanted = text.lower().removeprefix("@")
    query = select(ActorRow.id, User.handle).outerjoin(User, col(User.id) == col(ActorRow.id))
    try:
        query = query.where(col(ActorRow.id) == UUID(wanted))
    except ValueError:
        query = query.where(col(User.handle) == ("" if input_text.unstorable(wanted) else wanted))
    found = session.exec(query).first()
    if found is None:
        raise _WrongError(f"There is nobody with the handle “{short(text)}” here.")
    return found[0], found[1] or found[0].hex


def _what(text: str) -> dict[str, Any]:
    if text in KINDS:
        return {"kind": text}
    if _ACTION.fullmatch(text):
        return {"action": text}
    *most, last = KINDS
    raise _WrongError(
        f"“{short(text)}” is no kind of thing. It is one of {', '.join(most)} and {last}, or an action such as api_key.revoked."
    )


def _place(text: str) -> Place:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise _WrongError("This page of the log is not known: here is the first one.")
    return _EPOCH + timedelta(microseconds=int(found[1])), UUID(found[2])
