"""A test alert, sent over HTTP as a sender would: in the form of the integration's kind, which only the answer tells."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from services.errors import InvalidInputError, RefusedError, StorageBusyError

TITLE = "Test alert from Tocsin"
DEDUP_KEY = "tocsin-test-alert"
_SECONDS = 10.0
_NO_TIME = "0001-01-01T00:00:00Z"
_ANOTHER_FORM = (400, 422)


class UnreachableError(RefusedError):
    """Nobody answers at the address."""

    status = 502
    title = "No answer"


def send(url: str, *, resolve: bool = False) -> dict[str, Any]:
    """Send the test alert, or its end, and give what was answered.

    Raises: InvalidInputError for an address that cannot be one, UnreachableError, StorageBusyError, RefusedError with what was said.
    """
    _check(url)
    status, answer = _post(url, _generic(resolve))
    if status in _ANOTHER_FORM:
        status, answer = _post(url, _alertmanager(resolve))
    if status == 202:
        return answer
    said = str(answer.get("detail") or f"It answered {status}.")
    if status == 503:
        raise StorageBusyError(f"The alert was not stored: {said}")
    raise RefusedError(f"The alert was refused ({status}): {said}")


def _check(url: str) -> None:
    """Raises: InvalidInputError for what is no integration's address."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and "/intake/" in parts.path
    except ValueError:
        is_one = False
    if not is_one or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInputError("--url must be an integration's address, such as https://tocsin.example.org/intake/KEY.", field="url")


def _generic(resolve: bool) -> dict[str, Any]:
    return {
        "title": TITLE,
        "description": "Somebody ran tocsin send-test-alert. Nothing is broken.",
        "severity": "warning",
        "status": "resolved" if resolve else "firing",
        "dedup_key": DEDUP_KEY,
        "labels": {"alertname": "TocsinTest"},
    }


def _alertmanager(resolve: bool) -> dict[str, Any]:
    """The same in the form that Alertmanager and Grafana send."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = "resolved" if resolve else "firing"
    labels = {"alertname": "TocsinTest", "severity": "warning"}
    annotations = {"summary": TITLE, "description": "Somebody ran tocsin send-test-alert. Nothing is broken."}
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": _NO_TIME,  # so that it is a repeat while the test alert fires, and fires anew once that has ended
        "endsAt": now if resolve else _NO_TIME,
        "generatorURL": "",
        "fingerprint": "70c5170c5170c517",
    }
    return {
        "version": "4",
        "groupKey": '{}:{alertname="TocsinTest"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "tocsin",
        "groupLabels": {"alertname": "TocsinTest"},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [alert],
    }


def _post(url: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return answer.status, _parsed(answer.read(65_536))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _parsed(error.read(65_536))
    except (OSError, HTTPException) as error:  # urllib's own is an OSError
        why = getattr(error, "reason", error)
        host = urlsplit(url).netloc
        raise UnreachableError(f"Nobody answers at {host}: {why}. Is the server running, and is the address right?") from error


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
