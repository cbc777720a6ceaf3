"""The few statements that look across organisations: they find out whose something is. Everything else names its organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, text, update

from models.access import ApiKey, LoginSession, OneTimeLink, SignInAttempt
from models.columns import new_id
from models.jobs import DEAD, UNFINISHED, Job
from models.notifications import WAITING, OutgoingMessage
from models.people import ActorRow, User
from models.tenants import Tenant
from models.vocabulary import ActorKind, JobStatus, LinkPurpose, Role
from services import clock, database, live_updates
from services.database import Tx

# bare tables: there is nothing for the tenant filter to do here
_tenant: Any = Tenant.__table__.c  # type: ignore[attr-defined]
_actor: Any = ActorRow.__table__.c  # type: ignore[attr-defined]
_user: Any = User.__table__.c  # type: ignore[attr-defined]
_session: Any = LoginSession.__table__.c  # type: ignore[attr-defined]
_key: Any = ApiKey.__table__.c  # type: ignore[attr-defined]
_link: Any = OneTimeLink.__table__.c  # type: ignore[attr-defined]
_attempt: Any = SignInAttempt.__table__.c  # type: ignore[attr-defined]
_message: Any = OutgoingMessage.__table__.c  # type: ignore[attr-defined]
_job: Any = Job.__table__.c  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation of the installation."""

    id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A sign-in session and the person whose it is."""

    id: UUID
    tenant_id: UUID
    user_id: UUID
    name: str
    role: Role
    active: bool
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundKey:
    """An API key and what it acts as. `person_role` and `person_active` are None where that is no person."""

    id: UUID
    tenant_id: UUID
    actor_id: UUID
    kind: ActorKind
    name: str
    role: Role
    person_role: Role | None
    person_active: bool | None
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person, as sign-in needs to know them."""

    id: UUID
    tenant_id: UUID
    name: str
    email: str
    role: Role
    active: bool
    password_hash: str | None
    first_signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A one-time link; without an organisation and a person when it is for the set-up."""

    id: UUID
    tenant_id: UUID | None
    user_id: UUID | None
    purpose: LinkPurpose
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that a worker holds. `claim` names this one claim of it, `attempts` counts them, the first being 1."""

    id: UUID
    tenant_id: UUID
    kind: str
    payload: Mapping[str, Any]
    due_at: datetime
    attempts: int
    claim: str


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How much background work waits, runs and was given up, and since when the longest due has been waiting."""

    pending: int
    running: int
    dead: int
    longest_due_at: datetime | None


def _row(statement: Select[Any]) -> Any:
    with database.read_everywhere() as session:
        return session.connection().execute(statement).first()


def session_by_hash(token_hash: str) -> FoundSession | None:
    """The sign-in session with this token, also when it has ended."""
    row = _row(
        select(
            _session.id,
            _session.tenant_id,
            _session.user_id,
            _actor.name,
            _user.role,
            _user.active,
            _session.last_seen_at,
            _session.expires_at,
            _session.revoked_at,
        ).where(_session.token_hash == token_hash, _user.id == _session.user_id, _actor.id == _session.user_id)
    )
    return FoundSession(*row) if row else None


def api_key_by_hash(token_hash: str) -> FoundKey | None:
    """The API key with this token, also when it has ended."""
    row = _row(
        select(
            _key.id,
            _key.tenant_id,
            _key.actor_id,
            _actor.kind,
            _actor.name,
            _key.role,
            _user.role,
            _user.active,
            _key.last_used_at,
            _key.expires_at,
            _key.revoked_at,
        )
        .join_from(ApiKey, ActorRow, _actor.id == _key.actor_id)
        .outerjoin(User, _user.id == _key.actor_id)
        .where(_key.token_hash == token_hash)
    )
    return FoundKey(*row) if row else None


def person_by_email(email: str) -> FoundPerson | None:
    """The person with this address, given in lower case: it is unique in the installation."""
    row = _row(
        select(
            _user.id,
            _user.tenant_id,
            _actor.name,
            _user.email,
            _user.role,
            _user.active,
            _user.password_hash,
            _user.first_signed_in_at,
        ).where(_user.email == email, _actor.id == _user.id)
    )
    return FoundPerson(*row) if row else None


def link_by_hash(token_hash: str) -> FoundLink | None:
    """The one-time link with this token, also when it is used up or too old."""
    row = _row(
        select(_link.id, _link.tenant_id, _link.user_id, _link.purpose, _link.expires_at, _link.used_at).where(
            _link.token_hash == token_hash
        )
    )
    return FoundLink(*row) if row else None


def organisations() -> list[Organisation]:
    """All organisations, the oldest first."""
    statement = select(_tenant.id, _tenant.slug, _tenant.name).order_by(_tenant.created_at, _tenant.id)
    with database.read_everywhere() as session:
        return [Organisation(*row) for row in session.connection().execute(statement)]


def any_admin_exists() -> bool:
    """Whether somebody in the installation is an admin already."""
    return bool(_row(select(exists().where(_user.role == Role.ADMIN)))[0])


def any_person_exists() -> bool:
    """Whether the installation has people already."""
    return bool(_row(select(exists().where(_user.id.is_not(None))))[0])


def replace_set_up_link(token_hash: str, expires_at: datetime) -> None:
    """Store a link for the set-up; those made before it are used up."""
    with database.write_everywhere() as tx:
        earlier = (_link.purpose == LinkPurpose.SETUP, _link.used_at.is_(None))
        tx.execute(update(OneTimeLink).where(*earlier).values(used_at=tx.now))
        tx.insert(
            OneTimeLink,
            id=new_id(),
            tenant_id=None,
            purpose=LinkPurpose.SETUP,
            user_id=None,
            token_hash=token_hash,
            created_by=None,
            created_at=tx.now,
            expires_at=expires_at,
            used_at=None,
        )


def use_set_up_link(tx: Tx, token_hash: str) -> bool:
    """Use up the set-up link; whether it was good: unused, in its time, and no admin exists yet."""
    good = (
        _link.token_hash == token_hash,
        _link.purpose == LinkPurpose.SETUP,
        _link.used_at.is_(None),
        _link.expires_at > tx.now,
        ~exists().where(_user.role == Role.ADMIN),
    )
    return tx.execute(update(OneTimeLink).where(*good).values(used_at=tx.now)).rowcount == 1


def note_attempt(attempt_id: UUID, email: str, address: str, *, since: datetime, limit: int) -> int | None:
    """Note a try to sign in, as failed until it is known how it ends, so that tries at the same moment count each other.

    How many tries at this account have failed since then; None, and nothing is noted, when `limit` failed from this address.
    """
    failed = (_attempt.succeeded.is_(False), _attempt.at > since)
    with database.write_everywhere() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(address))))
        if tx.execute(select(func.count()).where(_attempt.address == address, *failed)).scalar_one() >= limit:
            return None
        at_account: int = tx.execute(select(func.count()).where(_attempt.email == email, *failed)).scalar_one()
        tenant_id = tx.execute(select(_user.tenant_id).where(_user.email == email)).scalar()
        tx.insert(SignInAttempt, id=attempt_id, tenant_id=tenant_id, email=email, address=address, succeeded=False, at=tx.now)
    return at_account


def mark_attempt_succeeded(tx: Tx, attempt_id: UUID) -> None:
    """Note that this try was the right person."""
    tx.execute(update(SignInAttempt).where(_attempt.id == attempt_id).values(succeeded=True))


def next_job_due_at() -> datetime | None:
    """When the first job is due, or was; a job whose worker gave no sign of life counts from the end of its lease."""
    waits = select(_job.due_at).where(text(UNFINISHED), _job.status == JobStatus.PENDING).order_by(_job.due_at).limit(1)
    held = select(func.min(_job.locked_until)).where(text(UNFINISHED), _job.status == JobStatus.RUNNING, _job.due_at <= clock.now())
    with database.read_everywhere() as session:
        found = [session.execute(statement).scalar() for statement in (waits, held)]
    return min((time for time in found if time is not None), default=None)


def _claimed(row: Any, claim: str) -> ClaimedJob:
    return ClaimedJob(row.id, row.tenant_id, row.kind, row.payload, row.due_at, row.attempts, claim)


def claim_jobs(worker: str, limit: int, lease: timedelta, at_most: Mapping[str, int] | None = None) -> list[ClaimedJob]:
    """Take up to `limit` due jobs for one worker, the longest due first; among them those whose worker gave no sign of life.

    Of the kinds in `at_most` no more are taken than it says, and only after all others.
    """
    claim = f"{worker[:40]} {new_id().hex}"
    few = at_most or {}
    with database.write_everywhere() as tx:
        taken = _claim(tx, claim, limit, lease, _job.kind.not_in(few) if few else None)
        for kind, most in few.items():
            room = min(most, limit - len(taken))
            if room > 0:
                taken += _claim(tx, claim, room, lease, _job.kind == kind)
    return sorted(taken, key=lambda job: (job.due_at, job.id))


def _claim(tx: Tx, claim: str, limit: int, lease: timedelta, of: ColumnElement[bool] | None) -> list[ClaimedJob]:
    due = (
        select(_job.id)
        .where(
            text(UNFINISHED),
            _job.due_at <= tx.now,
            or_(_job.status == JobStatus.PENDING, and_(_job.status == JobStatus.RUNNING, _job.locked_until < tx.now)),
        )
        .order_by(_job.due_at, _job.id)
        .limit(limit)
    )
    if of is not None:
        due = due.where(of)
    if tx.dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    # materialized, so that PostgreSQL looks once and locks no more than the limit
    chosen = due.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    rows = tx.execute(
        update(Job)
        .where(_job.id.in_(select(chosen.c.id)))
        .values(status=JobStatus.RUNNING, locked_by=claim, locked_until=tx.now + lease, attempts=_job.attempts + 1)
        .returning(_job.id, _job.tenant_id, _job.kind, _job.payload, _job.due_at, _job.attempts)
    )
    return [_claimed(row, claim) for row in rows.all()]


def hasten_jobs(kind: str) -> int:
    """Let the jobs of this kind that failed and wait for their next try be due now; how many these were."""
    waits = (text(UNFINISHED), _job.kind == kind, _job.status == JobStatus.PENDING, _job.attempts > 0)
    with database.write_everywhere() as tx:
        count: int = tx.execute(update(Job).where(*waits, _job.due_at > tx.now).values(due_at=tx.now)).rowcount
        if count:
            tx.wake(live_updates.JOBS)
    return count


def job_counts() -> JobCounts:
    """The background work of all organisations at this moment."""
    unfinished = select(_job.status, func.count()).where(text(UNFINISHED)).group_by(_job.status)
    dead = select(func.count()).select_from(Job).where(text(DEAD))
    with database.read_everywhere() as session:
        counts = {row[0]: row[1] for row in session.execute(unfinished)}
        given_up = session.execute(dead).scalar_one()
    return JobCounts(counts.get(JobStatus.PENDING, 0), counts.get(JobStatus.RUNNING, 0), given_up, next_job_due_at())


def waiting_mails() -> int:
    """How many mails of all organisations were tried in vain and wait for their next try."""
    tried = (text(WAITING), _message.channel_id.is_(None), _message.attempts > 0)
    return int(_row(select(func.count()).select_from(OutgoingMessage).where(*tried))[0])


def organisations_without_job(kind: str) -> list[UUID]:
    """The organisations that have no job of this kind that waits or runs."""
    has = select(_job.tenant_id).where(text(UNFINISHED), _job.kind == kind)
    with database.read_everywhere() as session:
        return list(session.execute(select(_tenant.id).where(_tenant.id.not_in(has)).order_by(_tenant.id)).scalars())


def remove_ended_without_organisation(before: datetime, limit: int) -> int:
    """Delete up to `limit` set-up links and tries to sign in to unknown accounts that ended before this time; how many."""
    with database.write_everywhere() as tx:
        links = select(_link.id).where(_link.tenant_id.is_(None), or_(_link.expires_at < before, _link.used_at < before)).limit(limit)
        attempts = select(_attempt.id).where(_attempt.tenant_id.is_(None), _attempt.at < before).limit(limit)
        removed = tx.execute(delete(OneTimeLink).where(_link.id.in_(links.scalar_subquery()))).rowcount
        return removed + tx.execute(delete(SignInAttempt).where(_attempt.id.in_(attempts.scalar_subquery()))).rowcount
