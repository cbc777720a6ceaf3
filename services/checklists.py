"""What is to be done about an incident: the checklist that its service had when it was opened, and what of it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.incidents import ChecklistTick
from models.integrations import Checklist
from models.people import ActorRow
from models.vocabulary import Role
from services import audit, database, holding, incidents, people, timeline
from services.access import Actor, require
from services.errors import NotFoundError
from services.incidents import Outcome
from services.records import IncidentRecord
from services.wording import shown_number


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """An item of an incident's checklist; `ticked_*` say who ticked it and when, and are empty while nobody has."""

    id: UUID
    text: str
    ticked_by: UUID | None
    ticked_by_name: str
    ticked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentWithChecklist(IncidentRecord):
    """An incident with what is to be done, in order."""

    checklist: list[CheckRecord] = field(default_factory=list)


def read(session: Session, incident: Mapping[str, Any]) -> list[CheckRecord]:
    """The checklist of the incident with this row; empty where its service had none."""
    if incident["checklist_id"] is None:
        return []
    items = session.exec(select(Checklist.items).where(col(Checklist.id) == incident["checklist_id"])).first() or []
    query = (
        select(ChecklistTick.item_id, ChecklistTick.ticked_by, ActorRow.name, ChecklistTick.ticked_at)
        .join(ActorRow, col(ActorRow.id) == col(ChecklistTick.ticked_by))
        .where(col(ChecklistTick.incident_id) == incident["id"])
    )
    ticks = {item_id: ticked for item_id, *ticked in session.exec(query)}
    nobody = (None, "", None)
    return [CheckRecord(UUID(item["id"]), item["text"], *ticks.get(UUID(item["id"]), nobody)) for item in items]


def get(actor: Actor, number: str) -> IncidentWithChecklist:
    """An incident with its checklist. Raises: NotAllowedError, NotFoundError."""
    require(actor, Role.VIEWER)
    with database.read(actor.tenant_id) as session:
        found = incidents.find(session, number)
        record = found.record()
        told = {each.name: getattr(record, each.name) for each in fields(IncidentRecord)}
        return IncidentWithChecklist(**told, checklist=read(session, found.row))


def tick(actor: Actor, number: str, item_id: UUID, ticked: bool) -> Outcome:
    """Tick an item of the incident's checklist, or take the tick away. Where it is so already, this changes nothing.

    Raises: NotAllowedError; NotFoundError also when the incident has another checklist by now.
    """
    require(actor, Role.RESPONDER)
    with database.write(actor.tenant_id) as tx:
        people.require_still(tx, actor, Role.RESPONDER)
        value = incidents.parse_number(number)
        incident = holding.by_number(tx, value)  # held: of two who tick at once the second one sees the first one's tick
        if incident is None:
            raise NotFoundError(f"There is no {shown_number(value)}.")
        item = next((one for one in read(tx.session, incident.row) if one.id == item_id), None)
        if item is None:
            raise NotFoundError(f"The checklist of {incident.shown} has no such item: it may have been given another service.")
        if (item.ticked_at is not None) is ticked:
            return Outcome(incident.record(), False)
        if ticked:
            tx.insert(ChecklistTick, incident_id=incident.id, item_id=item_id, ticked_by=actor.id, ticked_at=tx.now)
            tx.flush()
        else:
            own = (col(ChecklistTick.incident_id) == incident.id, col(ChecklistTick.item_id) == item_id)
            tx.session.exec(delete(ChecklistTick).where(*own))
        incident.say(actor.id, timeline.Checked(item_id=item_id, text=item.text, ticked=ticked))
        action = "incident.ticked" if ticked else "incident.unticked"
        audit.record(tx, actor, action, "incident", incident.id, after={"item": item.text})
        if actor.is_hands_on:
            incident.touch(tx.now)
        holding.save(tx, [incident])
    return Outcome(incident.record(), True)
