"""Splitting apart again what does not belong together: what was merged into an incident, and single alerts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from models.columns import new_id
from models.vocabulary import Role, Severity
from services import alert_rows, audit, database, holding, people, timeline
from services.access import Actor, require
from services.alert_rows import LinkedAlert
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotFoundError
from services.held import Held
from services.incidents import Outcome, allowed, find, parse_number, require_seen
from services.merging import count_only_own, touch
from services.openings import Opening, Openings
from services.wording import shown_number

MOST_ALERTS = 200
"""How many alerts are split out at once."""
_TOLD_ALERTS = 3


def split_child(actor: Actor, number: str, child_number: str, *, version: int | None = None) -> Outcome:
    """Take what was merged into an incident out of it again. It stays in the state that both are in, and goes its own way from there.

    `number` is the incident that it was merged into, or its own. The outcome is that of what was split out.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for a child that is none of it.
    """
    require(actor, Role.RESPONDER)
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        parent, child = _held_for_split(tx, number, child_number)
        named = child if child.number == parse_number(number) else parent
        require_seen(named, version)
        _part(tx, actor, parent, [child])
        holding.take_alerts_again(tx, [] if child.is_resolved else [child])
        audit.record(tx, actor, "incident.split", "incident", child.id, {"parent": parent.shown}, {"parent": None})
        holding.save(tx, [parent, child])
    return Outcome(child.record(), True)


def _held_for_split(tx: Tx, number: str, child_number: str) -> tuple[Held, Held]:
    named = find(tx.session, number)
    try:
        wanted = parse_number(child_number)
    except NotFoundError as wrong:
        raise InvalidInputError(f"child must be the number of an incident. {wrong.message}", field="child") from None
    root = named.parent_id if named.number == wanted and named.parent_id is not None else named.id
    held = holding.family(tx, [root])
    parent = held[root]
    child = next((one for one in parent.children or () if one.number == wanted), None)
    if child is None:
        shown = shown_number(wanted)
        raise InvalidInputError(f"child must be an incident that was merged into {parent.shown}: {shown} is not part of it.", field="child")
    return parent, child


def _part(tx: Tx, actor: Actor, parent: Held, leaving: Sequence[Held], *, undone: bool = False) -> None:
    """Take these out of the parent, with a line on each side."""
    count_only_own(parent, leaving)
    parent.children = [one for one in parent.children or () if one not in leaving]
    for one in leaving:
        one.change(parent_id=None)
        count = one.alert_count
        parent.say(actor.id, timeline.Split(title=one.title, child=one.shown, is_child=True, alert_count=count, undone=undone))
        left = timeline.Split(title=parent.title, parent=parent.shown, is_child=True, alert_count=count, to=one.state, undone=undone)
        one.say(actor.id, left)
    touch(tx, actor, [parent, *leaving])


def take_back(actor: Actor, number: str) -> Outcome:
    """Take the merge of an incident back: it stands as it did before, with what had been merged into it.

    Where one of both has moved since, it is split out as it is by now. Raises: NotAllowedError, NotFoundError, ConflictError when it is
    part of no other one any more.
    """
    require(actor, Role.RESPONDER)
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        seen = find(tx.session, number)
        if seen.parent_id is None:
            raise ConflictError(f"{seen.shown} is part of no other incident any more.", allowed=allowed(seen))
        held = holding.family(tx, [seen.parent_id])
        parent = held[seen.parent_id]
        child = next((one for one in parent.children or () if one.id == seen.id), None)
        if child is None:
            raise ConflictError(f"{seen.shown} is part of no other incident any more.", allowed=allowed(seen))
        leaving = [child, *_moved_along(tx, child, parent)]
        merges = {one.id: _last_line(tx, one) for one in leaving}
        _part(tx, actor, parent, leaving, undone=True)
        for one in leaving:
            said = merges[one.id]
            if said is not None and said.before is not None:
                one.change(**said.before.model_dump())
        _rejoin(child, leaving[1:])
        holding.take_alerts_again(tx, [one for one in leaving if not one.is_resolved])
        audit.record(tx, actor, "incident.split", "incident", child.id, {"parent": parent.shown}, {"parent": None})
        holding.save(tx, [parent, *leaving])
    return Outcome(child.record(), True)


def _moved_along(tx: Tx, child: Held, parent: Held) -> list[Held]:
    """What moved to the parent with the child, and is there still."""
    said = _last_line(tx, child)
    return [one for one in parent.children or () if said is not None and one.shown in said.children]


def _last_line(tx: Tx, incident: Held) -> timeline.Merge | None:
    """The last line of the incident, where that tells of its merge; None where it has moved or was changed since."""
    (event,) = timeline.page(tx.session, incident.id, after_seq=incident.last_seq - 1, limit=1)
    told = timeline.data_of(event)
    return told if isinstance(told, timeline.Merge) else None


def _rejoin(child: Held, others: Sequence[Held]) -> None:
    """Give these, which have just left what they moved to, back to where they had been merged before."""
    for one in others:
        one.change(parent_id=child.id)
        child.change(
            alert_count=child.alert_count + one.alert_count,
            firing_count=child.firing_count + one.firing_count,
            merged_count=child.merged_count + 1,
        )
    child.children = list(others)


# ── alerts ──


def split_alerts(actor: Actor, number: str, alert_ids: Sequence[UUID], *, version: int | None = None) -> Outcome:
    """Make an incident of its own of some alerts of another one. Their next firings go there; the rest of their group stays.

    It is open, and people are told as of any new one. It is called after the alert that was seen first, as bad as the worst of them, and
    of the same service.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for alerts that are none of it, ConflictError when it is resolved.
    """
    require(actor, Role.RESPONDER)
    wanted = list(dict.fromkeys(alert_ids))
    if not 1 <= len(wanted) <= MOST_ALERTS:
        raise InvalidInputError(f"alert_ids must be a list of 1 to {MOST_ALERTS} ids.", field="alert_ids")
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        seen = find(tx.session, number)
        alerts = alert_rows.by_ids(tx, wanted)  # alerts, numbers, incidents: every writer takes its locks in this order
        openings = Openings(tx)
        openings.lock_numbers()
        held = holding.family(tx, [seen.id] if seen.parent_id is None else [seen.id, seen.parent_id])
        left = held[seen.id]
        _check_alerts(left, alerts, wanted, version)
        made = _open_for(actor, openings, left, alerts)
        changed = _count_out(alerts, held)
        titles = [alert.title for alert in alerts[:_TOLD_ALERTS]]
        for one in changed:
            one.say(actor.id, timeline.Split(title=made.title, child=made.shown, alert_count=len(alerts), alerts=titles))
        made.say(actor.id, timeline.Split(title=left.title, parent=left.shown, alert_count=len(alerts), alerts=titles))
        touch(tx, actor, changed)
        audit.record(tx, actor, "incident.alerts_split", "incident", left.id, None, {"into": made.shown, "alerts": titles})
        holding.save(tx, [*changed, made])
        alert_rows.move(tx, alerts, made.id)
    return Outcome(made.record(), True)


def _check_alerts(left: Held, alerts: Sequence[LinkedAlert], wanted: Sequence[UUID], version: int | None) -> None:
    require_seen(left, version)
    own = {left.id, *(one.id for one in left.children or ())}
    found = {alert.id for alert in alerts if alert.incident_id in own}
    strange = [one for one in wanted if one not in found]
    if strange:
        raise InvalidInputError(f"alert_ids must name alerts that belong to {left.shown} now: {strange[0]} does not.", field="alert_ids")
    if left.is_resolved:
        raise ConflictError(f"{left.shown} is resolved, so nothing is split out of it. Reopen it first.", allowed=allowed(left))


def _open_for(actor: Actor, openings: Openings, left: Held, alerts: Sequence[LinkedAlert]) -> Held:
    first, incident_id = alerts[0], new_id()
    many = "an alert" if len(alerts) == 1 else f"{len(alerts)} alerts"
    made, _ = openings.open_or_join(
        Opening(
            id=incident_id,
            title=first.title,
            description=first.description,
            severity=min((alert.severity for alert in alerts), key=list(Severity).index),
            created_by=actor.id,
            why=f"{actor.name} split {many} out of {left.shown}.",
            # a group of its own, which no message names: alerts come to it by their links alone, and it is reopened like others
            group_hash=holding.group_hash(incident_id, ""),
            alert_id=first.id,
            service_id=left.service_id,
            checklist_id=left.checklist_id,
            started_at=min(alert.began_at for alert in alerts),
            touched=actor.is_hands_on,
        )
    )
    openings.number()
    made.change(alert_count=len(alerts), firing_count=sum(alert.is_firing for alert in alerts))
    return made


def _count_out(alerts: Sequence[LinkedAlert], held: Mapping[UUID, Held]) -> list[Held]:
    """Count these alerts no more where they were; the incidents that were changed by it."""
    changed: dict[UUID, Held] = {}
    for alert in alerts:
        home = held[alert.incident_id] if alert.incident_id is not None else None
        for one in (home, held.get(home.parent_id) if home is not None and home.parent_id is not None else None):
            if one is not None:
                one.change(alert_count=max(0, one.alert_count - 1), firing_count=max(0, one.firing_count - alert.is_firing))
                changed[one.id] = one
    return list(changed.values())
