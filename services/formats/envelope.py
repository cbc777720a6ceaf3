"""The body that Alertmanager made common and Grafana sends too: a group of alerts in one envelope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from models.vocabulary import AlertStatus
from services.errors import InvalidInputError
from services.formats import batch, fields
from services.formats.document import compact, shown
from services.formats.received import Link, Received, ReceivedAlert

_MOST_TRUNCATED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Sender:
    """Where one sender of this envelope differs from the others."""

    name: str
    links: tuple[tuple[str, str], ...]
    """What a link is called, and the alert's field that holds its address."""
    title_field: str = ""
    """The envelope's field with the sender's own title, for alerts without a summary and a name; empty where it has none."""


@dataclass(frozen=True, slots=True)
class _Group:
    sender: Sender
    status: str
    title: str
    key: str
    labels: dict[str, str]
    home: Link | None
    """The sender's own first page."""


def read(document: object, sender: Sender) -> Received:
    """The alerts of one envelope.

    Raises: InvalidInputError when the body is not such an envelope, or says something wrong of the group as a whole.
    """
    if not isinstance(document, dict):
        raise InvalidInputError(f"The body must be an object as {sender.name} sends it, not {fields.said(document)}.", field="body")
    alerts = document.get("alerts")
    if not isinstance(alerts, list):
        wrong = f"it is {fields.said(alerts)}" if "alerts" in document else "it is missing"
        reason = f"alerts must be a list of alerts as {sender.name}'s webhook sends it; {wrong}. Is this the right kind of integration?"
        raise InvalidInputError(reason, field="alerts")
    if not alerts:
        raise InvalidInputError("alerts must hold at least one alert.", field="alerts")
    rest = compact({name: value for name, value in document.items() if name != "alerts"})
    group = _group(document, sender)
    return batch.each(
        alerts,
        lambda index, alert: _alert(index, alert, group),
        path="alerts",
        truncated_count=_truncated_count(document),
        envelope=rest,
    )


def _group(document: Mapping[str, object], sender: Sender) -> _Group:
    return _Group(
        sender=sender,
        status=fields.text(document, "status"),
        title=fields.text(document, sender.title_field) if sender.title_field else "",
        key=fields.identity(fields.text(document, "groupKey"), fields.KEY_LENGTH),
        labels=fields.labels_to_keep(fields.texts(document, "groupLabels")),
        home=fields.link(sender.name, fields.text(document, "externalURL")),
    )


def _truncated_count(document: Mapping[str, object]) -> int:
    count = document.get("truncatedAlerts")
    if count is None:
        return 0
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise InvalidInputError("truncatedAlerts must be a whole number, 0 or more.", field="truncatedAlerts")
    return min(count, _MOST_TRUNCATED)


def _alert(index: int, alert: dict[str, object], group: _Group) -> ReceivedAlert:
    raw = compact(alert)
    labels = fields.texts(alert, "labels")
    annotations = fields.texts(alert, "annotations")
    status = fields.status(fields.text(alert, "status") or group.status)
    starts_at, ends_at = fields.moment(alert, "startsAt"), fields.moment(alert, "endsAt")
    fingerprint = fields.identity(fields.text(alert, "fingerprint") or fields.digest_of(labels), fields.FINGERPRINT_LENGTH)
    title = _title(labels, annotations, group)
    description = fields.clip(_first(annotations, "description", "message"), fields.DESCRIPTION_LENGTH)
    severity, severity_said, severity_known = fields.severity(labels.get("severity", "").strip())
    kept = fields.labels_to_keep(labels)
    links = _links(alert, annotations, group)
    return ReceivedAlert(
        index=index,
        fingerprint=fingerprint,
        status=status,
        title=title,
        description=description,
        severity=severity,
        severity_said=severity_said,
        severity_known=severity_known,
        labels=kept,
        links=links,
        group_key=group.key or fingerprint,
        group_labels=group.labels,
        dedup_key=fingerprint,
        starts_at=starts_at,
        ends_at=ends_at if status is AlertStatus.RESOLVED else None,
        content_hash=fields.content_hash(status, title, description, severity_said, kept, [(link.name, link.url) for link in links]),
        raw=raw,
    )


def _first(of: Mapping[str, str], *names: str) -> str:
    return next((words for words in (of.get(name, "").strip() for name in names) if words), "")


def _title(labels: dict[str, str], annotations: dict[str, str], group: _Group) -> str:
    for words in (annotations.get("summary"), labels.get("alertname"), group.title):
        title = fields.title(words or "")
        if title:
            return title
    title = fields.title(", ".join(f"{name}={value}" for name, value in islice(labels.items(), fields.MAX_LABELS)))
    if not title:
        raise InvalidInputError("labels must hold alertname, or annotations.summary say what is wrong.", field="labels.alertname")
    return title


def _links(alert: Mapping[str, object], annotations: dict[str, str], group: _Group) -> tuple[Link, ...]:
    """Runbooks and dashboards that the annotations name come first, then the sender's own pages."""
    noted = (fields.link(_spoken(name), address.strip()) for name, address in annotations.items() if address.lstrip()[:4].lower() == "http")
    own = (fields.link(name, fields.text(alert, field)) for name, field in group.sender.links)
    unlike: dict[str, Link] = {}
    for link in (*noted, *own, group.home):
        if link:
            unlike.setdefault(link.url, link)
    return tuple(islice(unlike.values(), fields.MAX_LINKS))


def _spoken(name: str) -> str:
    """An annotation's name as the name of a link: `runbook_url` is Runbook."""
    words = shown(name).lower().removesuffix("url").replace("_", " ").replace("-", " ").strip()
    return (words or "link").capitalize()
