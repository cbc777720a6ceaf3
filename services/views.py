"""The view objects that page states hold and components draw: plain values, ready to be shown, nothing that a viewer may not see.

They are never changed once made: pages share them, and so what is written of them for the sockets.

Times that the browser counts from are RFC 3339 text with Z and end in `_at`; times that are read as they stand were written in the
viewer's zone by the service. An empty text means that there is nothing to show.
"""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class PersonView:
    """Somebody or something that acts. `colour` is the name of a Radix scale and stays the same for the same id."""

    id: str = ""
    name: str = ""
    handle: str = ""
    initials: str = ""
    colour: str = "gray"


@dataclass(frozen=True)
class NavView:
    """Who is here and where: what the shell needs on every page. `now` is the server's clock, so that ages are right on a wrong one.

    `unresolved` counts what nobody has resolved, `attention` what waits for somebody. `assigned_open` is whether something assigned
    to the viewer is open, `mails_late` whether an admin is to look after the mail server. `unread` counts the viewer's inbox;
    `newest_unread` is in words what came there last, `newest_place` where that is, and `newest_is_call` whether it is a call. `theme` is a
    value of Theme, empty where the browser alone keeps it; `zone` is an IANA name.
    """

    organisation: str = ""
    me: PersonView = field(default_factory=PersonView)
    role: str = ""
    is_admin: bool = False
    may_act: bool = False
    may_manage: bool = False
    unresolved: int = 0
    attention: int = 0
    assigned_open: bool = False
    mails_late: bool = False
    unread: int = 0
    newest_unread: str = ""
    newest_place: str = ""
    newest_is_call: bool = False
    theme: str = "system"
    shortcuts: bool = True
    zone: str = ""
    now: str = ""


@dataclass(frozen=True)
class NoticeView:
    """What came of an action, in one sentence. `seq` differs from notice to notice, so that the same sentence is told again.

    `tone` is "good" (goes away by itself) or "bad" (stays until dismissed). `may_undo` offers the inverse move.
    """

    text: str = ""
    tone: str = "good"
    seq: int = 0
    may_undo: bool = False


@dataclass(frozen=True)
class LabelView:
    """One label of an alert."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True)
class LinkView:
    """Where to read more; `url` is http or https, checked by the service."""

    name: str = ""
    url: str = ""


@dataclass(frozen=True)
class IncidentName:
    """Another incident that a page leads to."""

    number: str = ""
    title: str = ""


@dataclass(frozen=True)
class IncidentRow:
    """One line of the list. `group` is attention, working, snoozed or resolved; `snoozed_until` is set while it is snoozed.

    `head` is the group's name and `head_count` how many incidents it holds, on the first row of a group only. `age_until` is set once
    it is resolved: the age then stands still. `last_actor` is the name before `last_activity`, as in "Alice" and "commented".
    `moves` are the verbs that the viewer may use on it now. `merged_text` says how many were merged into it, `parent` is the number of
    the one that it was merged into.
    """

    id: str = ""
    number: str = ""
    title: str = ""
    severity: str = "medium"
    state: str = "open"
    service: str = ""
    assignee_id: str = ""
    assignee: str = ""
    assignee_short: str = ""
    assignee_initials: str = ""
    assignee_colour: str = "gray"
    is_mine: bool = False
    firing_count: int = 0
    alert_count: int = 0
    merged_text: str = ""
    parent: str = ""
    occurrence: int = 1
    occurrence_text: str = ""
    created_at: str = ""
    age_until: str = ""
    resolved_after: str = ""
    last_actor: str = ""
    last_activity: str = ""
    last_activity_at: str = ""
    snoozed_until: str = ""
    group: str = "attention"
    head: str = ""
    head_count: int = 0
    head_hint: str = ""
    moves: list[str] = field(default_factory=list)
    version: int = 0


@dataclass(frozen=True)
class RelatedView:
    """An unresolved incident that may be the same trouble; `reason` says why it is named, as "same service".

    `is_older` is whether it was opened before the incident that it stands beside, where it stands beside one; `found_by` are the words
    that it was looked for with.
    """

    number: str = ""
    title: str = ""
    state: str = "open"
    opened_at: str = ""
    reason: str = ""
    is_older: bool = False
    found_by: str = ""


@dataclass(frozen=True)
class StepView:
    """One of the four parts of the state track. `reached` is done, now or ahead; `text` says when and by whom."""

    state: str = "open"
    name: str = ""
    reached: str = "ahead"
    text: str = ""
    after: str = ""


@dataclass(frozen=True)
class FactView:
    """One line of the facts in the rail."""

    name: str = ""
    value: str = ""
    hint: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class CheckView:
    """An item of an incident's checklist; `told` says who ticked it and when."""

    id: str = ""
    text: str = ""
    is_ticked: bool = False
    told: str = ""


@dataclass(frozen=True)
class CallView:
    """Somebody who was called, when, and what became of the mail."""

    name: str = ""
    at: str = ""
    mail: str = ""


@dataclass(frozen=True)
class FollowerView:
    """Somebody who follows an incident, or with `of_service` its service."""

    person: PersonView = field(default_factory=PersonView)
    of_service: bool = False


@dataclass(frozen=True)
class IncidentHead:
    """What the incident's header, track, why-card and facts show.

    `primary` is the verb of the one solid button, or empty where the viewer may not act; `moves` are all verbs that the viewer may
    use now (`models.vocabulary.Move`). `description_html` is sanitised by the service. `runbook` and `owner` are those of its
    service, `causes` what the resolve dialog offers. `tab_mark` stands before the number in the browser's tab.
    `resolved_line` says in a sentence who resolved it and when, `refires_reopen` is the one that the resolve dialog
    shows while alerts fire. `previous_*` is the incident of the same group before this one, `sibling_*` the one that takes the alerts
    of the group now, `parent_*` the one that this was merged into, `merged` those that were merged into this. `snoozed` says until when
    it is. `calls` are the last ones of this occurrence, `next_call` when people are called again; `nobody_on_call` is whether it is open
    and nobody has it because nobody is on call. `people_ids` are those of the assignee and of the named followers.
    `acknowledgement_timeout` is its own one in seconds, empty where it is as the organisation says.
    """

    id: str = ""
    number: str = ""
    title: str = ""
    description: str = ""
    description_html: str = ""
    severity: str = "medium"
    state: str = "open"
    service: str = ""
    service_id: str = ""
    runbook: str = ""
    owner: str = ""
    checklist: list[CheckView] = field(default_factory=list)
    ticked_count: int = 0
    causes: list[str] = field(default_factory=list)
    assignee: PersonView = field(default_factory=PersonView)
    created_at: str = ""
    resolved_at: str = ""
    resolved_after: str = ""
    resolved_line: str = ""
    occurrence: int = 1
    occurrence_text: str = ""
    firing_count: int = 0
    alert_count: int = 0
    truncated_count: int = 0
    steps: list[StepView] = field(default_factory=list)
    why: str = ""
    previous_number: str = ""
    previous_title: str = ""
    sibling_number: str = ""
    sibling_title: str = ""
    parent_number: str = ""
    parent_title: str = ""
    merged: list[IncidentName] = field(default_factory=list)
    primary: str = ""
    moves: list[str] = field(default_factory=list)
    may_act: bool = False
    refires_reopen: str = ""
    snoozed: str = ""
    followers: list[FollowerView] = field(default_factory=list)
    follower_count: int = 0
    people_ids: list[str] = field(default_factory=list)
    calls: list[CallView] = field(default_factory=list)
    next_call: str = ""
    nobody_on_call: bool = False
    acknowledgement_timeout: str = ""
    facts: list[FactView] = field(default_factory=list)
    tab_mark: str = ""
    last_seq: int = 0
    version: int = 0


@dataclass(frozen=True)
class EventRow:
    """One line of the timeline, in words.

    `actor` and `text` make the sentence ("Bob" "acknowledged"), `strong` is what it is about ("Error rate above 5 %") and `rest` what
    follows in small type. `link` is another incident that the sentence names, in place of `strong`, and `after` the words behind it. `html`
    is the sanitised body of a comment or a resolution. `tone` is fire, still, state, call, plain, note, resolution, prompt, again or gone
    (a deleted comment). `state` picks the mark of a state line. `day` is set where the day differs from the line before. `time` is HH:MM in
    the viewer's zone, `time_title` the absolute time there and in UTC. `added` says when it was written down, where that was later.
    `edited` says when it was changed, and by whom where that is somebody else; `earlier` counts what it said before. `pinned` and `hidden`
    say by whom, and the latter why. `since` says how much is new, on the first line that is new to its reader. `announce` is what a
    screen reader is told of it as it comes, empty for what is not announced.
    """

    id: str = ""
    seq: int = 0
    type: str = "comment"
    tone: str = "plain"
    state: str = ""
    actor: str = ""
    actor_initials: str = ""
    actor_colour: str = "gray"
    time: str = ""
    time_title: str = ""
    occurred_at: str = ""
    day: str = ""
    since: str = ""
    text: str = ""
    strong: str = ""
    link: LinkView = field(default_factory=LinkView)
    after: str = ""
    rest: str = ""
    html: str = ""
    added: str = ""
    edited: str = ""
    earlier: str = ""
    pinned: str = ""
    hidden: str = ""
    labels: list[LabelView] = field(default_factory=list)
    announce: str = ""


@dataclass(frozen=True)
class HereView:
    """Who looks at an incident now. `people` are those who are named, by name, and `ids` their ids; `more` how many others look.

    `writing` are the ids of those among them who write.
    """

    count: int = 0
    people: list[PersonView] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    more: int = 0
    writing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LineView:
    """One line of the timeline and what its reader may do with it. `time` is HH:MM, `at` the same moment as a field takes it, both in
    the reader's zone. `text` is the Markdown of one's own comment."""

    id: str = ""
    seq: int = 0
    time: str = ""
    at: str = ""
    actor: str = ""
    summary: str = ""
    text: str = ""
    may_change: bool = False
    may_edit: bool = False
    may_delete: bool = False
    is_pinned: bool = False
    is_hidden: bool = False
    earlier: str = ""


@dataclass(frozen=True)
class VersionView:
    """What a line said: `note` says until when and who changed it, `html` is its text where it has one, `time` where it stood."""

    note: str = ""
    time: str = ""
    html: str = ""
    says: str = ""


@dataclass(frozen=True)
class PinView:
    """A pinned line above the timeline, in one line of plain text."""

    id: str = ""
    seq: int = 0
    time: str = ""
    time_title: str = ""
    actor: str = ""
    text: str = ""


@dataclass(frozen=True)
class AlertRow:
    """One alert in the incident's rail. `age_at` is when the current firing began, or ended for a resolved one."""

    id: str = ""
    title: str = ""
    status: str = "firing"
    severity: str = "medium"
    age_at: str = ""
    repeat_count: int = 0
    last_seen_at: str = ""
    integration: str = ""
    labels: list[LabelView] = field(default_factory=list)
    more_labels: int = 0
    links: list[LinkView] = field(default_factory=list)


@dataclass(frozen=True)
class IntegrationRow:
    """A sender of alerts in the list of integrations. `light` is lit, waiting, off or trouble."""

    id: str = ""
    name: str = ""
    kind: str = ""
    kind_name: str = ""
    key_prefix: str = ""
    service_id: str = ""
    service: str = ""
    is_service_archived: bool = False
    enabled: bool = True
    light: str = "waiting"
    last_alert_at: str = ""
    alert_count: int = 0
    alert_count_text: str = ""
    last_refusal: str = ""
    last_refused_at: str = ""
    previous_key_until: str = ""


@dataclass(frozen=True)
class ReceivedAlertRow:
    """An alert that came by an integration: `number` is its incident's, `outcome` says why there is none."""

    id: str = ""
    title: str = ""
    severity: str = "medium"
    received_at: str = ""
    number: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class SnippetView:
    """A text to copy, and what it is."""

    name: str = ""
    text: str = ""


@dataclass(frozen=True)
class ProfileView:
    """What a person says of themselves. `timezone` is empty where the browser's holds; `theme` is a value of Theme."""

    name: str = ""
    handle: str = ""
    email: str = ""
    role: str = ""
    timezone: str = ""
    theme: str = "system"
    shortcuts: bool = True
    timeline_newest_first: bool = False


@dataclass(frozen=True)
class InboxRow:
    """Something that the viewer was told of: `who` did what `text` says to the incident; where nobody did, `text` stands alone.

    `quote` is the line that tells of it, as plain text. `why` says why it is the viewer. `mail` says what became of the e-mail, empty
    where none was meant to go; `mail_tone` is "warn" while it waits after a failure, and "bad" when it was given up.
    """

    id: str = ""
    number: str = ""
    title: str = ""
    severity: str = "medium"
    state: str = "open"
    reason: str = ""
    who: PersonView = field(default_factory=PersonView)
    text: str = ""
    quote: str = ""
    why: str = ""
    is_unread: bool = False
    at: str = ""
    at_title: str = ""
    place: str = ""
    mail: str = ""
    mail_tone: str = ""


@dataclass(frozen=True)
class WishView:
    """How the viewer wants to be told for one reason: `told_by` is a value of ToldBy. `can_wait` is whether quiet hours hold its mail."""

    reason: str = ""
    words: str = ""
    told_by: str = "both"
    can_wait: bool = False


@dataclass(frozen=True)
class WishesView:
    """How the viewer wants to be told of what. The quiet hours are "22:00" and "07:00" on the clock of `zone`, empty for none."""

    each: list[WishView] = field(default_factory=list)
    quiet_from: str = ""
    quiet_until: str = ""
    zone: str = ""
    has_mail: bool = False


@dataclass(frozen=True)
class SessionRow:
    """A browser in which the viewer is signed in; `is_current` is the one that looks."""

    id: str = ""
    browser: str = ""
    address: str = ""
    began_at: str = ""
    last_seen_at: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class PersonRow:
    """Somebody in the list of people. `came_in` is whether they have ever signed in.

    `manager_left` is whether the manager is not active any more. `link_until` is the end of a link that gives a new password, empty
    where none works.
    """

    person: PersonView = field(default_factory=PersonView)
    email: str = ""
    role: str = ""
    active: bool = True
    came_in: bool = True
    is_me: bool = False
    manager: str = ""
    manager_id: str = ""
    manager_left: bool = False
    link_until: str = ""


@dataclass(frozen=True)
class OrganisationView:
    """The settings of the organisation as the fields of a form hold them.

    Times are minutes, `quiet_days` days; `timeout` may be in hours. These and `reopen_window` are empty where they are off.
    `on_call` is the id of the default on-call person, `reminders` and `post_mortems` go by severity, `causes` has a line for each.
    """

    name: str = ""
    timezone: str = ""
    on_call: str = ""
    reminders: dict[str, str] = field(default_factory=dict)
    timeout: str = ""
    timeout_unit: str = "minutes"
    quiet_days: str = ""
    reopen_window: str = ""
    post_mortems: dict[str, bool] = field(default_factory=dict)
    causes: str = ""
    version: int = 0


@dataclass(frozen=True)
class MailView:
    """The mail server, empty where none is set, and what could not be handed over to it. `own_address` is the viewer's.

    `waiting` and `given_up` say how many mails, empty for none; the first has been waiting since `since`.
    """

    server: str = ""
    security: str = ""
    sender: str = ""
    own_address: str = ""
    waiting: str = ""
    since: str = ""
    is_late: bool = False
    given_up: str = ""
    last_error: str = ""


@dataclass(frozen=True)
class TeamRow:
    """A team in the list of teams. `former` are those of its people who are not active any more: they count no longer."""

    id: str = ""
    name: str = ""
    handle: str = ""
    description: str = ""
    members: list[PersonView] = field(default_factory=list)
    former: list[PersonView] = field(default_factory=list)
    version: int = 0


@dataclass(frozen=True)
class ServiceRow:
    """A service in the list of services. `unresolved` counts its incidents; `archived_at` is empty while it is in use."""

    id: str = ""
    name: str = ""
    description: str = ""
    owner_id: str = ""
    owner: str = ""
    runbook_url: str = ""
    checklist: list[str] = field(default_factory=list)
    unresolved: int = 0
    archived_at: str = ""
    version: int = 0


@dataclass(frozen=True)
class MemberView:
    """Somebody who can be in a team, and whether they are."""

    person: PersonView = field(default_factory=PersonView)
    is_in: bool = False
    active: bool = True


@dataclass(frozen=True)
class MovedRow:
    """An incident that goes from somebody to somebody else."""

    number: str = ""
    title: str = ""


@dataclass(frozen=True)
class DepartureView:
    """What would become of the incidents of a `person` who leaves, or what became of them, in sentences.

    `incidents` are the first of those that move, `more` how many there are beside them, and `heir` who gets them, by handle. `why` is
    what their timelines say, `notes` what else there is to know. `refusal` says why they can't leave now.
    """

    person: PersonView = field(default_factory=PersonView)
    is_me: bool = False
    title: str = ""
    summary: str = ""
    why: str = ""
    heir: str = ""
    incidents: list[MovedRow] = field(default_factory=list)
    more: int = 0
    notes: list[str] = field(default_factory=list)
    refusal: str = ""


@dataclass(frozen=True)
class ApiKeyRow:
    """A key in the list of API keys. `acts_as` is set where it acts as somebody of another name; `last_used_at` is empty before its use.

    `state` is works, expired, revoked, or left when its person is not active any more; `ends_at` is when it will end or has.
    """

    id: str = ""
    name: str = ""
    role: str = ""
    prefix: str = ""
    acts_as: str = ""
    made_by: str = ""
    made_at: str = ""
    last_used_at: str = ""
    ends_at: str = ""
    state: str = "works"


@dataclass(frozen=True)
class ChannelRow:
    """A channel in the list of channels. `told` says in words what it is told; `place` is so much of its address as may be shown.

    `light` is lit, waiting (nothing was sent yet), trouble or off; `off_reason` is set where Tocsin itself switched it off.
    """

    id: str = ""
    name: str = ""
    kind: str = "webhook"
    kind_name: str = ""
    place: str = ""
    severities: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    told: str = ""
    enabled: bool = True
    light: str = "waiting"
    off_reason: str = ""
    waiting_count: int = 0
    last_sent_at: str = ""
    failing_since: str = ""
    last_error: str = ""
    last_error_at: str = ""
    previous_secret_until: str = ""


@dataclass(frozen=True)
class DeliveryRow:
    """One message to a channel. `what` says what it told of the incident `number`; `state` is a value of DeliveryStatus."""

    id: str = ""
    channel: str = ""
    number: str = ""
    what: str = ""
    state: str = "pending"
    attempts: int = 0
    created_at: str = ""
    error: str = ""


@dataclass(frozen=True)
class ChangeView:
    """One value of something that was changed, as it was and as it is."""

    name: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class AuditRow:
    """One entry of the audit log: `who` `did` something to `about`, which has a page at `place`, from `address`.

    `is_person` is False for keys of programs and for Tocsin itself. `kind` is the kind of thing. `address` is empty where it was done
    on the server itself.
    """

    id: str = ""
    when: str = ""
    when_title: str = ""
    who: PersonView = field(default_factory=PersonView)
    is_person: bool = True
    did: str = ""
    kind: str = ""
    about: str = ""
    place: str = ""
    address: str = ""
    changes: list[ChangeView] = field(default_factory=list)


@dataclass(frozen=True)
class ChoiceView:
    """One entry of a select or a filter."""

    value: str = ""
    label: str = ""


@dataclass(frozen=True)
class ChipView:
    """A filter that is set, and the address of the list without it."""

    name: str = ""
    operator: str = ""
    value: str = ""
    without: str = ""


@dataclass(frozen=True)
class TabView:
    """A named view of the list. `count` is a text, empty where none is shown."""

    view: str = ""
    name: str = ""
    address: str = ""
    count: str = ""
    is_here: bool = False


@dataclass(frozen=True)
class FiguresView:
    """The strip above the list. `oldest_*` is the oldest open incident, `last_*` the one that was resolved last.

    `taken_after` is the median time to acknowledge of the last 7 days, `taken_hint` of how many.
    """

    attention: int = 0
    unresolved: int = 0
    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    oldest_number: str = ""
    oldest_at: str = ""
    last_number: str = ""
    last_at: str = ""
    taken_after: str = ""
    taken_hint: str = ""


_COLOURS = ("indigo", "plum", "mint", "bronze", "teal", "brown", "gold", "crimson", "cyan", "grass")


def person_view(actor_id: UUID, name: str, handle: str = "") -> PersonView:
    """How somebody is drawn: the initials of the first and the last word of the name, in a colour of their own."""
    words = name.split() or ["?"]
    initials = words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])
    return PersonView(id=actor_id.hex, name=name, handle=handle, initials=initials.upper(), colour=_COLOURS[actor_id.int % len(_COLOURS)])
