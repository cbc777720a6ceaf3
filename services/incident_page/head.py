"""What stands above and beside the timeline, in words: title, track, why, facts and alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models.vocabulary import AlertStatus, DeliveryStatus, IncidentState, Move, allowed_moves
from services import clock
from services.checklists import CheckRecord
from services.held import is_called
from services.incident_page.firings import AlertHere
from services.incident_page.lines import as_html, label_views
from services.incident_page.snapshot import Call, Snapshot
from services.views import (
    AlertRow,
    CallView,
    CheckView,
    FactView,
    FollowerView,
    IncidentHead,
    IncidentName,
    LinkView,
    PersonView,
    StepView,
    person_view,
)
from services.wording import counted, date_and_time, hour_since, ordinal, rfc3339, shown_number, span

_NEXT = {
    IncidentState.OPEN: Move.ACKNOWLEDGE,
    IncidentState.ACKNOWLEDGED: Move.INVESTIGATE,
    IncidentState.INVESTIGATING: Move.RESOLVE,
    IncidentState.RESOLVED: Move.REOPEN,
}
_TAB_MARKS = {
    IncidentState.OPEN: "●",
    IncidentState.ACKNOWLEDGED: "◐",
    IncidentState.INVESTIGATING: "◕",
    IncidentState.RESOLVED: "✓",
}
_LABELS_OF_AN_ALERT = 4
_FOLLOWERS = 12
"""How many are named; the others are counted."""


def head(snapshot: Snapshot, zone: ZoneInfo, *, may_act: bool) -> IncidentHead:
    """The head as everybody with these rights in this zone sees it."""
    row = snapshot.row
    state: IncidentState = row["state"]
    moves = [move.value for move in allowed_moves(state)] if may_act and row["parent_id"] is None else []
    reopened = row["occurrence"] > 1
    return IncidentHead(
        id=row["id"].hex,
        number=shown_number(row["number"]),
        title=row["title"],
        description=row["description"],
        description_html=as_html(row["description"]) if row["description"] else "",
        severity=row["severity"].value,
        state=state.value,
        service=snapshot.service,
        service_id=row["service_id"].hex if row["service_id"] else "",
        runbook=snapshot.runbook,
        owner=snapshot.owner,
        checklist=[_check(one, row["created_at"], zone) for one in snapshot.checklist],
        ticked_count=sum(one.ticked_at is not None for one in snapshot.checklist),
        causes=snapshot.causes,
        assignee=_person(snapshot, row["assigned_to"]),
        created_at=rfc3339(row["created_at"]),
        resolved_at=rfc3339(row["resolved_at"]),
        resolved_after=span(row["ttr_seconds"]) if row["ttr_seconds"] is not None else "",
        resolved_line=_resolved_line(snapshot, zone) if row["resolved_at"] else "",
        occurrence=row["occurrence"],
        occurrence_text=f"{ordinal(row['occurrence'])} occurrence" if reopened else "",
        firing_count=row["firing_count"],
        alert_count=row["alert_count"],
        truncated_count=row["truncated_count"],
        steps=list(_steps(snapshot, zone)),
        why=row["why"],
        previous_number=snapshot.previous.number if snapshot.previous else "",
        previous_title=snapshot.previous.title if snapshot.previous else "",
        sibling_number=snapshot.sibling.number if snapshot.sibling else "",
        sibling_title=snapshot.sibling.title if snapshot.sibling else "",
        parent_number=snapshot.parent.number if snapshot.parent else "",
        parent_title=snapshot.parent.title if snapshot.parent else "",
        merged=[IncidentName(other.number, other.title) for other in snapshot.merged],
        primary=_NEXT[state].value if may_act and row["parent_id"] is None else "",
        moves=moves,
        may_act=may_act,
        refires_reopen=_refires(snapshot),
        snoozed=hour_since(row["snoozed_until"], clock.now(), zone) if row["snoozed_until"] else "",
        acknowledgement_timeout="" if row["acknowledgement_timeout_seconds"] is None else str(row["acknowledgement_timeout_seconds"]),
        followers=[FollowerView(person_view(one.user_id, one.name), one.of_service) for one in snapshot.followers[:_FOLLOWERS]],
        follower_count=len(snapshot.followers),
        people_ids=_people_ids(snapshot),
        calls=[_call(one, row["created_at"], zone) for one in snapshot.calls],
        next_call=hour_since(row["next_call_at"], row["created_at"], zone) if row["next_call_at"] and is_called(row) else "",
        nobody_on_call=state is IncidentState.OPEN and row["assigned_to"] is None and not snapshot.has_on_call,
        facts=list(_facts(snapshot, zone)),
        tab_mark=_TAB_MARKS[state],
        last_seq=snapshot.last_seq,
        version=row["version"],
    )


_MAILS = {
    DeliveryStatus.PENDING: "mail waits",
    DeliveryStatus.SENT: "mail sent",
    DeliveryStatus.FAILED: "mail failed",
    DeliveryStatus.CANCELLED: "mail not needed any more",
}


def _people_ids(snapshot: Snapshot) -> list[str]:
    holder = snapshot.row["assigned_to"]
    return [*([holder.hex] if holder else []), *(one.user_id.hex for one in snapshot.followers[:_FOLLOWERS])]


def _call(one: Call, opened_at: datetime, zone: ZoneInfo) -> CallView:
    mail = _MAILS[DeliveryStatus(one.mail)] if one.mail else "in the inbox"
    return CallView(one.name, hour_since(one.at, opened_at, zone), mail)


def _check(one: CheckRecord, opened_at: datetime, zone: ZoneInfo) -> CheckView:
    told = f"{one.ticked_by_name}, {hour_since(one.ticked_at, opened_at, zone)}" if one.ticked_at is not None else ""
    return CheckView(id=one.id.hex, text=one.text, is_ticked=one.ticked_at is not None, told=told)


def _person(snapshot: Snapshot, actor_id: UUID | None) -> PersonView:
    return PersonView() if actor_id is None else person_view(actor_id, snapshot.names.get(actor_id, ""))


def _by(snapshot: Snapshot, at: datetime, actor_id: UUID | None, zone: ZoneInfo) -> str:
    name = snapshot.names.get(actor_id, "") if actor_id else ""
    when = hour_since(at, snapshot.row["created_at"], zone)
    return f"{when} by {name}" if name else when


def _resolved_line(snapshot: Snapshot, zone: ZoneInfo) -> str:
    row = snapshot.row
    name = snapshot.names.get(row["resolved_by"], "") or "Somebody"
    return f"{name} resolved it at {hour_since(row['resolved_at'], row['created_at'], zone)}."


def _steps(snapshot: Snapshot, zone: ZoneInfo) -> Iterator[StepView]:
    row = snapshot.row
    order = list(IncidentState)
    here = order.index(row["state"])
    for place, state in enumerate(order):
        reached = "now" if place == here else "done" if place < here else "ahead"
        text, after = "", ""
        if state is IncidentState.OPEN:
            text = hour_since(row["created_at"], row["created_at"], zone)
            text += f" · again {hour_since(row['reopened_at'], row['created_at'], zone)}" if row["reopened_at"] else ""
        elif state is IncidentState.ACKNOWLEDGED and row["acknowledged_at"]:
            text = _by(snapshot, row["acknowledged_at"], row["acknowledged_by"], zone)
            after = f"after {span((row['acknowledged_at'] - row['created_at']).total_seconds())}"
        elif state is IncidentState.INVESTIGATING and row["investigating_at"]:
            text = _by(snapshot, row["investigating_at"], row["investigating_by"], zone)
        elif state is IncidentState.RESOLVED and row["resolved_at"]:
            text = _by(snapshot, row["resolved_at"], row["resolved_by"], zone)
            after = f"after {span(row['ttr_seconds'] or 0)}"
        elif reached == "done":
            text, reached = "skipped", "ahead"
        elif state is IncidentState.RESOLVED and row["state"] is IncidentState.INVESTIGATING:
            text = "needs notes"
        yield StepView(state=state.value, name=state.value.capitalize(), reached=reached, text=text, after=after)


def _refires(snapshot: Snapshot) -> str:
    """What happens to alerts that fire when the incident is resolved now."""
    firing = [alert.record for alert in snapshot.alerts if alert.record.status is AlertStatus.FIRING]
    if not firing:
        return ""
    row = snapshot.row
    if snapshot.reopen_window_seconds <= 0 or not (row["accepts_alerts"] or snapshot.merged):
        return "Repeats of them call nobody. One that stops and fires again opens a new incident."
    window = _window(snapshot.reopen_window_seconds)
    undated = [alert for alert in firing if alert.starts_at is None]
    dated = f"Repeats of them call nobody. One that stops and fires again within {window} reopens this incident."
    if not undated:
        return dated
    if len(undated) == len(firing):
        which = "Its" if len(firing) == 1 else "Their"
        return f"The sender does not say when an alert began. {which} next message within {window} reopens this incident."
    return f"{dated} From a sender that does not say when an alert began, its next message does so, too."


def _window(seconds: int) -> str:
    if seconds % 3_600 == 0:
        return counted(seconds // 3_600, "hour")
    return counted(round(seconds / 60), "minute") if seconds >= 60 else counted(seconds, "second")


def _facts(snapshot: Snapshot, zone: ZoneInfo) -> Iterator[FactView]:
    row, today = snapshot.row, clock.now()

    def moment(name: str, at: datetime, hint: str = "") -> FactView:
        words, zone_name = date_and_time(at, zone, today)
        return FactView(name, words, hint or zone_name)

    yield moment("Opened", row["created_at"])
    if row["started_at"] and row["started_at"] < row["created_at"]:
        before = span((row["created_at"] - row["started_at"]).total_seconds())
        yield FactView("Impact began", hour_since(row["started_at"], row["created_at"], zone), f"{before} before")
    yield FactView("Opened by", snapshot.names.get(row["created_by"], ""))
    if row["reopened_at"]:
        yield moment("Reopened", row["reopened_at"], f"{ordinal(row['occurrence'])} occurrence")
    if row["tta_seconds"] is not None:
        yield FactView("Acknowledged", f"after {span(row['tta_seconds'])}", "the first time" if row["reopened_at"] else "")
    if row["resolved_at"]:
        yield moment("Resolved", row["resolved_at"], f"after {span(row['ttr_seconds'] or 0)}")
        if row["cause"]:
            yield FactView("Cause", row["cause"])
    if row["group_key"]:
        yield FactView("Group key", row["group_key"], is_code=True)


def alert_rows(snapshot: Snapshot) -> list[AlertRow]:
    """The alerts of the rail, those that fire first."""
    return rows_of(snapshot.alerts)


def rows_of(alerts: list[AlertHere]) -> list[AlertRow]:
    """These alerts in words."""
    return [_alert_row(here) for here in alerts]


def _alert_row(here: AlertHere) -> AlertRow:
    alert = here.record
    labels = label_views(alert.labels)
    return AlertRow(
        id=alert.id.hex,
        title=alert.title,
        status=alert.status.value,
        severity=alert.severity.value,
        age_at=rfc3339(alert.ends_at or alert.starts_at or here.fired_at),
        repeat_count=alert.repeat_count,
        last_seen_at=rfc3339(alert.last_seen_at),
        integration=here.sender,
        labels=labels[:_LABELS_OF_AN_ALERT],
        more_labels=max(0, len(labels) - _LABELS_OF_AN_ALERT),
        links=[LinkView(link["name"], link["url"]) for link in alert.links],
    )
