"""Which incidents somebody wants to see: the filters of the list, from the words of an address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from models.integrations import Service
from models.people import ActorRow, User
from models.vocabulary import IncidentState, Role, Severity
from services import address_times, clock, database, input_text, search
from services.access import Actor, require
from services.address_times import NoTimeError, short
from services.errors import InvalidFieldsError
from services.people import marked

WORDS_LIMIT = 200
ME = "me"
NOBODY = "none"
_NUMBER = re.compile(r"INC-([1-9][0-9]{0,8})", re.IGNORECASE)
_ALIASES = {"created_after": "after", "created_before": "before"}

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which incidents; what is empty or None lets all through.

    `assignee` is the person whose they are, `unassigned` asks for those of nobody. `after` is the first moment at which they may have
    been created, `before` the first at which they may not. `words` are looked for in their texts, `number` is that of one incident.
    `whole` leaves out what was merged into another one, `awake` what is snoozed.
    """

    states: tuple[IncidentState, ...] = ()
    severities: tuple[Severity, ...] = ()
    assignee: UUID | None = None
    unassigned: bool = False
    service: UUID | None = None
    after: datetime | None = None
    before: datetime | None = None
    words: str = ""
    number: int | None = None
    whole: bool = False
    awake: bool = False


EVERY = Filters()
"""Lets all incidents through."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter as people read it: "Assignee" "is" "Rob Lindqvist". `parameter` is its name in the address."""

    parameter: str
    name: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. `parameters` are those that hold, as they are written best; `wrong` has a sentence for each other."""

    filters: Filters
    parameters: dict[str, str] = field(default_factory=dict)
    chips: list[Chip] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)


class _WrongError(Exception):
    """A value means nothing; the text says what would be right."""


def read(actor: Actor, given: Mapping[str, str | Sequence[str]], *, zone: str = "UTC") -> Asked:
    """The filters that these parameters of an address ask for, with days taken in this zone; wrong values are left out and told.

    `state` and `severity` take several values, repeated or with commas; `assignee` is "me", "none", a handle or an id; `service` a name
    or an id; `after` and `before` (or `created_after`, `created_before`) a day, a time, or for `after` a span such as "7d"; `q` words.
    Raises: NotAllowedError.
    """
    require(actor, Role.VIEWER)
    texts = {name: ",".join([value] if isinstance(value, str) else value).strip() for name, value in given.items()}
    with database.read(actor.tenant_id) as session:
        return _Reader(session, actor, zone).read({name: text for name, text in texts.items() if text})


def require_right(asked: Asked) -> Filters:
    """The filters, where every value was right. Raises: InvalidFieldsError with a sentence for each that was not."""
    if asked.wrong:
        raise InvalidFieldsError(asked.wrong)
    return asked.filters


class _Reader:
    """Reads one address; each value is read on its own, so that a wrong one takes no other with it."""

    def __init__(self, session: Session, actor: Actor, zone: str) -> None:
        self._session = session
        self._actor = actor
        self._zone = ZoneInfo(zone)

    def read(self, texts: Mapping[str, str]) -> Asked:
        values: dict[str, Any] = {}
        asked = Asked(Filters())
        for given_name, text in texts.items():
            name = _ALIASES.get(given_name, given_name)
            if name not in _READERS or name in asked.parameters:
                continue
            try:
                if input_text.unstorable(text):
                    raise _WrongError(f"“{short(text)}” holds a character that is none.")
                found, parameter, chip = _READERS[name](self, text)
            except (_WrongError, NoTimeError) as wrong:
                asked.wrong[given_name] = str(wrong)
                continue
            values |= found
            asked.parameters[name] = parameter
            asked.chips.append(chip)
        return Asked(Filters(**values), asked.parameters, asked.chips, asked.wrong)

    def states(self, text: str) -> tuple[dict[str, Any], str, Chip]:
        chosen = _words(IncidentState, text, "state")
        return {"states": chosen}, ",".join(chosen), Chip("state", "State", "is", _either(chosen))

    def severities(self, text: str) -> tuple[dict[str, Any], str, Chip]:
        chosen = _words(Severity, text, "severity")
        return {"severities": chosen}, ",".join(chosen), Chip("severity", "Severity", "is", _either(chosen))

    def assignee(self, text: str) -> tuple[dict[str, Any], str, Chip]:
        wanted = text.lower().removeprefix("@")
        if wanted == ME:
            return {"assignee": self._actor.id}, ME, Chip("assignee", "Assignee", "is", "you")
        if wanted == NOBODY:
            return {"unassigned": True}, NOBODY, Chip("assignee", "Assignee", "is", "nobody")
        query = select(User.id, User.handle, ActorRow.name).join(ActorRow, col(ActorRow.id) == col(User.id))
        person_id = _as_id(wanted)
        found = self._session.exec(query.where(User.id == person_id if person_id else User.handle == wanted)).first()
        if found is None:
            raise _WrongError(f"There is nobody with the handle “{short(text)}” here. An assignee is “me”, “none” or a handle.")
        return {"assignee": found[0]}, found[1], Chip("assignee", "Assignee", "is", found[2])

    def service(self, text: str) -> tuple[dict[str, Any], str, Chip]:
        service_id = _as_id(text)
        named = func.lower(col(Service.name)) == text.lower()
        found = self._session.exec(select(Service.id, Service.name).where(Service.id == service_id if service_id else named)).first()
        if found is None:
            raise _WrongError(f"There is no service “{short(text)}” here.")
        return {"service": found[0]}, found[1], Chip("service", "Service", "is", found[1])

    def after(self, text: str) -> tuple[dict[str, Any], str, Chip]:
        span = address_times.span(text)
        if span:
            # whole minutes, so that those who look at the same span share one read
            since = clock.now().replace(second=0, microsecond=0) - span.length
            return {"after": since}, text.lower(), Chip("after", "Created", "in the last", span.words)
        at = address_times.moment(text, self._zone)
        return {"after": at}, text, Chip("after", "Created", "since", self._shown(at))

    def before(self, text: str) -> tuple[dict[str, Any], str, Chip]:
        at = address_times.moment(text, self._zone)
        return {"before": at}, text, Chip("before", "Created", "before", self._shown(at))

    def words(self, text: str) -> tuple[dict[str, Any], str, Chip]:
        query = input_text.one_line(text)[:WORDS_LIMIT].strip()
        number = _NUMBER.fullmatch(query)
        if number:
            return {"number": int(number[1])}, query.upper(), Chip("q", "Number", "is", query.upper())
        if not search.words(query):
            raise _WrongError(f"There is no word to look for in “{short(query)}”.")
        return {"words": query}, query, Chip("q", "Words", "", query)

    def _shown(self, at: datetime) -> str:
        there = at.astimezone(self._zone)
        year = "" if there.year == clock.now().astimezone(self._zone).year else f" {there.year}"
        return f"{there.day} {there:%b}{year}" + ("" if there.time() == datetime.min.time() else f" {there:%H:%M}")


_READERS = {
    "state": _Reader.states,
    "severity": _Reader.severities,
    "assignee": _Reader.assignee,
    "service": _Reader.service,
    "after": _Reader.after,
    "before": _Reader.before,
    "q": _Reader.words,
}
PARAMETERS = tuple(_READERS)
"""The parameters of an address that are filters."""


def _words(vocabulary: type[Word], text: str, what: str) -> tuple[Word, ...]:
    wanted = {part.strip().lower() for part in text.split(",") if part.strip()}
    unknown = sorted(wanted - set(vocabulary))
    if unknown or not wanted:
        *most, last = vocabulary
        raise _WrongError(f"“{short(unknown[0] if unknown else text)}” is no {what}. It is one of {', '.join(most)} and {last}.")
    return tuple(word for word in vocabulary if word in wanted)


def _either(chosen: Sequence[str]) -> str:
    *most, last = chosen
    return f"{', '.join(most)} or {last}" if most else last


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def choices(actor: Actor) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What a person may choose from: assignees as (handle, name) and services as (name, name), by name."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        named = select(User.handle, ActorRow.name, User.active).join(ActorRow, col(ActorRow.id) == col(User.id))
        people = session.exec(named.order_by(col(User.active).desc(), ActorRow.name))
        services = session.exec(select(Service.name).order_by(Service.name))
        return [(handle, marked(name, active)) for handle, name, active in people], [(name, name) for name in services]
