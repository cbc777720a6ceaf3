"""The JSON of the API: what is sent and what comes back, field by field. Times are RFC 3339 in UTC with Z, ids are UUIDs.

A body with a field that is not listed is refused, so that a slip of the pen is not taken for a wish.
"""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from models.vocabulary import (
    AlertStatus,
    ChannelEvent,
    ChannelKind,
    DeliveryStatus,
    EventType,
    IncidentState,
    IntegrationKind,
    Move,
    NotificationState,
    Reason,
    Role,
    Severity,
)
from services.catalog import DESCRIPTION_LIMIT as SERVICE_DESCRIPTION_LIMIT
from services.catalog import ITEM_LIMIT, MOST_ITEMS
from services.channels import Verdict
from services.comments import LIMIT as COMMENT_LIMIT
from services.incidents import DESCRIPTION_LIMIT, NOTES_LIMIT, REASON_LIMIT, TITLE_LIMIT
from services.teams import DESCRIPTION_LIMIT as TEAM_DESCRIPTION_LIMIT

Item = TypeVar("Item")


class Sent(BaseModel):
    """What comes in."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """What goes out; more fields may come with a later version."""


class Part(Told, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next: str | None = Field(description="What to send as `cursor` for the part that follows; null after the last one.")


class Incident(Told):
    """An incident. `acknowledged_*`, `resolved_*`, `resolution_notes`, `cause` and `mttr` describe its current occurrence."""

    id: UUID
    tenant_id: UUID = Field(description="The organisation.")
    number: str = Field(description="What people call it, and what the API's addresses hold.", examples=["INC-42"])
    title: str
    description: str = Field(description="Markdown.")
    severity: Severity
    state: IncidentState
    assigned_to: UUID | None = Field(description="The person whose it is.")
    created_by: UUID = Field(description="The person, service account or integration that opened it.")
    created_at: datetime
    updated_at: datetime = Field(description="When this incident itself last changed; a repeat of an alert does not change it.")
    started_at: datetime | None = Field(description="When the impact began.")
    ended_at: datetime | None = Field(description="When the impact ended, where somebody said so.")
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    first_acknowledged_at: datetime | None = Field(description="The first acknowledgement of all occurrences.")
    resolved_at: datetime | None
    resolved_by: UUID | None = Field(description="Who resolved it; the organisation's own system when a rule did.")
    first_resolved_at: datetime | None
    resolution_notes: str | None
    cause: str | None = Field(description="One of the organisation's causes, where whoever resolved it said so.")
    mttr: int | None = Field(description="Seconds from the creation to the last resolution; null while it is unresolved.")
    tta_seconds: int | None = Field(description="Seconds from the creation to the first acknowledgement.")
    occurrence: int = Field(description="1, and one more each time it was reopened.")
    alert_id: UUID | None = Field(description="The alert that opened it.")
    post_mortem_id: UUID | None
    snoozed_until: datetime | None = Field(description="Until when nobody is called; null while it is not snoozed.")
    next_call_at: datetime | None = Field(description="When people are told again; null while nobody is called.")
    acknowledgement_timeout_seconds: int | None = Field(
        description="After how long without activity its acknowledgement lapses: 0 is never, null is as the organisation says."
    )
    parent_id: UUID | None = Field(description="The incident that it was merged into, and whose state it follows.")
    merged_count: int = Field(description="How many incidents were merged into it.")
    previous_id: UUID | None = Field(description="The incident of the same group before it.")
    service_id: UUID | None = Field(description="What is broken.")
    why: str = Field(description="One sentence that says why it was opened.")
    group_key: str | None = Field(description="What its alerts have in common, in the sender's words.")
    alert_count: int = Field(description="Alerts that belong to it, or to what was merged into it.")
    firing_count: int = Field(description="Of those, how many fire now.")
    truncated_count: int = Field(description="Alerts that the sender said exist and did not send.")
    version: int = Field(description="Grows with each change; the `ETag` of the answer, and what `If-Match` is compared with.")
    allowed: list[Move | Literal["split"]] = Field(
        description="The moves that it allows in this state; `split` alone where it was merged into another one."
    )


class Check(Told):
    """An item of an incident's checklist."""

    id: UUID
    text: str
    ticked_by: UUID | None = Field(description="Who ticked it; null while nobody has.")
    ticked_by_name: str
    ticked_at: datetime | None


class IncidentWithChecklist(Incident):
    """An incident with what is to be done."""

    checklist: list[Check] = Field(description="The checklist that its service had when it was opened, or when its service was set.")


class Tick(Sent):
    """Whether it is done."""

    ticked: bool


class Event(Told):
    """One line of an incident's timeline. What `data` holds depends on `type`."""

    id: UUID
    incident_id: UUID
    seq: int = Field(description="Its number within the incident, from 1, in the order in which lines were written.")
    type: EventType
    actor_id: UUID = Field(description="Who or what did it.")
    actor_name: str
    data: dict[str, Any]
    created_at: datetime = Field(description="When it was written down.")
    occurred_at: datetime = Field(description="When it happened.")
    version: int = Field(description="1, and one more with each edit of its text or its time; the `ETag` of a changed line.")
    edited_at: datetime | None = Field(description="When its text or its time was last edited, or the comment was deleted.")
    edited_by: UUID | None
    deleted: bool = Field(description="A comment whose text was taken away.")
    pinned: bool = Field(description="It stands above the timeline as well.")
    pinned_by: UUID | None
    pinned_at: datetime | None
    hidden: bool = Field(description="It is folded away on the page, and left out of texts.")
    hidden_by: UUID | None
    hidden_at: datetime | None
    hidden_reason: str | None


class EarlierVersion(Told):
    """What a line said until it was edited."""

    data: dict[str, Any]
    occurred_at: datetime
    until: datetime = Field(description="When it was edited.")
    edited_by: UUID
    edited_by_name: str


class EventHistory(Told):
    """A line of a timeline with what it said before."""

    event: Event
    earlier: list[EarlierVersion] = Field(description="The oldest first.")


class Link(Told):
    """A place to look, as the sender gave it."""

    name: str
    url: str


class Alert(Told):
    """An alert of an incident, as it was in its last firing there."""

    id: UUID
    integration_id: UUID
    incident_id: UUID | None
    fingerprint: str = Field(description="Its identity within the integration.")
    dedup_key: str = Field(description="What the sender calls it; empty when it gave nothing.")
    status: AlertStatus
    severity: Severity
    title: str
    description: str
    labels: dict[str, str]
    links: list[Link]
    starts_at: datetime | None = Field(description="When it began, as the sender says.")
    ends_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    repeat_count: int = Field(description="How often the same firing was sent again.")
    firing_count: int = Field(description="How often it began to fire.")


class User(Told):
    """A person of the organisation."""

    id: UUID
    email: str
    name: str
    handle: str = Field(description="Without the @.")
    role: Role
    active: bool
    manager_id: UUID | None
    timezone: str | None = Field(description="An IANA zone; null where the organisation's holds.")


class Team(Told):
    """People who are named together."""

    id: UUID
    name: str
    handle: str = Field(description="Without the @. No person and no other team has it.")
    description: str
    members: list[UUID] = Field(description="The ids of its people, also of those who are not active any more.")
    created_at: datetime
    version: int = Field(description="Grows with each change.")


class Mentionable(Told):
    """Somebody, or a team, that `@` may mean."""

    handle: str = Field(description="Without the @.")
    name: str
    kind: Literal["person", "team"]


class NotificationDelivery(Told):
    """How a notification went to its person by one channel, or is to."""

    channel: str = Field(description="`inbox` or `email`.", examples=["email"])
    state: DeliveryStatus
    attempts: int = Field(description="How often it was sent, or could not be.")
    sent_at: datetime | None
    last_error: str | None = Field(description="Why the last try did not succeed.")


class Notification(Told):
    """What a person was told of: one for each person, cause and reason."""

    id: UUID
    user_id: UUID
    incident_id: UUID
    incident_number: str = Field(examples=["INC-42"])
    incident_title: str
    event_id: UUID | None = Field(description="The line of the timeline that tells of it, where one does.")
    reason: Reason
    why: str = Field(description="Why it was they, as a sentence.")
    state: NotificationState
    read_at: datetime | None
    created_at: datetime
    deliveries: list[NotificationDelivery]


class ReadCount(Told):
    """How much was marked."""

    read: int = Field(description="How many were unread until now.")


class NewTeam(Sent):
    """A team to make."""

    name: str = Field(description="At most 120 characters, and not that of another one.", examples=["Payments"])
    handle: str = Field(default="", description="Without the @; made of the name where it is left out.")
    description: str = Field(default="", description=f"At most {TEAM_DESCRIPTION_LIMIT} characters.")
    members: list[UUID] = Field(default=[], description="The ids of active people.")


class ChangeTeam(Sent):
    """What is to change; a field that is left out or null stays. `members` replaces all who are in it."""

    name: str | None = None
    handle: str | None = None
    description: str | None = None
    members: list[UUID] | None = Field(default=None, description="The ids of active people, or of people who are in it already.")
    version: int | None = Field(default=None, description="The version that you have seen: a team that has changed since stays as it is.")


class PasswordLink(Told):
    """A link with which a person gives themselves a password."""

    link: str = Field(description="Where they choose it. It works once, and cannot be told again.")
    link_works_until: datetime
    mailed: bool = Field(description="Whether it was mailed to them as well; false where no mail server is set.")
    mail_error: str | None = Field(description="Why it was not mailed, where a mail server is set.")


class InvitedUser(User, PasswordLink):
    """A person who was just made, with the link by which they come in."""


class Person(Told):
    """Somebody, by name."""

    id: UUID
    name: str


class Reassigned(Told):
    """An incident that goes from somebody to somebody else."""

    number: str = Field(examples=["INC-42"])
    title: str
    to: Person | None = Field(description="Whose it is then; null where nobody else may act.")
    reason: str = Field(description="Why it is they.", examples=["Bob left; Carol is their manager"])


class ChangedUser(User):
    """A person as they are now, and what became of their incidents."""

    reassigned: list[Reassigned] = Field(description="Empty unless they left or became a viewer just now.")


class Departure(Told):
    """What would become of somebody's incidents if they left now."""

    reassigned: list[Reassigned]


class NewUser(Sent):
    """A person to invite."""

    name: str = Field(description="At most 120 characters.")
    email: str = Field(description="What they sign in with; no other person has it.")
    role: Role
    handle: str | None = Field(default=None, description="Without the @; made of the name where it is left out.")
    manager_id: UUID | None = Field(default=None, description="Somebody who is active.")


class ChangeUser(Sent):
    """What is to change; a field that is left out stays, and so does one that is null, but for the manager."""

    name: str | None = Field(default=None, description="At most 120 characters.")
    role: Role | None = Field(default=None, description="The last admin stays one.")
    manager_id: UUID | None = Field(default=None, description="Somebody who is active and not below this person; null for nobody.")
    active: bool | None = Field(default=None, description="False when they leave: their unresolved incidents go to somebody else.")


class Service(Told):
    """What can be broken."""

    id: UUID
    name: str
    description: str
    owner_team_id: UUID | None = Field(description="The team whose it is.")
    runbook_url: str | None
    checklist: list[str] = Field(description="What is to be done when it is broken, in order: the next incident gets it.")
    created_at: datetime
    archived_at: datetime | None = Field(description="Since when nothing new can name it; null while it is in use.")
    version: int = Field(description="Grows with each change.")


_CHECKLIST = f"At most {MOST_ITEMS} lines of {ITEM_LIMIT} characters, each a different one."


class NewService(Sent):
    """A service to make."""

    name: str = Field(description="At most 120 characters, and not that of another one.")
    description: str = Field(default="", description=f"At most {SERVICE_DESCRIPTION_LIMIT:,} characters.")
    owner_team_id: UUID | None = None
    runbook_url: str = Field(default="", description="A web address; empty for none.")
    checklist: list[str] = Field(default=[], description=_CHECKLIST)


class ChangeService(Sent):
    """What is to change; a field that is left out stays."""

    name: str = Field(default="", description="At most 120 characters, and not that of another one.")
    description: str = Field(default="", description=f"At most {SERVICE_DESCRIPTION_LIMIT:,} characters.")
    owner_team_id: UUID | None = Field(default=None, description="Null for none.")
    runbook_url: str | None = Field(default=None, description="A web address; null or empty for none.")
    checklist: list[str] = Field(default=[], description=f"{_CHECKLIST} Incidents keep the checklist that they have.")
    archived: bool = Field(default=False, description="True archives it: what names it keeps naming it, and nothing new can.")
    version: int | None = Field(
        default=None, description="The version that you have seen: a service that has changed since stays as it is."
    )


class Integration(Told):
    """A source of alerts. Its key is told once, when it is made."""

    id: UUID
    kind: IntegrationKind
    name: str
    enabled: bool = Field(description="While it is false, its sender is refused.")
    key_prefix: str = Field(description="The first characters of its key.")
    previous_key_until: datetime | None = Field(description="Until when the key before the last rotation works.")
    service_id: UUID | None = Field(description="What its incidents say is broken, unless that service is archived.")
    created_at: datetime
    last_alert_at: datetime | None
    alert_count: int


class NewKey(Told):
    """An integration with its key, which is not stored and cannot be told again."""

    id: UUID
    kind: IntegrationKind
    name: str
    key: str
    url: str = Field(description="What the sender posts to. It holds the key.")


class Organisation(Told):
    """The settings of the organisation."""

    id: UUID
    name: str
    timezone: str = Field(description="An IANA name: for whoever has chosen none.", examples=["Europe/Stockholm"])
    default_on_call_id: UUID | None = Field(description="The person whose new incidents are; null: nobody's, and the admins are told.")
    reminder_seconds: dict[Severity, int] = Field(description="By severity: after how long people are told again.")
    acknowledgement_timeout_seconds: int | None = Field(
        description="After so long without activity an acknowledged incident is open again; null: never."
    )
    quiet_days: int = Field(description="After so many days without activity a status is asked for; 0: never.")
    reopen_window_seconds: int = Field(description="For so long after a resolve an alert that fires again reopens its incident; 0: never.")
    post_mortem_severities: list[Severity]
    causes: list[str] = Field(description="What the resolve dialog offers, in this order.")
    version: int = Field(description="Grows with each change; the `ETag` of the answer, and what `If-Match` is compared with.")


class ChangeOrganisation(Sent):
    """What is to change; a field that is left out stays. Times are whole minutes, in seconds."""

    name: str | None = Field(default=None, description="1 to 120 characters.")
    timezone: str | None = Field(default=None, description="An IANA name.", examples=["Europe/Stockholm"])
    default_on_call_id: UUID | None = Field(default=None, description="An active responder, manager or admin; null for nobody.")
    reminder_seconds: dict[str, int] | None = Field(
        default=None, description="By severity, 60 to 86,400; a severity that is left out stays.", examples=[{"critical": 300}]
    )
    acknowledgement_timeout_seconds: int | None = Field(default=None, description="60 to 2,592,000; null for never.")
    quiet_days: int | None = Field(default=None, description="1 to 365; 0 for never.")
    reopen_window_seconds: int | None = Field(default=None, description="60 to 2,592,000; 0 for never.")
    post_mortem_severities: list[str] | None = None
    causes: list[str] | None = Field(default=None, description="Up to 50, of 80 characters at most, each once.")


class NewIntegration(Sent):
    """An integration to make."""

    kind: IntegrationKind
    name: str = Field(default="", description="At most 120 characters; without one it is called after its kind.")
    service_id: UUID | None = None


class ChangeIntegration(Sent):
    """What is to change; a field that is left out or null stays."""

    name: str | None = None
    enabled: bool | None = None
    service_id: UUID | None = Field(default=None, description="What its incidents say is broken. Here null means none; left out, it stays.")


class Channel(Told):
    """A webhook, or a room of a chat. Its address and the secret that signs what it is sent are not told."""

    id: UUID
    kind: ChannelKind
    name: str
    place: str = Field(description="So much of its address as may be shown.")
    severities: list[Severity] = Field(description="Of which incidents it is told.")
    events: list[ChannelEvent] = Field(description="What it is told of them.")
    enabled: bool = Field(description="While it is false, it is told nothing, and not later either.")
    off_reason: str | None = Field(description="Why Tocsin switched it off, where it did.")
    created_at: datetime
    previous_secret_until: datetime | None = Field(description="Until when the secret before the last renewal signs as well.")
    last_sent_at: datetime | None
    failing_since: datetime | None = Field(description="Since when calls fail; null after one that went well.")
    last_error: str | None
    last_error_at: datetime | None


class MadeChannel(Channel):
    """A channel with its secret, which cannot be told again."""

    secret: str | None = Field(description="Signs what is sent, by Standard Webhooks; null for a chat, which checks no signature.")


class NewChannel(Sent):
    """A channel to make."""

    kind: ChannelKind
    name: str = Field(description="At most 120 characters, and not that of another one.")
    url: str = Field(description="Where it listens: https or http, at a public address or one that TOCSIN_OUTGOING_ALLOW holds.")
    severities: list[Severity] | None = Field(default=None, description="All, where it is left out.")
    events: list[ChannelEvent] | None = Field(
        default=None, description="All for a webhook, and opened, acknowledged, resolved and reopened for a chat, where it is left out."
    )


class ChangeChannel(Sent):
    """What is to change; a field that is left out or null stays."""

    name: str | None = None
    url: str | None = None
    severities: list[Severity] | None = None
    events: list[ChannelEvent] | None = None
    enabled: bool | None = None


class Delivery(Told):
    """A message to a channel."""

    id: UUID = Field(description="The same at each try; it goes along as `webhook-id`.")
    kind: str = Field(description="The `type` of its body.", examples=["incident.opened"])
    incident_id: UUID | None
    event_id: UUID | None = Field(description="The line of the timeline that it tells of.")
    state: DeliveryStatus
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None


class ChannelTest(Told):
    """What came of a test."""

    verdict: Verdict = Field(description="sent; retry: a message would be sent again; refused: it would not; gone: it does not exist.")
    sentence: str = Field(description="What came back.", examples=["It answered 200: ok."])


class NewIncident(Sent):
    """An incident to declare."""

    title: str = Field(description=f"What is broken, on one line: 1 to {TITLE_LIMIT:,} characters.", examples=["Checkout is slow"])
    severity: Severity
    description: str = Field(default="", description=f"Markdown, at most {DESCRIPTION_LIMIT:,} characters.")
    service_id: UUID | None = Field(default=None, description="What is broken.")
    assigned_to: UUID | None = Field(default=None, description="An active responder, manager or admin; null for nobody.")
    started_at: AwareDatetime | None = Field(default=None, description="When the impact began: now where it is left out, never later.")


class Nothing(Sent):
    """An empty object, or no body at all."""


class Unacknowledge(Sent):
    """Why it is given back, where that is worth a word."""

    reason: str | None = Field(default=None, description=f"At most {REASON_LIMIT:,} characters.")


class Resolve(Sent):
    """What fixed it."""

    notes: str = Field(
        description=f"Markdown, 1 to {NOTES_LIMIT:,} characters.", examples=["Hotfix deployed, the error rate is back to normal."]
    )
    cause: str | None = Field(
        default=None, description="One of the organisation's causes; left out or null where nobody says.", examples=["Change or deployment"]
    )


class Reopen(Sent):
    """Why it is open again."""

    reason: str = Field(description=f"1 to {REASON_LIMIT:,} characters.")


class ChangeSeverity(Sent):
    """How bad it is."""

    severity: Severity


class Snooze(Sent):
    """Until when nobody is called."""

    until: AwareDatetime | None = Field(description="A time in the future, at most 90 days ahead; null ends a snooze.")


class Follow(Sent):
    """Whether to be told of what moves."""

    follows: bool


class Following(Told):
    """Whether you are told of what moves."""

    follows: bool


class AcknowledgementTimeout(Sent):
    """After how long an acknowledgement lapses."""

    seconds: int | None = Field(description="60 to 604,800; 0 for never; null for what the organisation says.")


class Assign(Sent):
    """Whose it is from now on."""

    user_id: UUID | None = Field(description="An active responder, manager or admin; null for nobody.")
    reason: str | None = Field(default=None, description=f"At most {REASON_LIMIT:,} characters.")


class Merge(Sent):
    """What it becomes part of."""

    into: str = Field(description="The number of another incident that is not over.", examples=["INC-1"])


class Split(Sent):
    """What leaves it: either some of its alerts, or an incident that was merged into it."""

    alert_ids: list[UUID] | None = Field(default=None, description="Alerts that belong to it now: 1 to 200 ids.")
    child: str | None = Field(default=None, description="The number of an incident that was merged into it.", examples=["INC-3"])


class Edit(Sent):
    """What is to change; a field that is left out or null stays."""

    title: str | None = Field(default=None, description=f"One line, 1 to {TITLE_LIMIT:,} characters.")
    description: str | None = Field(default=None, description=f"Markdown, at most {DESCRIPTION_LIMIT:,} characters.")
    service_id: UUID | None = Field(default=None, description="What is broken. Here null means nothing; left out, it stays.")


class NewComment(Sent):
    """A comment to write."""

    body: str = Field(description=f"Markdown, 1 to {COMMENT_LIMIT:,} characters.")
    occurred_at: AwareDatetime | None = Field(default=None, description="When it happened: now where it is left out, never later.")


class ToRender(Sent):
    """A text to look at before it is written."""

    text: str = Field(description=f"Markdown, at most {COMMENT_LIMIT:,} characters.")


class Rendered(Told):
    """A text as pages show it."""

    html: str = Field(description="Without scripts, styles, images or anything else that would be fetched.")


class ChangeEvent(Sent):
    """What is to change of a line; a field that is left out or null stays."""

    text: str | None = Field(default=None, description=f"Of a comment, by its author: Markdown, 1 to {COMMENT_LIMIT:,} characters.")
    occurred_at: AwareDatetime | None = Field(default=None, description="When it happened, never in the future.")
    pinned: bool | None = None
    hidden: bool | None = Field(default=None, description="True needs a `reason`.")
    reason: str | None = Field(default=None, description=f"Why it is hidden: 1 to {REASON_LIMIT:,} characters.")


class Complaint(Told):
    """What is wrong with one field."""

    field: str
    detail: str


class Problem(Told):
    """A refusal, by RFC 9457."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="Names the kind of problem, and is the address of its explanation.", examples=["/api/docs#conflict"])
    title: str
    status: int
    detail: str = Field(description="A sentence that says what is wrong and what would be right.")
    field: str | None = Field(default=None, description="The input that is at fault.")
    errors: list[Complaint] | None = Field(default=None, description="Each wrong field of the request.")
    allowed: list[str] | None = Field(default=None, description="With 409 and 412: the moves that the incident allows now.")


class Refusal(Told):
    """Why one alert of a body was not taken."""

    index: int | None = Field(description="Its place in the body, from 0.")
    field: str = Field(examples=["alerts[3].startsAt"])
    reason: str


class Taken(Told):
    """What came of the alerts of one body."""

    accepted: int = Field(description="Alerts that are stored.")
    incidents: list[str] = Field(description="The numbers of the incidents that they belong to.", examples=[["INC-42"]])
    refused: list[Refusal]
