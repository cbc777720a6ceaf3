"""How a person wants to be told of what, and the hours in which no mail is sent that can wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, select

from models.people import User
from models.tenants import Tenant
from models.vocabulary import Reason, Role, ToldBy
from services import audit, database, people, settings, telling
from services.access import Actor, require
from services.errors import InvalidFieldsError, NotFoundError
from services.live_updates import person_topic
from services.views import WishesView, WishView

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_WORDS = {
    Reason.OPENED: "A new incident calls you",
    Reason.REOPENED: "A reopened incident calls you",
    Reason.UNACKNOWLEDGED: "Nobody has acknowledged it",
    Reason.ASSIGNMENT: "An incident is given to you",
    Reason.REASSIGNED: "An incident is yours no longer",
    Reason.MENTION: "Somebody mentions you",
    Reason.STATE_CHANGE: "Something that you follow changes",
    Reason.QUIET_INCIDENT: "An incident of yours has been quiet",
}
"""What each reason is, as a person reads it. Every one has its words; a test says so."""


def wishes(actor: Actor) -> WishesView:
    """What the actor has chosen. Raises: NotAllowedError; NotFoundError when the actor is no person."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        user = _user(session, actor)
        zone = user.timezone or session.exec(select(Tenant.timezone)).one()
    return WishesView(
        each=[
            WishView(reason.value, words, user.told_by.get(reason.value, ToldBy.BOTH.value), reason in telling.CAN_WAIT)
            for reason, words in _WORDS.items()
        ],
        quiet_from=_shown(user.quiet_from),
        quiet_until=_shown(user.quiet_until),
        zone=zone,
        has_mail=bool(settings.current().smtp_url),
    )


def _user(session: Session, actor: Actor) -> User:
    user = session.exec(select(User).where(User.id == actor.id)).first()
    if user is None:
        raise NotFoundError("There is no such person.")
    return user


def change(actor: Actor, told_by: Mapping[str, str], quiet_from: str = "", quiet_until: str = "") -> None:
    """Keep how the actor wants to be told: by reason one of inbox, email and both; a reason that is not named stays.

    The quiet hours are two times of day such as "22:00", in the zone that the person chose, else the organisation's, over midnight too;
    both are empty for none.
    Raises: NotAllowedError; InvalidFieldsError with a sentence for each field, where those of reasons are called `told_mention`.
    """
    require(actor, Role.RESPONDER)
    wrong = {
        f"told_{reason}": f"It must be one of {', '.join(ToldBy)}."
        for reason, wanted in told_by.items()
        if reason not in list(Reason) or wanted not in list(ToldBy)
    }
    begins, ends = _minutes(quiet_from, "quiet_from", wrong), _minutes(quiet_until, "quiet_until", wrong)
    if not wrong and (begins is None) != (ends is None):
        wrong["quiet_from" if begins is None else "quiet_until"] = "Quiet hours need both times. Leave both empty for none."
    if begins is not None and begins == ends:
        wrong["quiet_until"] = "Quiet hours must end at another time than they begin."
    if wrong:
        raise InvalidFieldsError(wrong)
    with database.write(actor.tenant_id) as tx:
        user = _user(tx.session, actor)
        kept = {reason: wanted for reason, wanted in {**user.told_by, **told_by}.items() if wanted != ToldBy.BOTH}
        before, after = audit.changed(_told(user.told_by, user.quiet_from, user.quiet_until), _told(kept, begins, ends))
        if not after:
            return
        people.store(tx, actor.id, {"told_by": kept, "quiet_from": begins, "quiet_until": ends})
        audit.record(tx, actor, "profile.changed", "person", actor.id, before, after)
        tx.wake(person_topic(actor.id))


def _told(told_by: Mapping[str, str], begins: int | None, ends: int | None) -> dict[str, Any]:
    """For the audit log."""
    return {"told_by": dict(sorted(told_by.items())), "quiet_hours": f"{_shown(begins)} to {_shown(ends)}" if begins is not None else None}


def _minutes(text: str, field: str, wrong: dict[str, str]) -> int | None:
    found = _TIME.fullmatch(text.strip()[:8])
    if found is None:
        if text.strip():
            wrong[field] = "It must be a time of day such as 22:00, or empty."
        return None
    return int(found[1]) * 60 + int(found[2])


def _shown(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"
