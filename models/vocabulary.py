"""The closed sets of words that the whole product shares, and the moves an incident may make."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class IncidentState(StrEnum):
    """Where an incident is in its life; a reopened one is open again."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"


UNRESOLVED = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.INVESTIGATING)


class Move(StrEnum):
    """A verb that changes an incident's state; the names are those of the API."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    INVESTIGATE = "investigate"
    RESOLVE = "resolve"
    REOPEN = "reopen"


MOVES: dict[Move, tuple[frozenset[IncidentState], IncidentState]] = {
    Move.ACKNOWLEDGE: (frozenset({IncidentState.OPEN}), IncidentState.ACKNOWLEDGED),
    Move.UNACKNOWLEDGE: (frozenset({IncidentState.ACKNOWLEDGED, IncidentState.INVESTIGATING}), IncidentState.OPEN),
    Move.INVESTIGATE: (frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED}), IncidentState.INVESTIGATING),
    Move.RESOLVE: (frozenset(UNRESOLVED), IncidentState.RESOLVED),
    Move.REOPEN: (frozenset({IncidentState.RESOLVED}), IncidentState.OPEN),
}


def allowed_moves(state: IncidentState) -> list[Move]:
    """The moves that an incident in this state may make, in the order of its life."""
    return [move for move, (origins, _) in MOVES.items() if state in origins]


class AlertStatus(StrEnum):
    """What the sender last said of an alert."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Role(StrEnum):
    """What a person or a service account may do; each holds what the one before it holds."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    MANAGER = "manager"
    ADMIN = "admin"


class ActorKind(StrEnum):
    """Who can do something that is recorded."""

    PERSON = "person"
    SERVICE_ACCOUNT = "service_account"
    INTEGRATION = "integration"
    SYSTEM = "system"


class JobStatus(StrEnum):
    """Where a piece of background work is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    DEAD = "dead"


class DeliveryStatus(StrEnum):
    """What came of sending one message; a message that no longer matters is cancelled."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why somebody is told of something. Checked in code, not by the database."""

    OPENED = "opened"
    REOPENED = "reopened"
    UNACKNOWLEDGED = "unacknowledged"
    ASSIGNMENT = "assignment"
    REASSIGNED = "reassigned"
    MENTION = "mention"
    STATE_CHANGE = "state_change"
    QUIET_INCIDENT = "quiet_incident"


CALLS = (Reason.OPENED, Reason.REOPENED, Reason.UNACKNOWLEDGED)
"""What matters only while nobody has acknowledged the incident."""


class NotificationState(StrEnum):
    """Whether somebody has read what they were told of; what went by e-mail alone is mailed."""

    UNREAD = "unread"
    READ = "read"
    MAILED = "mailed"


class ToldBy(StrEnum):
    """How a person wants to be told of something."""

    INBOX = "inbox"
    EMAIL = "email"
    BOTH = "both"


class ChannelKind(StrEnum):
    """In which form a channel of the organisation is told. Checked in code, not by the database."""

    WEBHOOK = "webhook"
    SLACK = "slack"


class ChannelEvent(StrEnum):
    """What a channel can be told of an incident. Checked in code, not by the database."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    INVESTIGATING = "investigating"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    SEVERITY_CHANGED = "severity_changed"
    ASSIGNED = "assigned"
    COMMENTED = "commented"


class Theme(StrEnum):
    """What a person wants the pages to look like."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class EventType(StrEnum):
    """The kinds of line on a timeline that exist so far. Checked in code, not by the database."""

    ALERT_FIRED = "alert_fired"
    ALERT_RESOLVED = "alert_resolved"
    COMMENT = "comment"
    STATE_CHANGE = "state_change"
    ASSIGNMENT = "assignment"
    RESOLUTION = "resolution"
    REOPENED = "reopened"
    SEVERITY_CHANGE = "severity_change"
    MERGE = "merge"
    SPLIT = "split"
    EDIT = "edit"
    CHECKLIST = "checklist"
    NOTIFICATION = "notification"


class IntegrationKind(StrEnum):
    """The senders whose webhook is understood. Checked in code, not by the database."""

    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    GENERIC = "generic"


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    SETUP = "setup"
    PASSWORD = "password"
