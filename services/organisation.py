"""The settings of the organisation: its name and zone, whom it calls and when, and what it wants to know after an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, select

from models.tenants import Tenant
from models.vocabulary import Role, Severity
from services import access, account_input, audit, database, input_text, jobs, people
from services.access import Actor
from services.account_input import Checks
from services.database import Tx
from services.errors import InvalidInputError, StaleError
from services.live_updates import organisation_topic
from services.views import ChoiceView, OrganisationView
from services.wording import counted

REMINDER_MINUTES = range(1, 1440 + 1)
TIMEOUT_MINUTES = range(1, 30 * 1440 + 1)
REOPEN_MINUTES = range(30 * 1440 + 1)
QUIET_DAYS = range(365 + 1)
MOST_CAUSES = 50
CAUSE_LIMIT = 80
TIMEOUT_CHANGED = "timeout_changed"
"""The kind of job that looks at what somebody has, after the acknowledgement timeout was changed."""


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """An organisation's settings as programs get them. `version` grows with each change of them."""

    id: UUID
    name: str
    timezone: str
    default_on_call_id: UUID | None
    reminder_seconds: dict[str, int]
    acknowledgement_timeout_seconds: int | None
    quiet_days: int
    reopen_window_seconds: int
    post_mortem_severities: list[str]
    causes: list[str]
    version: int


def get(actor: Actor) -> OrganisationRecord:
    """The settings of the actor's organisation. Raises: NotAllowedError."""
    access.require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        return _record(session)


def _record(session: Session) -> OrganisationRecord:
    row = session.exec(select(Tenant).execution_options(populate_existing=True)).one()
    return OrganisationRecord(
        id=row.id,
        name=row.name,
        timezone=row.timezone,
        default_on_call_id=row.default_on_call_id,
        reminder_seconds={severity.value: row.reminder_seconds[severity.value] for severity in Severity},
        acknowledgement_timeout_seconds=row.acknowledgement_timeout_seconds,
        quiet_days=row.quiet_days,
        reopen_window_seconds=row.reopen_window_seconds,
        post_mortem_severities=row.post_mortem_severities,
        causes=row.causes,
        version=row.settings_version,
    )


def change(
    actor: Actor,
    *,
    name: str | None = None,
    timezone: str | None = None,
    default_on_call_id: UUID | EllipsisType | None = ...,
    reminder_seconds: Mapping[str, int] | None = None,
    acknowledgement_timeout_seconds: int | EllipsisType | None = ...,
    quiet_days: int | None = None,
    reopen_window_seconds: int | None = None,
    post_mortem_severities: Sequence[str] | None = None,
    causes: Sequence[str] | None = None,
    version: int | None = None,
) -> OrganisationRecord:
    """Change settings; what is not given stays. Nobody on call by default is None, and so is no timeout.

    0 days are never, and so is a reopen window of 0.
    `reminder_seconds` may name some severities only. Times are whole minutes, in seconds. What is planned already keeps its time.
    `version` is the one that the caller has seen, if any. Raises: NotAllowedError, StaleError; InvalidFieldsError, with all that is wrong.
    """
    access.require(actor, Role.ADMIN)
    given = {
        "name": (account_input.check_name, name),
        "timezone": (_check_zone, timezone),
        "reminder_seconds": (_check_reminders, reminder_seconds),
        "quiet_days": (_check_days, quiet_days),
        "reopen_window_seconds": (_check_window, reopen_window_seconds),
        "post_mortem_severities": (_check_severities, post_mortem_severities),
        "causes": (_check_causes, causes),
    }
    checks = Checks()
    wanted = {field: checks.take(check, value, field) for field, (check, value) in given.items() if value is not None}
    if acknowledgement_timeout_seconds is not ...:
        wanted["acknowledgement_timeout_seconds"] = checks.take(
            _check_timeout, acknowledgement_timeout_seconds, "acknowledgement_timeout_seconds"
        )
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.ADMIN)
        before = _held(tx)
        if version is not None and version != before.version:
            raise StaleError("Somebody has changed these settings meanwhile: look at what they are now, then save again.")
        if default_on_call_id is not ...:
            wanted["default_on_call_id"] = checks.take(_check_on_call, default_on_call_id, "default_on_call_id", tx)
        checks.done()
        if "reminder_seconds" in wanted:
            wanted["reminder_seconds"] = before.reminder_seconds | wanted["reminder_seconds"]
        return _store(tx, actor, before, wanted)


def relieve(tx: Tx, actor: Actor, user_id: UUID) -> None:
    """Leave nobody on call by default where it was this person, who may not act any more: then the admins are told."""
    before = _held(tx)
    if before.default_on_call_id == user_id:
        _store(tx, actor, before, {"default_on_call_id": None})


def _held(tx: Tx) -> OrganisationRecord:
    """The settings, which nobody else changes until the transaction ends."""
    tx.session.exec(select(Tenant.id).with_for_update(key_share=True))
    return _record(tx.session)


def _store(tx: Tx, actor: Actor, before: OrganisationRecord, wanted: dict[str, Any]) -> OrganisationRecord:
    changes = {field: value for field, value in wanted.items() if value != getattr(before, field)}
    if not changes:
        return before
    tx.session.exec(update(Tenant).values(**changes, settings_version=before.version + 1))
    after = _record(tx.session)
    if "acknowledgement_timeout_seconds" in changes:
        jobs.add(tx, TIMEOUT_CHANGED, {}, tx.now, dedup_key=TIMEOUT_CHANGED)
    audit.record(tx, actor, "organisation.changed", "organisation", tx.tenant_id, *audit.changed(_in_words(before), _in_words(after)))
    tx.wake(organisation_topic(tx.tenant_id))
    return after


def _in_words(settings: OrganisationRecord) -> dict[str, Any]:
    """The settings as the audit log keeps them: times in words, each severity by itself."""
    words: dict[str, Any] = {field: getattr(settings, field) for field in ("name", "timezone", "default_on_call_id")}
    words |= {f"reminder_{severity}": _minutes(seconds) for severity, seconds in settings.reminder_seconds.items()}
    return words | {
        "acknowledgement_timeout": _minutes(settings.acknowledgement_timeout_seconds or 0, none="off"),
        "quiet_incidents": counted(settings.quiet_days, "day") if settings.quiet_days else "never",
        "reopen_window": _minutes(settings.reopen_window_seconds, none="never"),
        "post_mortem_severities": settings.post_mortem_severities,
        "causes": settings.causes,
    }


def _minutes(seconds: int, none: str = "") -> str:
    return none if seconds == 0 and none else counted(seconds // 60, "minute")


def _check_zone(value: str, field: str) -> str:
    zone = account_input.check_timezone(value, field)
    if zone is None:
        raise InvalidInputError("Time zone is missing: choose one, such as UTC.", field=field)
    return zone


def _check_minutes(seconds: int, field: str, what: str, allowed: range) -> int:
    if seconds % 60 or seconds // 60 not in allowed:
        raise InvalidInputError(f"{what} must be {allowed.start:,} to {allowed.stop - 1:,} whole minutes.", field=field)
    return seconds


def _check_reminders(value: Mapping[str, int], field: str) -> dict[str, int]:
    strange = next((name for name in value if name not in list(Severity)), None)
    if strange is not None:
        raise InvalidInputError(f"{field} must be by severity ({', '.join(Severity)}).", field=field)
    wrong = [name for name, seconds in value.items() if seconds % 60 or seconds // 60 not in REMINDER_MINUTES]
    if wrong:
        raise InvalidInputError(
            f"The reminder of {' and '.join(wrong)} incidents must come after 1 to {REMINDER_MINUTES.stop - 1:,} whole minutes.",
            field=field,
        )
    return dict(value)


def _check_timeout(value: int | None, field: str) -> int | None:
    return None if value is None else _check_minutes(value, field, "The acknowledgement timeout, unless it is off,", TIMEOUT_MINUTES)


def _check_window(value: int, field: str) -> int:
    return _check_minutes(value, field, "The reopen window", REOPEN_MINUTES)


def _check_days(value: int, field: str) -> int:
    if value not in QUIET_DAYS:
        raise InvalidInputError(
            f"The days after which a status is asked for must be a number from 1 to {QUIET_DAYS.stop - 1}, or 0 for never.", field=field
        )
    return value


def _check_severities(value: Sequence[str], field: str) -> list[str]:
    if any(name not in list(Severity) for name in value):
        raise InvalidInputError(f"Severities must be some of {', '.join(Severity)}.", field=field)
    return [severity.value for severity in Severity if severity in value]


def _check_causes(value: Sequence[str], field: str) -> list[str]:
    if len(value) > MOST_CAUSES:
        raise InvalidInputError(f"There may be {MOST_CAUSES} causes at most.", field=field)
    causes = [input_text.check_line(cause, "cause", CAUSE_LIMIT) for cause in value]
    known: set[str] = set()
    for cause in causes:
        if cause.casefold() in known:
            raise InvalidInputError(f"The cause {cause} stands there twice.", field=field)
        known.add(cause.casefold())
    return causes


def _check_on_call(value: UUID | None, field: str, tx: Tx) -> UUID | None:
    sentence = people.unfit_to_act(tx, value, field) if value is not None else ""
    if sentence:
        raise InvalidInputError(sentence, field=field)
    return value


def view(actor: Actor) -> OrganisationView:
    """What the page of the settings shows to an admin. Raises: NotAllowedError."""
    access.require(actor, Role.ADMIN)
    found = get(actor)
    timeout = (found.acknowledgement_timeout_seconds or 0) // 60
    in_hours = timeout > 0 and timeout % 60 == 0
    return OrganisationView(
        name=found.name,
        timezone=found.timezone,
        on_call=found.default_on_call_id.hex if found.default_on_call_id else "",
        reminders={severity: str(seconds // 60) for severity, seconds in found.reminder_seconds.items()},
        timeout=_unless_off(timeout // 60 if in_hours else timeout),
        timeout_unit="hours" if in_hours else "minutes",
        quiet_days=_unless_off(found.quiet_days),
        reopen_window=_unless_off(found.reopen_window_seconds // 60),
        post_mortems={severity.value: severity in found.post_mortem_severities for severity in Severity},
        causes="\n".join(found.causes),
        version=found.version,
    )


def _unless_off(number: int) -> str:
    return str(number) if number else ""


def on_call_choices(actor: Actor) -> list[ChoiceView]:
    """Who can be on call by default, nobody first. Raises: NotAllowedError."""
    return [
        ChoiceView("", "Nobody: the admins are told"),
        *(ChoiceView(person.id, f"{person.name} (@{person.handle})") for person in people.may_act(actor)),
    ]
