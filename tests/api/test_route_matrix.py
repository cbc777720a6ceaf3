"""Who gets in where, over HTTP: made from the routes that are registered, so that none can be forgotten.

A route that is in neither table fails the tests by its name: say there who may use it, and with what.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute

from app import asgi
from app.api import application
from app.session import COOKIE
from models.columns import new_id
from models.vocabulary import Reason, Role
from services import (
    api_keys,
    catalog,
    channels,
    checklists,
    clock,
    comments,
    database,
    inbox,
    incidents,
    integrations,
    membership,
    merging,
    sessions,
    teams,
    telling,
)
from services.access import Actor
from services.wording import rfc3339
from tests.fixtures.contents import contents, differences, ids, told_of
from tests.fixtures.programs import ORIGIN, Programs
from tests.fixtures.stories import Story
from tests.fixtures.tabs import begin_session

MARK = "Quokka"
"""Stands in all that Northwind has written, and nowhere in Southwind."""


@dataclass(frozen=True)
class Asked:
    """How a route is used: by whom (the lowest role), with what, and on an incident of which state.

    `elsewhere` are bodies or queries that name something of the other organisation, for a route whose path does not. What is `own` belongs
    to a person: a key of a service account has none of it.
    `stores` is False for what is posted and changes nothing.
    """

    role: Role
    body: dict[str, Any] | None = None
    state: str = "open"
    elsewhere: tuple[dict[str, Any] | str, ...] = field(default=())
    own: bool = False
    stores: bool = True


READ, ACT, MANAGE, RUN = Role.VIEWER, Role.RESPONDER, Role.MANAGER, Role.ADMIN
ROUTES: dict[str, Asked] = {
    "GET /api/v1/incidents": Asked(READ, elsewhere=("q={word}", "assignee={user}", "service={service}")),
    "POST /api/v1/incidents": Asked(
        ACT,
        {"title": "Declared {turn}", "severity": "low"},
        elsewhere=(
            {"title": "Ours", "severity": "low", "service_id": "{service}"},
            {"title": "Ours", "severity": "low", "assigned_to": "{user}"},
        ),
    ),
    "GET /api/v1/incidents/{number}": Asked(READ),
    "PATCH /api/v1/incidents/{number}": Asked(ACT, {"title": "Another title"}),
    "POST /api/v1/incidents/{number}/acknowledge": Asked(ACT, {}),
    "POST /api/v1/incidents/{number}/unacknowledge": Asked(ACT, {"reason": "Not mine"}, "acknowledged"),
    "POST /api/v1/incidents/{number}/investigate": Asked(ACT, {}),
    "POST /api/v1/incidents/{number}/resolve": Asked(ACT, {"notes": "Rolled back"}),
    "POST /api/v1/incidents/{number}/reopen": Asked(ACT, {"reason": "It is back"}, "resolved"),
    "POST /api/v1/incidents/{number}/assign": Asked(ACT, {"user_id": "{user}"}),
    "POST /api/v1/incidents/{number}/severity": Asked(ACT, {"severity": "low"}),
    "POST /api/v1/incidents/{number}/follow": Asked(READ, {"follows": True}, own=True),
    "POST /api/v1/incidents/{number}/snooze": Asked(ACT, {"until": "{later}"}),
    "POST /api/v1/incidents/{number}/acknowledgement-timeout": Asked(ACT, {"seconds": 600}),
    "POST /api/v1/incidents/{number}/merge": Asked(ACT, {"into": "{other}"}),
    "POST /api/v1/incidents/{number}/split": Asked(ACT, {"child": "{child}"}, "parent"),
    "GET /api/v1/incidents/{number}/timeline": Asked(READ),
    "GET /api/v1/incidents/{number}/timeline.txt": Asked(READ),
    "GET /api/v1/incidents/{number}/timeline/{event}": Asked(READ),
    "PATCH /api/v1/incidents/{number}/timeline/{event}": Asked(ACT, {"pinned": True}),
    "DELETE /api/v1/incidents/{number}/timeline/{event}": Asked(RUN),  # of somebody else; one's own: test_lines_over_http.py
    "GET /api/v1/incidents/{number}/alerts": Asked(READ),
    "POST /api/v1/incidents/{number}/checklist/{item}": Asked(ACT, {"ticked": True}, "listed"),
    "POST /api/v1/incidents/{number}/comments": Asked(ACT, {"body": "Looking"}),
    "GET /api/v1/organisation": Asked(READ),
    "PATCH /api/v1/organisation": Asked(RUN, {"name": "Renamed {turn}"}, elsewhere=({"default_on_call_id": "{user}"},)),
    "POST /api/v1/markdown": Asked(ACT, {"text": "*Looking*"}, stores=False),
    "GET /api/v1/users": Asked(READ),
    "GET /api/v1/notifications": Asked(READ, elsewhere=("user={user}",)),
    "POST /api/v1/notifications/read": Asked(READ, own=True),
    "POST /api/v1/notifications/{id}/read": Asked(READ, own=True),
    "POST /api/v1/notifications/{id}/unread": Asked(READ, own=True, state="read"),
    "GET /api/v1/teams": Asked(READ),
    "GET /api/v1/mentionable": Asked(READ),
    "POST /api/v1/teams": Asked(MANAGE, {"name": "Payers {turn}"}, elsewhere=({"name": "Ours", "members": ["{user}"]},)),
    "GET /api/v1/teams/{id}": Asked(READ),
    "PATCH /api/v1/teams/{id}": Asked(MANAGE, {"name": "Renamed {turn}"}),
    "POST /api/v1/users": Asked(
        RUN,
        {"name": "New", "email": "n{turn}@example.org", "role": "viewer"},
        elsewhere=({"name": "New", "email": "new@example.org", "role": "viewer", "manager_id": "{user}"},),
    ),
    "PATCH /api/v1/users/{id}": Asked(RUN, {"name": "Called {turn}", "role": "manager"}),
    "GET /api/v1/users/{id}/departure": Asked(RUN),
    "POST /api/v1/users/{id}/password-link": Asked(RUN, {}),
    "DELETE /api/v1/users/{id}/password-link": Asked(RUN),
    "GET /api/v1/services": Asked(READ),
    "POST /api/v1/services": Asked(MANAGE, {"name": "Payments {turn}"}, elsewhere=({"name": "Ours", "owner_team_id": "{team}"},)),
    "GET /api/v1/services/{id}": Asked(READ),
    "POST /api/v1/services/{id}/follow": Asked(READ, {"follows": True}, own=True),
    "PATCH /api/v1/services/{id}": Asked(MANAGE, {"name": "Renamed {turn}"}),
    "GET /api/v1/integrations": Asked(RUN),
    "POST /api/v1/integrations": Asked(RUN, {"kind": "generic"}, elsewhere=({"kind": "generic", "service_id": "{service}"},)),
    "GET /api/v1/integrations/{id}": Asked(RUN),
    "PATCH /api/v1/integrations/{id}": Asked(RUN, {"name": "Renamed {turn}"}),
    "POST /api/v1/integrations/{id}/rotate": Asked(RUN, {}),
    "GET /api/v1/channels": Asked(RUN),
    "POST /api/v1/channels": Asked(RUN, {"kind": "webhook", "name": "Hook {turn}", "url": "http://127.0.0.1:9/"}),
    "GET /api/v1/channels/{id}": Asked(RUN),
    "PATCH /api/v1/channels/{id}": Asked(RUN, {"name": "Renamed {turn}"}),
    "DELETE /api/v1/channels/{id}": Asked(RUN),
    "POST /api/v1/channels/{id}/renew-secret": Asked(RUN, {}),
    "POST /api/v1/channels/{id}/test": Asked(RUN, {}),
    "GET /api/v1/channels/{id}/deliveries": Asked(RUN),
}
OPEN: dict[str, str] = {
    "GET /healthz": "whoever runs the machine asks before anybody can sign in; it says one word",
    "GET /readyz": "the same; it names parts of the process and nothing that is stored",
    "GET /-/metrics": "this machine, or whoever has the metrics token; test_health.py says who is refused",
    "GET /api/openapi.json": "a description that is the same for everybody",
    "GET /api/docs": "the same as a page",
    "GET /help": "a guide that is the same for everybody, also for who cannot sign in; test_guide.py",
    "POST /auth/sign-in": "by it one becomes somebody; test_sign_in_routes.py",
    "GET /auth/openid": "by it one becomes somebody whom the provider names; test_openid.py",
    "GET /auth/openid/back": "the same, for the browser that began it",
    "POST /auth/sign-out": "ends the session of the cookie that comes with it, and no other",
    "POST /auth/set-up": "by the one-time link of the first start; test_sign_in_routes.py",
    "POST /auth/password": "by a one-time link; test_sign_in_routes.py",
}
BESIDE_THE_PAGES: dict[str, str] = {
    "/ping": "Reflex's own; it says pong",
    "/_health": "Reflex's own; it says whether it can work",
    "/_event": "the sockets of the pages, whose events have a matrix of their own",
}
BY_ROLE = list(Role)
"""From the lowest to the highest."""


def routes() -> dict[str, APIRoute]:
    """All routes of the application, by method and path."""
    return {
        f"{method} {route.path}": route for route in application.create().routes if isinstance(route, APIRoute) for method in route.methods
    }


def test_each_route_is_in_the_matrix() -> None:
    assert set(routes()) == set(ROUTES) | set(OPEN)
    assert not ROUTES.keys() & OPEN.keys()
    assert all(isinstance(route, APIRoute) for route in application.create().routes), "a route of another kind needs a matrix of its own"


def test_nothing_else_answers_beside_the_pages() -> None:
    """The dispatcher hands on to the intake, to these routes, and to the pages with what Reflex brings."""
    from app import app as composition

    assert {getattr(route, "path", str(route)) for route in composition.app._api.routes} == set(BESIDE_THE_PAGES)  # type: ignore[union-attr]
    begun = {re.match(r"/[^/]+", route.path)[0] for route in routes().values()}  # type: ignore[index]
    assert begun == {prefix.rstrip("/") for prefix in application.PREFIXES}
    assert asgi.INTAKE == "/intake/"


class Northwind:
    """An organisation whose every word is marked, and ways to ask a route about it."""

    def __init__(self, story: Story, programs: Programs) -> None:
        self.story, self.programs, self.organisation = story, programs, story.organisation
        self.fired = 0
        self.service = catalog.create(
            self.organisation.admin, f"{MARK} checkout", description=f"{MARK} sells", checklist=[f"{MARK} looks"]
        ).id
        self.team = teams.create(self.organisation.admin, f"{MARK} payers").id
        self.integration = integrations.create(self.organisation.admin, "generic", f"{MARK} checks").id
        catalog.create(self.organisation.stranger, "Ferries")
        self.names = {"user": str(self.organisation.admin.id), "service": str(self.service), "team": str(self.team), "word": MARK}
        self.names["other"] = self.incident("open")
        self.made_up = {"user": str(new_id()), "service": str(new_id()), "team": str(new_id()), "word": "Wombat"}
        self.made_up |= {"other": "INC-90000", "child": "INC-90001"}
        self.revoked = begin_session(self.organisation.admin)
        sessions.sign_out(self.revoked.actor)
        self.signed_in = begin_session(self.organisation.admin).token
        ended = api_keys.create(self.organisation.admin, "ended", Role.ADMIN)
        api_keys.revoke(self.organisation.admin, ended.id)
        programs.tokens["ended"] = ended.token

    def incident(self, state: str) -> str:
        """A new incident in this state; its number."""
        self.fired += 1
        (number,) = self.story.fire(f"{MARK} {self.fired}", title=f"{MARK} pool exhausted", description=f"{MARK} is away")
        by = self.organisation.responder
        comments.add(self.organisation.admin, number, f"{MARK} is what I look at")
        if state == "listed":
            incidents.edit(by, number, service_id=self.service)
        elif state == "acknowledged":
            incidents.acknowledge(by, number)
        elif state == "resolved":
            incidents.resolve(by, number, f"{MARK} is back")
        elif state == "parent":
            self.names["child"] = self.incident("open")
            merging.merge(by, self.names["child"], number)
        return number

    def person(self) -> UUID:
        """Somebody new, whose link works."""
        self.fired += 1
        made = membership.invite(
            self.organisation.admin, email=f"{MARK}{self.fired}@northwind.example", name=f"{MARK} {self.fired}", role=Role.RESPONDER
        )
        return made.person.id

    def channel(self) -> UUID:
        """A new channel, whose receiver does not listen."""
        self.fired += 1
        made = channels.create(self.organisation.admin, "webhook", f"{MARK} {self.fired}", "http://127.0.0.1:9/", events=["reopened"])
        return made.channel.id

    def notification(self, whose: Actor, state: str) -> UUID:
        """Something that a person is told of, read or not."""
        incident = incidents.get(whose, self.incident("open"))
        with database.write(whose.tenant_id) as tx:
            notice = telling.Notice(whose.id, incident.id, Reason.STATE_CHANGE, f"test:{self.fired}", f"{MARK} follows it.")
            telling.tell(tx, [notice], telling.duty(tx, [whose.id]).listeners)
        told = inbox.page(whose, limit=1).items[0].id
        if state == "read":
            inbox.mark(whose, told, read=True)
        return told

    def about(self, name: str, path: str, what: dict[str, Any] | str, names: dict[str, str]) -> tuple[httpx.Response, str]:
        """Let the stranger ask with something that is not theirs: the answer, and its text with the id taken out."""
        if isinstance(what, str):
            answer = self.ask(name, f"{path}?{what.format(**names)}", by="stranger")
        else:
            answer = self.ask(name, path, _filled(what, names), by="stranger")
        text = f"{answer.status_code} {answer.text}"
        for each in names.values():
            text = text.replace(each, "…")
        return answer, text

    def path(self, name: str, state: str, whose: Role = Role.ADMIN) -> str:
        """The path of a route, with what it names put in; what is a person's own is that of the one with this role."""
        path = name.partition(" ")[2]
        if path.startswith("/api/v1/notifications/"):
            return path.replace("{id}", str(self.notification(self.organisation.by_role()[whose], state)))
        things = {"services": self.service, "teams": self.team, "integrations": self.integration}
        make = {"users": self.person, "channels": self.channel}
        thing = things.get(path.split("/")[3]) or (make[path.split("/")[3]]() if "{id}" in path else None)
        path = path.replace("{event}", "2")  # the comment
        if "{number}" in path:
            path = path.replace("{number}", number := self.incident(state))
            listed = checklists.get(self.organisation.admin, number).checklist
            path = path.replace("{item}", str(listed[0].id) if listed else "")
        return path.replace("{id}", str(thing))

    def ask(self, name: str, path: str, body: Any = None, *, by: str | None = None, **headers: str) -> httpx.Response:
        self.fired += 1
        known = {"turn": self.fired, "later": rfc3339(clock.now() + timedelta(days=1)), **self.names}
        sent = _filled(body, known)
        return self.programs.call(name.partition(" ")[0], path, sent, by=by, **headers)

    def by_cookie(self, name: str, path: str, body: Any, token: str, origin: str = ORIGIN) -> httpx.Response:
        """Ask as a browser that is signed in, from a page of this origin."""
        return self.ask(
            name, path, body, cookie=f"{COOKIE}={token}", origin=origin, sec_fetch_site="same-origin" if origin == ORIGIN else "cross-site"
        )


def _filled(body: Any, names: dict[str, Any]) -> Any:
    """A body with the things put in that its texts name in braces."""
    if isinstance(body, dict):
        return {key: _filled(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, names) for value in body]
    return body.format(**names) if isinstance(body, str) else body


@pytest.fixture
def northwind(story: Story, programs: Programs) -> Northwind:
    """Northwind, on each kind of database."""
    return Northwind(story, programs)


class Complaints(list[str]):
    """What is wrong, by route: all of it is told at once."""

    def refused(self, who: str, answer: httpx.Response, status: int, secrets: set[str]) -> None:
        """The answer must be a problem with this status and a sentence, and tell nothing."""
        if answer.status_code != status or answer.headers["content-type"] != "application/problem+json":
            self.append(f"{who} was answered {answer.status_code} instead of {status}: {answer.text[:200]}")
        elif not re.search(r"\w.*[.…]$", json.loads(answer.text)["detail"]):
            self.append(f"{who} was told no sentence: {answer.text[:200]}")
        self.silent(who, answer, secrets)

    def silent(self, who: str, answer: httpx.Response, secrets: set[str]) -> None:
        """The answer must hold none of the secrets."""
        if told := told_of(answer.text + str(answer.headers), secrets):
            self.append(f"{who} was told {told[:3]}")

    def done(self, who: str, answer: httpx.Response, before: dict[str, str], after: dict[str, str], *, is_read: bool) -> None:
        """It must be done: what reads changes nothing, and what changes something does."""
        changed = differences(before, after)
        if answer.status_code not in (200, 201) or bool(changed) == is_read:
            self.append(f"{who} was answered {answer.status_code} and changed {changed or 'nothing'}: {answer.text[:200]}")

    def unchanged(self, who: str, before: dict[str, str], after: dict[str, str]) -> None:
        if changed := differences(before, after):
            self.append(f"{who} changed {changed}")


def test_a_route_is_for_its_role_and_those_above(northwind: Northwind) -> None:
    complaints, people = Complaints(), northwind.organisation.by_role()
    cookies = {role: begin_session(people[role]).token for role in Role}
    for name, asked in ROUTES.items():
        path, secrets = northwind.path(name, asked.state), {MARK}
        is_read = name.startswith("GET ") or not asked.stores
        before = contents()
        for who in (None, "ended"):
            complaints.refused(f"{name}: {who or 'nobody'}", northwind.ask(name, path, asked.body, by=who), 401, secrets)
        complaints.refused(f"{name}: a revoked session", northwind.by_cookie(name, path, asked.body, northwind.revoked.token), 401, secrets)
        for role in BY_ROLE[: BY_ROLE.index(asked.role)]:
            complaints.refused(f"{name}: a {role}'s key", northwind.ask(name, path, asked.body, by=role), 403, secrets)
            complaints.refused(f"{name}: a {role}", northwind.by_cookie(name, path, asked.body, cookies[role]), 403, secrets)
        if not name.startswith("GET "):
            forged = northwind.by_cookie(name, path, asked.body, cookies[Role.ADMIN], "http://evil.example")
            complaints.refused(f"{name}: a page elsewhere", forged, 403, secrets)
        complaints.unchanged(f"{name}: somebody who was refused", before, contents())
        for role in BY_ROLE[BY_ROLE.index(asked.role) :]:
            for how in ("cookie",) if asked.own else ("key", "cookie") if role is asked.role else ("key",):
                if not name.startswith("GET "):
                    path = northwind.path(name, asked.state, role)
                    before = contents()
                by_key = how == "key"
                answer = (
                    northwind.ask(name, path, asked.body, by=role) if by_key else northwind.by_cookie(name, path, asked.body, cookies[role])
                )
                complaints.done(f"{name}: a {role} by {how}", answer, before, contents(), is_read=is_read)
    assert not complaints, "\n".join(complaints)


def test_another_organisation_finds_nothing_by_a_route(northwind: Northwind) -> None:
    complaints = Complaints()
    for name, asked in ROUTES.items():
        path = northwind.path(name, asked.state)
        before, secrets = contents(), ids(northwind.organisation.tenant_id) | {MARK}
        if "{" in name:
            complaints.refused(f"{name}: a stranger", northwind.ask(name, path, asked.body, by="stranger"), 404, secrets)
        elif name.startswith("GET "):
            cursor = northwind.ask(name, f"{path}?limit=1", by="admin").json().get("next")
            for query in ("", f"limit=1&cursor={cursor}"):
                complaints.silent(f"{name}?{query}: a stranger", northwind.ask(name, f"{path}?{query}", by="stranger"), secrets)
        for what in asked.elsewhere:
            theirs, nobodys = (northwind.about(name, path, what, names) for names in (northwind.names, northwind.made_up))
            complaints.silent(f"{name} {what}: a stranger", theirs[0], secrets - set(northwind.names.values()))
            if theirs[1] != nobodys[1]:
                complaints.append(f"{name} {what}: a stranger can tell what is elsewhere from what is nowhere: {theirs[1]} {nobodys[1]}")
        complaints.unchanged(f"{name}: a stranger", before, contents())
    assert not complaints, "\n".join(complaints)


def test_what_is_open_to_all_takes_no_form_from_a_page_elsewhere(northwind: Northwind) -> None:
    complaints, before = Complaints(), contents()
    for name in OPEN:
        if not name.startswith("GET "):
            answer = northwind.by_cookie(name, name.partition(" ")[2], None, northwind.signed_in, "http://evil.example")
            complaints.refused(f"{name}: a page elsewhere", answer, 403, {MARK})
    complaints.unchanged("a page elsewhere", before, contents())
    assert not complaints, "\n".join(complaints)


def test_a_key_of_an_integration_reaches_its_own_organisation_only(northwind: Northwind) -> None:
    """The intake has no roles: whoever has the key may send, and is told only of what became of it."""
    theirs = integrations.create(northwind.organisation.stranger, "generic").key
    northwind.story.fire("pool", title=f"{MARK} pool exhausted")
    before, secrets = contents(of=northwind.organisation.tenant_id), ids(northwind.organisation.tenant_id) | {MARK}
    answer = northwind.story.post({"title": "Ferry is late", "dedup_key": "pool", "status": "resolved"}, key=theirs)
    assert not told_of(repr(answer), secrets)
    assert not differences(before, contents(of=northwind.organisation.tenant_id))
