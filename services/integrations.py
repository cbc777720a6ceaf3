"""Integrations: the senders of alerts, their keys, what to paste into them, and what came of the last alerts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import EllipsisType
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from models.alerts import Alert
from models.columns import new_id
from models.incidents import Incident
from models.integrations import Integration, Service
from models.people import ActorRow
from models.vocabulary import ActorKind, IntegrationKind, Role
from services import audit, catalog, clock, database, input_text, live_updates, secrets, settings
from services.access import Actor, require
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotFoundError
from services.views import IntegrationRow, ReceivedAlertRow, SnippetView
from services.wording import rfc3339, shown_number

NAME_LIMIT = 120
OVERLAP = timedelta(hours=24)
"""For how long the key before a rotation still works."""
_BEGINNING = "ti"
_LATEST = 5

KIND_NAMES = {
    IntegrationKind.ALERTMANAGER: "Alertmanager",
    IntegrationKind.GRAFANA: "Grafana",
    IntegrationKind.GENERIC: "Plain webhook",
}


@dataclass(frozen=True, slots=True)
class NewIntegration:
    """An integration whose key was just made: it is not stored and cannot be shown again. `url` holds the key."""

    id: UUID
    kind: IntegrationKind
    name: str
    key: str
    url: str


@dataclass(frozen=True, slots=True)
class IntegrationRecord:
    """An integration as programs get it; its key is not among it."""

    id: UUID
    kind: str
    name: str
    enabled: bool
    key_prefix: str
    previous_key_until: datetime | None
    service_id: UUID | None
    created_at: datetime
    last_alert_at: datetime | None
    alert_count: int


def address(key: str) -> str:
    """The URL that a sender with this key posts to."""
    return f"{settings.current().base_url.rstrip('/')}/intake/{key}"


def create(actor: Actor, kind: str, name: str = "", *, service_id: UUID | None = None) -> NewIntegration:
    """Make an integration. Without a name it is called after its kind, with a number where there is one already.

    Raises: NotAllowedError, InvalidInputError, ConflictError for a name that is taken.
    """
    require(actor, Role.ADMIN)
    if kind not in list(IntegrationKind):
        raise InvalidInputError(f"A kind is one of {', '.join(IntegrationKind)}.", field="kind")
    wanted = input_text.check_line(name, "name", NAME_LIMIT) if name.strip() else ""
    made_kind = IntegrationKind(kind)
    key, integration_id = secrets.new_token(_BEGINNING), new_id()
    with database.write(actor.tenant_id) as tx:
        called = wanted or _free_name(tx, KIND_NAMES[made_kind])
        _check_name_is_free(tx, called)
        if service_id is not None:
            catalog.live(tx, service_id)
        tx.insert(ActorRow, id=integration_id, kind=ActorKind.INTEGRATION, name=called)
        tx.insert(
            Integration,
            id=integration_id,
            kind=made_kind.value,
            key_hash=secrets.hash_token(key),
            key_prefix=secrets.visible_prefix(key),
            enabled=True,
            service_id=service_id,
            created_by=actor.id,
            created_at=tx.now,
            alert_count=0,
        )
        after = {"kind": made_kind.value, "name": called, "service_id": service_id, "key_prefix": secrets.visible_prefix(key)}
        audit.record(tx, actor, "integration.created", "integration", integration_id, after=after)
        tx.wake(live_updates.integrations_topic(actor.tenant_id))
    return NewIntegration(integration_id, made_kind, called, key, address(key))


def _names(session: Session) -> set[str]:
    query = select(ActorRow.name).join(Integration, col(Integration.id) == col(ActorRow.id))
    return {name.casefold() for name in session.exec(query)}


def _free_name(tx: Tx, wanted: str) -> str:
    taken = _names(tx.session)
    names = (wanted if place == 1 else f"{wanted} {place}" for place in range(1, len(taken) + 2))
    return next(name for name in names if name.casefold() not in taken)


def _check_name_is_free(tx: Tx, name: str) -> None:
    if name.casefold() in _names(tx.session):
        raise ConflictError(f"There is an integration called {name} already. Choose another name.", field="name")


def _held(tx: Tx, integration_id: UUID) -> tuple[Integration, ActorRow]:
    query = select(Integration, ActorRow).join(ActorRow, col(ActorRow.id) == col(Integration.id)).where(Integration.id == integration_id)
    found = tx.session.exec(query.with_for_update()).first()
    if found is None:
        raise NotFoundError("There is no such integration.")
    return found


def change(
    actor: Actor,
    integration_id: UUID,
    *,
    name: str | None = None,
    enabled: bool | None = None,
    service_id: UUID | EllipsisType | None = ...,
) -> None:
    """Call it otherwise, switch it on or off, say what is broken when it sends alerts; what is not given stays.

    Its earlier incidents are then told as coming from the new name, too. While it is off its sender is refused and nothing is stored.
    Its incidents from now on name that service, with None none. Raises: NotAllowedError, NotFoundError, InvalidInputError,
    ConflictError for a name that is taken.
    """
    require(actor, Role.ADMIN)
    wanted: dict[str, Any] = {} if name is None else {"name": input_text.check_line(name, "name", NAME_LIMIT)}
    wanted |= {} if enabled is None else {"enabled": enabled}
    wanted |= {} if service_id is ... else {"service_id": service_id}
    with database.write(actor.tenant_id) as tx:
        integration, named = _held(tx, integration_id)
        held = {"name": named.name, "enabled": integration.enabled, "service_id": integration.service_id}
        before, after = audit.changed(held, wanted)
        if not after:
            return
        if "name" in after and after["name"].casefold() != named.name.casefold():
            _check_name_is_free(tx, after["name"])
        if after.get("service_id") is not None:
            catalog.live(tx, after["service_id"])
        _store(tx, integration_id, after)
        audit.record(tx, actor, f"integration.{_verb(after)}", "integration", integration_id, before, after)
        _wake(tx, integration_id)


def _store(tx: Tx, integration_id: UUID, values: Mapping[str, Any]) -> None:
    own = {field: value for field, value in values.items() if field != "name"}
    if own:
        tx.session.exec(update(Integration).where(col(Integration.id) == integration_id).values(**own))
    if "name" in values:
        tx.session.exec(update(ActorRow).where(col(ActorRow.id) == integration_id).values(name=values["name"]))


def _verb(after: Mapping[str, Any]) -> str:
    """What the audit log calls this change: by what it does, where it does one thing."""
    if len(after) > 1:
        return "changed"
    if "enabled" in after:
        return "enabled" if after["enabled"] else "disabled"
    return "renamed" if "name" in after else "service_set"


def rotate(actor: Actor, integration_id: UUID) -> NewIntegration:
    """Make a new key; the one before works for another day, so that the sender can be changed in peace.

    A key from before an earlier rotation ends at once. Raises: NotAllowedError, NotFoundError.
    """
    require(actor, Role.ADMIN)
    key = secrets.new_token(_BEGINNING)
    with database.write(actor.tenant_id) as tx:
        integration, named = _held(tx, integration_id)
        changed = {
            "key_hash": secrets.hash_token(key),
            "key_prefix": secrets.visible_prefix(key),
            "previous_key_hash": integration.key_hash,
            "previous_key_until": tx.now + OVERLAP,
        }
        before = {"key_prefix": integration.key_prefix}
        tx.session.exec(update(Integration).where(col(Integration.id) == integration_id).values(**changed))
        after = {"key_prefix": changed["key_prefix"], "previous_key_until": tx.now + OVERLAP}
        audit.record(tx, actor, "integration.key_rotated", "integration", integration_id, before=before, after=after)
        _wake(tx, integration_id)
        kind, name = IntegrationKind(integration.kind), named.name
    return NewIntegration(integration_id, kind, name, key, address(key))


def _wake(tx: Tx, integration_id: UUID) -> None:
    tx.wake(live_updates.integration_topic(integration_id), live_updates.integrations_topic(tx.tenant_id))


def list_all(actor: Actor) -> list[IntegrationRecord]:
    """All integrations, the newest last. Raises: NotAllowedError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        return [
            IntegrationRecord(
                id=one.id,
                kind=one.kind,
                name=name,
                enabled=one.enabled,
                key_prefix=one.key_prefix,
                previous_key_until=one.previous_key_until,
                service_id=one.service_id,
                created_at=one.created_at,
                last_alert_at=one.last_alert_at,
                alert_count=one.alert_count,
            )
            for one, name, _ in _all(session)
        ]


def get(actor: Actor, integration_id: UUID) -> IntegrationRecord:
    """One integration. Raises: NotAllowedError, NotFoundError."""
    found = next((one for one in list_all(actor) if one.id == integration_id), None)
    if found is None:
        raise NotFoundError("There is no such integration.")
    return found


def _all(session: Session) -> list[tuple[Integration, str, Service | None]]:
    query = (
        select(Integration, ActorRow.name, Service)
        .join(ActorRow, col(ActorRow.id) == col(Integration.id))
        .join(Service, col(Service.id) == col(Integration.service_id), isouter=True)
        .order_by(col(Integration.created_at), col(Integration.id))
    )
    return list(session.exec(query).all())


def rows(actor: Actor) -> list[IntegrationRow]:
    """All integrations as the page shows them. Raises: NotAllowedError."""
    require(actor, Role.ADMIN)
    with database.read(actor.tenant_id) as session:
        return [_row(one, name, service) for one, name, service in _all(session)]


def _row(one: Integration, name: str, service: Service | None) -> IntegrationRow:
    if not one.enabled:
        light = "off"
    elif one.last_refused_at is not None and (one.last_alert_at is None or one.last_refused_at > one.last_alert_at):
        light = "trouble"
    else:
        light = "lit" if one.last_alert_at else "waiting"
    until = one.previous_key_until
    return IntegrationRow(
        id=one.id.hex,
        name=name,
        kind=one.kind,
        kind_name=KIND_NAMES[IntegrationKind(one.kind)],
        key_prefix=one.key_prefix,
        service_id=service.id.hex if service else "",
        service=service.name if service else "",
        is_service_archived=service is not None and service.archived_at is not None,
        enabled=one.enabled,
        light=light,
        last_alert_at=rfc3339(one.last_alert_at),
        alert_count=one.alert_count,
        alert_count_text=f"{one.alert_count:,}",
        last_refusal=one.last_refusal or "",
        last_refused_at=rfc3339(one.last_refused_at),
        previous_key_until=rfc3339(until) if until is not None and until > clock.now() else "",
    )


def latest(actor: Actor, integration_id: UUID) -> list[ReceivedAlertRow]:
    """The newest alerts of an integration, with what became of each. Raises: NotAllowedError, NotFoundError."""
    get(actor, integration_id)
    with database.read(actor.tenant_id) as session:
        query = (
            select(Alert, Incident.number)
            .join(Incident, col(Incident.id) == col(Alert.incident_id), isouter=True)
            .where(Alert.integration_id == integration_id)
            .order_by(col(Alert.id).desc())
            .limit(_LATEST)
        )
        return [
            ReceivedAlertRow(
                id=alert.id.hex,
                title=alert.title,
                severity=alert.severity.value,
                received_at=rfc3339(alert.last_seen_at),
                number=shown_number(number) if number else "",
                outcome="" if number else _why_none(alert),
            )
            for alert, number in session.exec(query).all()
        ]


def _why_none(alert: Alert) -> str:
    if alert.firing_count == 0:
        return "Recorded. It ended before it was seen to fire, so it opens no incident."
    return "Recorded. The default rule opens no incident for a low alert."


def snippets(kind: IntegrationKind, url: str) -> list[SnippetView]:
    """What to paste into the sender: the text with the real address, and what it is."""
    test = {"title": "Error rate above 5 %", "severity": "critical", "dedup_key": "first-alert", "labels": {"service": "checkout"}}
    if kind is IntegrationKind.GENERIC:
        return [
            SnippetView("Open an incident", _curl(url, test)),
            SnippetView("End it again", _curl(url, {"title": test["title"], "dedup_key": "first-alert", "status": "resolved"})),
        ]
    alert = {
        "status": "firing",
        "labels": {"alertname": "ErrorRateHigh", "severity": "critical", "service": "checkout"},
        "annotations": {"summary": "Error rate above 5 %"},
        "startsAt": "2026-01-01T00:00:00Z",
        "fingerprint": "first-alert",
    }
    body = {"version": "4", "status": "firing", "groupKey": "first-alert", "groupLabels": {}, "alerts": [alert]}
    trial = SnippetView("Try it without " + KIND_NAMES[kind], _curl(url, body))
    if kind is IntegrationKind.ALERTMANAGER:
        return [SnippetView("alertmanager.yml", _ALERTMANAGER.format(url=url)), trial]
    return [SnippetView("Contact point in Grafana", _GRAFANA.format(url=url)), trial]


def _curl(url: str, body: Mapping[str, object]) -> str:
    return f"curl -X POST {url} \\\n  -H 'Content-Type: application/json' \\\n  -d '{json.dumps(body)}'"


_ALERTMANAGER = """\
route:
  receiver: tocsin
  group_by: [alertname, service]
receivers:
  - name: tocsin
    webhook_configs:
      - url: {url}
        send_resolved: true
"""
_GRAFANA = """\
apiVersion: 1
contactPoints:
  - orgId: 1
    name: tocsin
    receivers:
      - uid: tocsin
        type: webhook
        settings:
          url: {url}
          httpMethod: POST
        disableResolveMessage: false
"""
