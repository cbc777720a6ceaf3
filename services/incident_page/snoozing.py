"""Snoozing an incident from a page, and what came of it in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import EllipsisType

from models.vocabulary import Role
from services import clock, database, incidents, typed_times
from services.access import Actor, require
from services.address_times import NoTimeError
from services.errors import ConflictError, InvalidInputError
from services.views import ChoiceView
from services.wording import hour_since, zone_named

_OFFERED = ("30 min", "1 h", "4 h", "Tomorrow 09:00", "Monday 09:00")


@dataclass(frozen=True, slots=True)
class Snoozed:
    """What came of it. `before` and `after` are until when it was snoozed and is now, in ISO 8601; empty where it was not, or is not."""

    sentence: str
    done: bool
    is_refused: bool = False
    before: str = ""
    after: str = ""


def offered(zone: str) -> list[ChoiceView]:
    """What can be chosen without typing: the words, and the time on the clock of this zone."""
    now, there = clock.now(), zone_named(zone)
    return [ChoiceView(words, hour_since(typed_times.ahead(words, there, now), now, there)) for words in _OFFERED]


def snooze(actor: Actor, number: str, words: str, zone: str) -> Snoozed:
    """Snooze it until the time that `words` name on the clock of this zone; without words the snooze ends.

    Raises: NotAllowedError, NotFoundError, InvalidInputError for what is no time ahead, or too far.
    """
    require(actor, Role.RESPONDER)
    try:
        until = typed_times.ahead(words, zone_named(zone), clock.now()) if words.strip() else None
    except NoTimeError as error:
        raise InvalidInputError(str(error), field="until") from error
    return _until(actor, number, until, zone)


def take_back(actor: Actor, number: str, before: str, after: str, zone: str) -> Snoozed:
    """Until `before` again instead of `after`, unless somebody has changed the snooze since; an earlier time that is over ends it.

    Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.RESPONDER)
    earlier = _time(before)
    return _until(actor, number, earlier if earlier and earlier > clock.now() else None, zone, instead_of=_time(after))


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _until(actor: Actor, number: str, until: datetime | None, zone: str, *, instead_of: datetime | EllipsisType | None = ...) -> Snoozed:
    with database.read(actor.tenant_id) as session:
        before = incidents.find(session, number).snoozed_until
    try:
        outcome = incidents.snooze(actor, number, until, instead_of=instead_of)
    except ConflictError as error:
        return Snoozed(error.message, False, is_refused=True)
    shown, was = outcome.incident.number, before.isoformat() if before else ""
    if until is None:
        ended = f"{shown} is not snoozed any more." if outcome.changed else f"{shown} is not snoozed."
        return Snoozed(ended, outcome.changed, before=was)
    when = hour_since(until, clock.now(), zone_named(zone))
    return Snoozed(
        f"{shown} is snoozed until {when}{'' if outcome.changed else ' already'}.", outcome.changed, before=was, after=until.isoformat()
    )
