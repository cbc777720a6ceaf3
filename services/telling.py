"""Who is told of what: the rows are written in the transaction of their cause, and messages go out after its commit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, or_, select, update
from sqlmodel import col

from models.columns import new_id
from models.notifications import Follower, Notification, OutgoingMessage
from models.people import ActorRow, User
from models.tenants import Tenant
from models.vocabulary import CALLS, ActorKind, DeliveryStatus, Reason, Role, ToldBy
from services import access, jobs, settings
from services.database import Tx, storage
from services.live_updates import inbox_topic
from services.statements import Prepared, as_json, as_uuid, aside, listed, one_of
from services.wording import zone_named

MAIL_KIND = "mail"
"""The kind of job that sends one e-mail."""
EMAIL = "email"
CAN_WAIT = frozenset({Reason.MENTION, Reason.STATE_CHANGE, Reason.QUIET_INCIDENT, Reason.REASSIGNED})
"""What is not mailed in a person's quiet hours, but after them."""

_tenant = Tenant.__table__  # type: ignore[attr-defined]
_user = User.__table__  # type: ignore[attr-defined]
_actor = ActorRow.__table__  # type: ignore[attr-defined]
_message = OutgoingMessage.__table__  # type: ignore[attr-defined]
_follower = Follower.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody active who can be told. `quiet` are the minutes of their day between which an e-mail waits, where it can."""

    id: UUID
    name: str
    role: Role
    told_by: Mapping[str, str]
    timezone: str
    quiet: tuple[int, int] | None

    def wants(self, reason: Reason) -> ToldBy:
        """How they are to be told for this reason."""
        return ToldBy(self.told_by.get(reason.value, ToldBy.BOTH))

    def mailed_at(self, reason: Reason, now: datetime) -> datetime:
        """When a message for this reason may go out: at once, or at the end of the quiet hours that it falls into."""
        if self.quiet is None or reason not in CAN_WAIT:
            return now
        return end_of_quiet(now, self.timezone, *self.quiet)


@dataclass(frozen=True, slots=True)
class Duty:
    """Whom the organisation calls: its default on-call person where one is set and may act, its admins, and after how long again."""

    system_id: UUID
    on_call: Listener | None
    admins: tuple[Listener, ...]
    reminder_seconds: Mapping[str, int]
    listeners: Mapping[UUID, Listener]

    def may_have(self, user_id: UUID) -> bool:
        """Whether somebody who was asked for is active and may act."""
        listener = self.listeners.get(user_id)
        return listener is not None and access.may(listener.role, Role.RESPONDER)


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told of one cause for one reason, and `why` it is they. `event_id` is the line that tells of it."""

    user_id: UUID
    incident_id: UUID
    reason: Reason
    cause: str
    why: str
    event_id: UUID | None = None


def end_of_quiet(now: datetime, timezone: str, begins: int, ends: int) -> datetime:
    """`now`, or where it lies within the quiet hours of this zone the moment at which they end. Minutes of the day, over midnight too."""
    zone = zone_named(timezone)
    there = now.astimezone(zone)
    minute = there.hour * 60 + there.minute
    is_quiet = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if begins == ends or not is_quiet:
        return now
    day = there.date() if minute < ends else there.date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, ends // 60, ends % 60, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=4)
def _duty_query(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only
    dialect = storage().dialect
    told = or_(_user.c.role == Role.ADMIN, _user.c.id == _tenant.c.default_on_call_id, one_of(_user.c.id, "others", dialect))
    system = _actor.alias("system")
    query = (
        select(
            system.c.id, _tenant.c.default_on_call_id, _tenant.c.reminder_seconds, _tenant.c.timezone, _user.c.id, _actor.c.name,
            _user.c.role, _user.c.told_by, _user.c.timezone, _user.c.quiet_from, _user.c.quiet_until,
        )
        .select_from(_tenant)
        .join(system, and_(system.c.tenant_id == _tenant.c.id, system.c.kind == ActorKind.SYSTEM))
        .outerjoin(_user, and_(_user.c.tenant_id == _tenant.c.id, _user.c.active, told))
        .outerjoin(_actor, _actor.c.id == _user.c.id)
        .where(_tenant.c.id == bindparam("tenant", type_=Uuid()))
    )  # fmt: skip
    return Prepared(query, dialect)


def duty(tx: Tx, others: Iterable[UUID] = ()) -> Duty:
    """Whom this organisation calls, with the `others` among its active people, in one read."""
    wanted = sorted(set(others))
    rows = _duty_query(tx.dialect.name).run(tx.cursor, {"tenant": tx.tenant_id, "others": listed(wanted, tx.dialect)}).fetchall()
    listeners: dict[UUID, Listener] = {}
    for _, _, _, zone, user_id, name, role, told_by, own_zone, begins, ends in rows:
        found = as_uuid(user_id)
        if found is not None:
            quiet = (begins, ends) if begins is not None and ends is not None else None
            listeners[found] = Listener(found, name, Role(role), as_json(told_by), own_zone or zone, quiet)
    system_id, on_call_id, reminders = as_uuid(rows[0][0]), as_uuid(rows[0][1]), as_json(rows[0][2])
    assert system_id is not None
    on_call = listeners.get(on_call_id) if on_call_id is not None else None
    return Duty(
        system_id=system_id,
        on_call=on_call if on_call is not None and access.may(on_call.role, Role.RESPONDER) else None,
        admins=tuple(one for one in listeners.values() if one.role is Role.ADMIN),
        reminder_seconds=reminders,
        listeners=listeners,
    )


def followers(tx: Tx, subjects: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Who follows these incidents and services, by what they follow."""
    if not subjects:
        return {}
    rows = _followers_query(tx.dialect.name).run(tx.cursor, {"tenant": tx.tenant_id, "subjects": listed(sorted(subjects), tx.dialect)})
    found: dict[UUID, list[UUID]] = {}
    for subject, user in rows.fetchall():
        subject_id, user_id = as_uuid(subject), as_uuid(user)
        assert subject_id is not None and user_id is not None
        found.setdefault(subject_id, []).append(user_id)
    return found


@lru_cache(maxsize=4)
def _followers_query(dialect_name: str) -> Prepared:
    del dialect_name  # part of the key only
    dialect = storage().dialect
    own = aside(_follower.c.tenant_id, dialect) == bindparam("tenant", type_=Uuid())
    follows = select(_follower.c.subject_id, _follower.c.user_id).where(one_of(_follower.c.subject_id, "subjects", dialect), own)
    return Prepared(follows, dialect)


def tell(tx: Tx, notices: Iterable[Notice], listeners: Mapping[UUID, Listener]) -> None:
    """Write who is told, and the messages with a job each. Who is no listener (they left) is not told, and nobody twice for one cause."""
    has_mail = bool(settings.current().smtp_url)
    done: set[tuple[UUID, str, Reason]] = set()
    for notice in notices:
        listener = listeners.get(notice.user_id)
        key = (notice.user_id, notice.cause, notice.reason)
        if listener is None or key in done:
            continue
        done.add(key)
        wanted = listener.wants(notice.reason)
        notification_id = new_id()
        tx.insert(
            Notification,
            id=notification_id,
            user_id=notice.user_id,
            incident_id=notice.incident_id,
            event_id=notice.event_id,
            reason=notice.reason.value,
            cause=notice.cause,
            why=notice.why[:300],
            in_inbox=wanted is not ToldBy.EMAIL or not has_mail,
            created_at=tx.now,
            read_at=None,
        )
        tx.wake(inbox_topic(notice.user_id))
        if has_mail and wanted is not ToldBy.INBOX:
            _mail(tx, notice, notification_id, listener.mailed_at(notice.reason, tx.now))


def _mail(tx: Tx, notice: Notice, notification_id: UUID, due_at: datetime) -> None:
    message_id = new_id()
    tx.insert(
        OutgoingMessage,
        id=message_id,
        notification_id=notification_id,
        channel=EMAIL,
        channel_id=None,
        incident_id=notice.incident_id,
        event_id=notice.event_id,
        kind=notice.reason.value,
        status=DeliveryStatus.PENDING,
        attempts=0,
        created_at=tx.now,
        sent_at=None,
        last_error=None,
    )
    jobs.add(tx, MAIL_KIND, {"message_id": message_id.hex}, due_at)


def take_back_calls(tx: Tx, incident_ids: Collection[UUID]) -> None:
    """Cancel the messages of these incidents' calls that have not gone out: nobody needs to be called any more."""
    if not incident_ids:
        return
    tx.execute(
        update(_message)
        .where(
            _message.c.tenant_id == tx.tenant_id,
            _message.c.incident_id.in_(sorted(incident_ids)),
            _message.c.status == DeliveryStatus.PENDING,
            _message.c.kind.in_([reason.value for reason in CALLS]),
        )
        .values(status=DeliveryStatus.CANCELLED)
    )


def take_back_mentions(tx: Tx, event_id: UUID, named: Collection[UUID]) -> None:
    """Cancel the mails about a comment that have not gone out, to people whom it does not name any more."""
    others = select(col(Notification.id)).where(col(Notification.event_id) == event_id, col(Notification.user_id).not_in(named))
    tx.execute(
        update(_message)
        .where(
            _message.c.tenant_id == tx.tenant_id,
            _message.c.event_id == event_id,
            _message.c.status == DeliveryStatus.PENDING,
            _message.c.kind == Reason.MENTION.value,
            _message.c.notification_id.in_(others),
        )
        .values(status=DeliveryStatus.CANCELLED)
    )
