"""The plain body that any script can send: an alert as one object, or a list of them."""

from __future__ import annotations

from models.vocabulary import AlertStatus
from services.errors import InvalidInputError
from services.formats import batch, fields
from services.formats.document import compact
from services.formats.received import Link, Received, ReceivedAlert, Refusal


def read(document: object) -> Received:
    """The alerts of one body.

    Raises: InvalidInputError when it is neither an object nor a list with something in it.
    """
    if isinstance(document, dict):
        return _single(document)
    if not isinstance(document, list):
        reason = f'The body must be an alert such as {{"title": "Disk full"}}, or a list of them, not {fields.said(document)}.'
        raise InvalidInputError(reason, field="body")
    if not document:
        raise InvalidInputError("The list must hold at least one alert.", field="body")
    return batch.each(document, _alert)


def _single(alert: dict[str, object]) -> Received:
    try:
        return Received((_alert(0, alert),))
    except InvalidInputError as error:
        return Received((), (Refusal(0, error.field or "body", error.message),))


def _alert(index: int, alert: dict[str, object]) -> ReceivedAlert:
    raw = compact(alert)
    whole_title = fields.text(alert, "title")
    title = fields.title(whole_title)
    if not title:
        raise InvalidInputError(_missing_title(alert), field="title")
    status = fields.status(fields.text(alert, "status") or AlertStatus.FIRING)
    severity, severity_said, severity_known = fields.severity(fields.text(alert, "severity"))
    sent_key = fields.text(alert, "dedup_key")
    description = fields.clip(fields.text(alert, "description"), fields.DESCRIPTION_LENGTH)
    labels = fields.texts(alert, "labels")
    kept = fields.labels_to_keep(labels)
    source = fields.link("Source", fields.text(alert, "url"))
    links: tuple[Link, ...] = (source,) if source else ()
    key = sent_key or fields.digest_of(whole_title, labels)
    return ReceivedAlert(
        index=index,
        fingerprint=fields.identity(key, fields.FINGERPRINT_LENGTH),
        status=status,
        title=title,
        description=description,
        severity=severity,
        severity_said=severity_said,
        severity_known=severity_known,
        labels=kept,
        links=links,
        group_key=fields.identity(key, fields.KEY_LENGTH),
        group_labels={},
        dedup_key=fields.identity(sent_key, fields.KEY_LENGTH),
        starts_at=fields.moment(alert, "starts_at"),
        ends_at=None,
        content_hash=fields.content_hash(status, title, description, severity_said, kept, [(link.name, link.url) for link in links]),
        raw=raw,
    )


def _missing_title(alert: dict[str, object]) -> str:
    if isinstance(alert.get("alerts"), list):
        return "title is missing. The body looks like Alertmanager's or Grafana's: make an integration of that kind for it."
    return "title is missing: say in one line what is broken."
