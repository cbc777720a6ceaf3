"""Merging an incident into another one, which it follows from then on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.vocabulary import IncidentState, Role
from services import audit, database, following, holding, people, timeline
from services.access import Actor, require
from services.database import Tx
from services.errors import ConflictError, InvalidInputError, NotFoundError
from services.held import Held
from services.incidents import Outcome, allowed, find, parse_number, refuse_merged, require_seen
from services.records import IncidentRecord


@dataclass(frozen=True, slots=True)
class Merged(Outcome):
    """What came of a merge; `parent` is the incident that the other one is part of now."""

    parent: IncidentRecord

    @property
    def sentence(self) -> str:
        """What whoever merged them is told."""
        if not self.changed:
            return f"{self.incident.number} is part of {self.parent.number} already."
        waits = f" Nobody has acknowledged {self.parent.number} yet." if self.parent.state is IncidentState.OPEN else ""
        return f"{self.incident.number} is part of {self.parent.number} now.{waits}"


def merge(actor: Actor, number: str, into: str, *, version: int | None = None) -> Merged:
    """Make an incident part of another one, whose state it follows from then on; what was merged into it moves along.

    Where `into` was merged itself, it is what that became part of. The other one keeps its state, severity, service and assignee. What
    is part of it already stays so, and nothing changes.
    Raises: NotAllowedError, NotFoundError, InvalidInputError for `into`, ConflictError for a circle, for what is resolved, and for what
    is part of a third one.
    """
    require(actor, Role.RESPONDER)
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        child, parent = _held_for_merge(tx, number, into)
        require_seen(child, version)
        if child.parent_id == parent.id:
            return Merged(child.record(), False, parent.record())
        _check_merge(tx, child, parent)
        before = {"parent": None, "state": child.state.value}
        _join(tx, actor, child, parent)
        after = {"parent": parent.shown, "state": child.state.value}
        audit.record(tx, actor, "incident.merged", "incident", child.id, *audit.changed(before, after))
        holding.save(tx, [child, parent, *(parent.children or ())])
    return Merged(child.record(), True, parent.record())


def _held_for_merge(tx: Tx, number: str, into: str) -> tuple[Held, Held]:
    """What is to be merged and into what, with what was merged into them: all locked in the order of their ids."""
    seen = find(tx.session, number)
    try:
        target = holding.read(tx.session, parse_number(into))
    except NotFoundError as wrong:
        raise InvalidInputError(f"into must be the number of an incident. {wrong.message}", field="into") from None
    if target is None:
        raise InvalidInputError(f"into must be the number of an incident: there is no {into[:40].upper()}.", field="into")
    if target.id == seen.id:
        raise ConflictError(f"{seen.shown} cannot be merged into itself.", allowed=allowed(seen), field="into")
    if target.parent_id == seen.id:
        raise _circle(seen, target)
    root = target.parent_id or target.id
    held = holding.family(tx, [seen.id, root])
    child, parent = held[seen.id], held[root]
    if parent.parent_id == child.id:
        raise _circle(child, parent)
    if parent.parent_id is not None:
        raise ConflictError(f"{parent.shown} was merged into another one at the same moment. Look again, then repeat.", field="into")
    return child, parent


def _circle(child: Held, parent: Held) -> ConflictError:
    return ConflictError(
        f"{parent.shown} was merged into {child.shown}, so {child.shown} cannot be merged into it: that would be a circle.",
        allowed=allowed(child),
        field="into",
    )


def _check_merge(tx: Tx, child: Held, parent: Held) -> None:
    if child.parent_id is not None:
        raise refuse_merged(tx, child)
    for one in (child, parent):
        if one.is_resolved:
            raise ConflictError(
                f"{one.shown} is resolved, and only what is not over is merged. Reopen it first.",
                allowed=allowed(child),
                field="into" if one is parent else None,
            )


def _join(tx: Tx, actor: Actor, child: Held, parent: Held) -> None:
    """Move the incident and what was merged into it; each with a line of its own, and one on the parent."""
    moving = list(child.children or ())
    parent.change(
        alert_count=parent.alert_count + child.alert_count,
        firing_count=parent.firing_count + child.firing_count,
        merged_count=parent.merged_count + 1 + len(moving),
    )
    said = timeline.Merge(title=child.title, child=child.shown, alert_count=child.alert_count, children=[one.shown for one in moving])
    parent.say(actor.id, said)
    count_only_own(child, moving)
    for one in (child, *moving):
        before = following.standing(one.row)
        one.change(parent_id=parent.id, **following.adopted(one.row, parent.row, tx.now))
        one.say(
            actor.id,
            timeline.Merge(
                title=parent.title,
                parent=parent.shown,
                alert_count=one.alert_count,
                to=one.state,
                before=before,
                children=[other.shown for other in moving] if one is child else [],
                along=child.shown if one is not child else None,
            ),
        )
    parent.children = [*(parent.children or ()), child, *moving]
    child.children = []
    touch(tx, actor, [parent, *parent.children])


def count_only_own(incident: Held, children: Iterable[Held]) -> None:
    """Take what these count out of what the incident counts."""
    for one in children:
        incident.change(
            alert_count=max(0, incident.alert_count - one.alert_count),
            firing_count=max(0, incident.firing_count - one.firing_count),
            merged_count=max(0, incident.merged_count - 1),
        )


def touch(tx: Tx, actor: Actor, incidents: Iterable[Held]) -> None:
    """Note on those of these that were changed that somebody worked on them."""
    if actor.is_hands_on:
        for one in incidents:
            if one.is_changed:
                one.touch(tx.now)
