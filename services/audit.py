"""The audit log: who changed what, from where, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.audit import AuditEntry
from models.columns import new_id
from services.access import Actor
from services.database import Tx
from services.live_updates import audit_topic

_SECRET_NAMES = frozenset({"password", "password_hash", "token", "token_hash", "key", "key_hash", "previous_key_hash", "secret", "url"})


def record(
    tx: Tx,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note that `actor` did `action` ("person.created") to one thing; `before` and `after` hold the values that changed.

    Raises: ValueError when a value is named like a secret, which is a bug in the caller.
    """
    tx.insert(
        AuditEntry,
        id=new_id(),
        actor_id=actor.id,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        before=_plain(before),
        after=_plain(after),
        address=actor.address[:64],
        at=tx.now,
    )
    tx.wake(audit_topic(tx.tenant_id))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values that differ, as they were and as they are; both empty when nothing does."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    secret = _SECRET_NAMES & values.keys()
    if secret:
        raise ValueError(f"the audit log holds no secrets: {', '.join(sorted(secret))}")
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
