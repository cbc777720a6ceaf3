"""Incidents over HTTP: the list, one of them, its timeline and alerts, and the verbs that change it."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse

from app.api import routes, shapes
from app.api.routes import Cursor, Limit, answer
from app.session import SignedIn
from services import (
    checklists,
    comments,
    database,
    declaring,
    followers,
    incident_list,
    incident_page,
    incidents,
    line_changes,
    merging,
    splitting,
)
from services.access import Actor
from services.errors import InvalidInputError
from services.incidents import Outcome
from services.records import EventRecord, IncidentRecord, Page

router = routes.router("incidents")

_FILTERS = ("state", "severity", "assignee", "service", "q", "created_after", "created_before")
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"|([0-9]{1,9})')

Number = Annotated[str, Path(description="The incident's number, such as INC-42.", examples=["INC-42"])]
Line = Annotated[str, Path(description="The line's id, or its `seq`, such as 17.", examples=["17"])]


def seen_version(if_match: Annotated[str | None, Header(description='The version that you have seen: `"7"`.')] = None) -> int | None:
    """The version that the caller has seen, where it says so. Raises: InvalidInputError."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidInputError('If-Match must be one version as the ETag gives it, such as "7".', field="If-Match")
    return int(found[1] or found[2])


Version = Annotated[int | None, Depends(seen_version)]


def _told(incident: IncidentRecord) -> Response:
    return answer(incident, etag=f'"{incident.version}"')


async def _done(verb: Any, *args: Any, **more: Any) -> Response:
    outcome: Outcome = await database.run(verb, *args, **more)
    return _told(outcome.incident)


_WITH_CHECKLIST: dict[int | str, dict[str, Any]] = {
    200: {"model": shapes.IncidentWithChecklist, "description": "The incident as it is now."}
}
_ONE: dict[int | str, dict[str, Any]] = {200: {"model": shapes.Incident, "description": "The incident as it is now."}}
_LINE: dict[int | str, dict[str, Any]] = {200: {"model": shapes.Event, "description": "The line as it is now."}}


@router.get("/incidents", responses={200: {"model": shapes.Part[shapes.Incident]}})
async def list_incidents(
    actor: SignedIn,
    request: Request,
    state: Annotated[list[str] | None, Query(description="States; repeated or with commas between them.")] = None,
    severity: Annotated[list[str] | None, Query(description="Severities; repeated or with commas between them.")] = None,
    assignee: Annotated[str | None, Query(description="A person's id or handle, `me`, or `none` for those of nobody.")] = None,
    service: Annotated[str | None, Query(description="A service's id or name.")] = None,
    q: Annotated[str | None, Query(description="Words that its texts hold, or a number such as INC-42.")] = None,
    created_after: Annotated[str | None, Query(description="A time (RFC 3339): those created then or later.")] = None,
    created_before: Annotated[str | None, Query(description="A time (RFC 3339): those created before.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Incidents in all states, the newest first, unless filters are given; all of them must hold."""
    del state, severity, assignee, service, q, created_after, created_before  # named to be described: the list reads them itself
    given = {name: request.query_params.getlist(name) for name in _FILTERS if name in request.query_params}
    return answer(await database.run(_page, actor, given, cursor, limit))


def _page(actor: Actor, given: dict[str, list[str]], cursor: str | None, limit: int) -> Page[IncidentRecord]:
    filters = incident_list.require_right(incident_list.read(actor, given)) if given else incident_list.Filters()
    return incident_list.page(actor, filters, cursor, limit)


@router.post("/incidents", status_code=201, responses={201: {"model": shapes.Incident, "description": "The incident as it is now."}})
async def declare(
    actor: SignedIn,
    body: shapes.NewIncident,
    idempotency_key: Annotated[
        str | None, Header(description="A key of your own, a new one for each incident: what is sent twice is declared once.")
    ] = None,
) -> Response:
    """Open an incident by hand."""
    outcome: Outcome = await database.run(
        declaring.declare,
        actor,
        body.title,
        body.severity,
        description=body.description,
        service_id=body.service_id,
        assigned_to=body.assigned_to,
        started_at=body.started_at,
        key=idempotency_key,
    )
    return _made(outcome.incident)


def _made(made: IncidentRecord) -> Response:
    return answer(made, 201, etag=f'"{made.version}"', location=f"{router.prefix}/incidents/{made.number}")


@router.get("/incidents/{number}", responses=_WITH_CHECKLIST)
async def get_incident(actor: SignedIn, number: Number) -> Response:
    """One incident, with its checklist. The answer's `ETag` is its version."""
    return _told(await database.run(checklists.get, actor, number))


@router.patch("/incidents/{number}", responses=_ONE)
async def edit_incident(actor: SignedIn, number: Number, body: shapes.Edit, version: Version) -> Response:
    """Change the title, the description or the service. What they were stays on the timeline; another service brings its checklist."""
    service = {"service_id": body.service_id} if "service_id" in body.model_fields_set else {}
    return await _done(incidents.edit, actor, number, title=body.title, description=body.description, **service, version=version)


@router.post("/incidents/{number}/checklist/{item}", responses=_WITH_CHECKLIST)
async def tick(actor: SignedIn, number: Number, item: Annotated[UUID, Path(description="The item's id.")], body: shapes.Tick) -> Response:
    """Tick an item of its checklist, or take the tick away. Where it is so already this changes nothing and answers 200."""
    await database.run(checklists.tick, actor, number, item, body.ticked)
    return _told(await database.run(checklists.get, actor, number))


@router.post("/incidents/{number}/acknowledge", responses=_ONE)
async def acknowledge(actor: SignedIn, number: Number, _body: shapes.Nothing, version: Version) -> Response:
    """Say "mine". The first acknowledgement stands: on one that is taken already this changes nothing and answers 200."""
    return await _done(incidents.acknowledge, actor, number, version=version)


@router.post("/incidents/{number}/unacknowledge", responses=_ONE)
async def unacknowledge(actor: SignedIn, number: Number, body: shapes.Unacknowledge, version: Version) -> Response:
    """Give it back: it is open, and nobody is working on it."""
    return await _done(incidents.unacknowledge, actor, number, reason=body.reason, version=version)


@router.post("/incidents/{number}/investigate", responses=_ONE)
async def investigate(actor: SignedIn, number: Number, _body: shapes.Nothing, version: Version) -> Response:
    """Say that the search for the cause has begun. From open it is acknowledged at the same moment."""
    return await _done(incidents.investigate, actor, number, version=version)


@router.post("/incidents/{number}/resolve", responses=_ONE)
async def resolve(actor: SignedIn, number: Number, body: shapes.Resolve, version: Version) -> Response:
    """Say that it is over and what fixed it. Alerts of its group that fire within the reopen window open it again."""
    return await _done(incidents.resolve, actor, number, body.notes, cause=body.cause, version=version)


@router.post("/incidents/{number}/reopen", responses=_ONE)
async def reopen(actor: SignedIn, number: Number, body: shapes.Reopen, version: Version) -> Response:
    """Open a resolved incident again, as its next occurrence. Its history stays."""
    return await _done(incidents.reopen, actor, number, body.reason, version=version)


@router.post("/incidents/{number}/assign", responses=_ONE)
async def assign(actor: SignedIn, number: Number, body: shapes.Assign, version: Version) -> Response:
    """Give it to a person, or to nobody. To whom it belongs already this changes nothing and answers 200."""
    return await _done(incidents.assign, actor, number, body.user_id, reason=body.reason, version=version)


@router.post("/incidents/{number}/severity", responses=_ONE)
async def change_severity(actor: SignedIn, number: Number, body: shapes.ChangeSeverity, version: Version) -> Response:
    """Judge it better or worse than before."""
    return await _done(incidents.change_severity, actor, number, body.severity, version=version)


@router.post("/incidents/{number}/snooze", responses=_ONE)
async def snooze(actor: SignedIn, number: Number, body: shapes.Snooze, version: Version) -> Response:
    """Stop its calls until a time, and take it out of what needs attention. A new firing ends it sooner, null ends it now."""
    return await _done(incidents.snooze, actor, number, body.until, version=version)


@router.post("/incidents/{number}/follow", responses={200: {"model": shapes.Following}})
async def follow(actor: SignedIn, number: Number, body: shapes.Follow) -> Response:
    """Be told of its moves in your inbox and by mail, as you wish to be told, or not any more."""
    await database.run(followers.follow_incident, actor, number, body.follows)
    return answer({"follows": body.follows})


@router.post("/incidents/{number}/acknowledgement-timeout", responses=_ONE)
async def set_acknowledgement_timeout(actor: SignedIn, number: Number, body: shapes.AcknowledgementTimeout, version: Version) -> Response:
    """Say after how long without activity its acknowledgement lapses: 0 is never, null is as the organisation says."""
    return await _done(incidents.set_acknowledgement_timeout, actor, number, body.seconds, version=version)


@router.post("/incidents/{number}/merge", responses=_ONE)
async def merge(actor: SignedIn, number: Number, body: shapes.Merge, version: Version) -> Response:
    """Make it part of another incident, whose state it follows from then on. Answers what was merged, with its `parent_id`.

    Its alerts are shown and counted there, and the next ones of its group go there. What is part of that incident already stays so.
    """
    return await _done(merging.merge, actor, number, body.into, version=version)


@router.post(
    "/incidents/{number}/split",
    responses={
        200: {"model": shapes.Incident, "description": "With `child`: the incident that was split out."},
        201: {"model": shapes.Incident, "description": "With `alert_ids`: the new incident that they belong to."},
    },
)
async def split(actor: SignedIn, number: Number, body: shapes.Split, version: Version) -> Response:
    """Split something out of it again: alerts become a new incident (201), and what was merged into it goes its own way (200).

    Answers the incident that was split out.
    """
    if body.child is not None and body.alert_ids is None:
        return await _done(splitting.split_child, actor, number, body.child, version=version)
    if body.alert_ids is None or body.child is not None:
        raise InvalidInputError("Send either alert_ids or child: what is to leave the incident.", field="alert_ids")
    outcome: Outcome = await database.run(splitting.split_alerts, actor, number, body.alert_ids, version=version)
    return _made(outcome.incident)


@router.get("/incidents/{number}/timeline", responses={200: {"model": shapes.Part[shapes.Event]}})
async def timeline(actor: SignedIn, number: Number, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """What happened, the oldest first."""
    return answer(await database.run(incident_page.timeline_page, actor, number, cursor=cursor, limit=limit))


@router.get("/incidents/{number}/timeline.txt", response_class=PlainTextResponse, responses={200: {"description": "Plain text in UTF-8."}})
async def timeline_text(
    actor: SignedIn,
    number: Number,
    timezone: Annotated[str, Query(description="The IANA zone of its times; your own where it is left out.")] = "",
) -> Response:
    """The whole timeline as text, without what is hidden or deleted."""
    text: str = await database.run(incident_page.as_text, actor, number, timezone)
    return Response(text, media_type="text/plain; charset=utf-8")


@router.get("/incidents/{number}/timeline/{event}", responses={200: {"model": shapes.EventHistory}})
async def get_event(actor: SignedIn, number: Number, event: Line) -> Response:
    """One line, with what it said before it was edited."""
    return answer(await database.run(incident_page.one_line, actor, number, event))


@router.patch("/incidents/{number}/timeline/{event}", responses=_LINE)
async def change_event(actor: SignedIn, number: Number, event: Line, body: shapes.ChangeEvent, version: Version) -> Response:
    """Edit the text of your own comment, change when a line happened, pin, unpin, hide or show it. All that is sent is done, or nothing."""
    changed: EventRecord = await database.run(line_changes.change, actor, number, event, **body.model_dump(), version=version)
    return answer(changed, etag=f'"{changed.version}"')


@router.delete("/incidents/{number}/timeline/{event}", responses=_LINE)
async def delete_comment(actor: SignedIn, number: Number, event: Line) -> Response:
    """Delete a comment: your own, or as an admin anybody's. Its line stays without the text. Answers the event."""
    return answer(await database.run(line_changes.delete, actor, number, event))


@router.get("/incidents/{number}/alerts", responses={200: {"model": shapes.Part[shapes.Alert]}})
async def alerts(actor: SignedIn, number: Number, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Its alerts, those that were seen first before the others."""
    return answer(await database.run(incident_page.alerts, actor, number, cursor=cursor, limit=limit))


@router.post("/incidents/{number}/comments", status_code=201, responses={201: {"model": shapes.Event}})
async def comment(
    actor: SignedIn,
    number: Number,
    body: shapes.NewComment,
    idempotency_key: Annotated[str | None, Header(description="A key of your own: the same comment sent twice is stored once.")] = None,
) -> Response:
    """Write on its timeline. Answers the event."""
    added: EventRecord = await database.run(comments.add, actor, number, body.body, key=idempotency_key, occurred_at=body.occurred_at)
    return answer(added, 201)


@router.post("/markdown", responses={200: {"model": shapes.Rendered}})
async def preview(actor: SignedIn, body: shapes.ToRender) -> Response:
    """What a text will look like as a comment. Nothing is stored."""
    return answer({"html": await database.run(comments.preview, actor, body.text)})
