"""Entries of the audit log in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from models.vocabulary import Severity
from services.input_text import one_line

KINDS = {
    "incident": "incidents",
    "person": "people",
    "team": "teams",
    "session": "sign-ins",
    "api_key": "API keys",
    "integration": "integrations",
    "service": "services",
    "channel": "channels",
    "organisation": "the organisation",
}
"""The kinds of things that entries are about, as a filter names them."""
_DID = {
    "session.started": "signed in",
    "session.revoked": "ended a session",
    "password_link.made": "made a password link for",
    "password_link.withdrawn": "withdrew the password link of",
    "password.reset": "chose by a link a new password for",
    "password.changed": "changed the password of",
    "profile.changed": "changed the profile of",
    "organisation.created": "made the organisation",
    "mail.tested": "sent a test mail to",
    "organisation.changed": "changed the settings of the organisation",
    "incident.severity_changed": "changed the severity of",
    "incident.followed": "follows",
    "incident.unfollowed": "follows no more",
    "service.followed": "follows",
    "service.unfollowed": "follows no more",
    "incident.snoozed": "changed the snooze of",
    "incident.timeout_changed": "changed when its acknowledgement lapses, of",
    "incident.given_back": "gave back",
    "incident.investigated": "began to investigate",
    "incident.ticked": "ticked an item of",
    "incident.unticked": "took a tick away from",
    "incident.commented": "commented on",
    "incident.comment_edited": "edited a comment on",
    "incident.comment_deleted": "deleted a comment on",
    "incident.line_moved": "changed the time of a line of",
    "incident.line_pinned": "pinned a line of",
    "incident.line_unpinned": "unpinned a line of",
    "incident.line_hidden": "hid a line of",
    "incident.line_shown": "showed a hidden line of",
    "incident.split": "split out",
    "incident.alerts_split": "split alerts out of",
    "integration.key_rotated": "made a new key for",
    "integration.service_set": "set the service of",
    "integration.enabled": "switched on",
    "integration.disabled": "switched off",
    "channel.enabled": "switched on",
    "channel.disabled": "switched off",
    "channel.tested": "sent a test to",
    "channel.secret_renewed": "made a new secret for",
}
_NOUNS = {"api_key": "API key"}
_NAMES = {
    "told_by": "Told otherwise than by inbox and e-mail",
    "assigned_to": "Assignee",
    "actor_id": "Acts as",
    "default_on_call_id": "On call by default",
    **{f"reminder_{severity}": f"Reminder of {severity} incidents" for severity in Severity},
    "quiet_incidents": "Quiet incidents are asked about after",
    "post_mortem_severities": "Post-mortem needed for",
    "tta_seconds": "Seconds to acknowledge",
    "ttr_seconds": "Seconds to resolve",
}
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST = 600
NOTHING = "nothing"


def did(action: str) -> str:
    """What was done: "signed in", or the verb of the action, as in "revoked"."""
    known = _DID.get(action)
    if known:
        return known
    verb = action.rpartition(".")[2].replace("_", " ")
    return "made" if verb == "created" else verb


def noun(kind: str) -> str:
    """A kind of thing in a sentence: "API key", "integration"."""
    return _NOUNS.get(kind, kind.replace("_", " "))


def field_name(name: str) -> str:
    """The name of a value that was changed: "Expires at"."""
    return _NAMES.get(name) or name.removesuffix("_id").replace("_", " ").capitalize()


def ids_in(values: Mapping[str, Any] | None) -> set[UUID]:
    """The ids that stand among these values."""
    each = chain.from_iterable(value if isinstance(value, list) else (value,) for value in (values or {}).values())
    return {UUID(value) for value in each if isinstance(value, str) and _ID.fullmatch(value)}


def shown(value: Any, names: Callable[[UUID], str | None], zone: ZoneInfo) -> str:
    """A value as people read it: ids by the name of what they stand for, times in this zone, long texts cut."""
    if value is None or value in ("", []):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _cut(", ".join(shown(each, names, zone) for each in value))
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    if _ID.fullmatch(text):
        return names(UUID(text)) or text
    return _time(text, zone) or _cut(one_line(text)) or NOTHING


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _time(text: str, zone: ZoneInfo) -> str:
    if not _TIME.fullmatch(text):
        return ""
    try:
        at = datetime.fromisoformat(text).astimezone(zone)
    except (ValueError, OverflowError):  # a title may look like a time
        return ""
    return f"{at.day} {at:%b %Y %H:%M:%S}"
