"""Who gets into which event handler: made from the handlers that are registered, and called over a real socket as an attacker would.

Any client may send any event from any page. A handler that is in neither table fails the tests by its name: say there with what it is
called. Whom it admits, it says itself.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest

from app import app as composition
from app.session import COOKIE, own_handlers
from models.columns import new_id
from models.vocabulary import ActorKind, Reason, Role
from services import (
    access,
    api_keys,
    catalog,
    checklists,
    comments,
    database,
    declaring,
    inbox,
    incidents,
    integrations,
    membership,
    merging,
    one_time_links,
    people,
    sessions,
    teams,
    telling,
)
from services.access import Actor, may
from services.errors import NotAllowedError
from tests.fixtures import organisations
from tests.fixtures.contents import contents, differences, ids, told_of
from tests.fixtures.forged_tabs import ROOT, ForgedTab, Told
from tests.fixtures.northwind import PEOPLE, Northwind
from tests.fixtures.servers import PASSWORD
from tests.fixtures.tabs import begin_session

MARK = "Quokka"
"""Stands in what Northwind has written, and nowhere in Southwind."""


@dataclass(frozen=True)
class Forged:
    """With what a handler is called, on which page, and what is called there before it.

    `writes` is the lowest role for which it changes a row; None when it only shows something. In braces stand things of Northwind.
    """

    given: dict[str, Any] = field(default_factory=dict)
    at: str = "/incidents"
    writes: Role | None = None
    first: tuple[str, ...] = ()


READ, ACT, MANAGE, RUN = Role.VIEWER, Role.RESPONDER, Role.MANAGER, Role.ADMIN
INCIDENT, ONE, PROFILE, PEOPLE_PAGE = "/incidents/{open}", "/integrations/{integration}", "/settings/profile", "/settings/people"
NEW = "/incidents/new"
KEYS_PAGE, AUDIT, TEAMS, SERVICES = "/settings/api-keys", "/settings/audit", "/settings/teams", "/services"
CHANNELS = "/settings/channels"
UNTOLD = "reopened"
"""No incident of low severity is reopened here."""
ORGANISATION, MAIL = "/settings/organisation", "/settings/mail"
SETTINGS = {
    "name": "Called {turn}", "timezone": "UTC", "on_call": "", "quiet_days": "7", "reopen_window": "30",
    **{f"reminder-{severity}": "1440" for severity in ("critical", "high", "medium", "low")},
}  # fmt: skip
TURNED = {"timeline_newest_first": "on", "shortcuts": "on"}
HANDLERS: dict[str, Forged] = {
    "Shell.follow": Forged(),
    "Shell.keep_theme": Forged({"theme": "dark"}, writes=ACT),
    "Incidents.load": Forged(),
    "Incidents.watch": Forged(),
    "Incidents.set_read": Forged({"is_read": False}),
    "Incidents.show_new": Forged(),
    "Incidents.look_for": Forged({"form": {"q": "pool"}}),
    "IncidentsActs.move": Forged({"number": "{open}", "verb": "acknowledge"}, writes=ACT),
    "IncidentsActs.undo": Forged(writes=ACT, first=("IncidentsActs.move",)),
    "IncidentsActs.assign": Forged({"number": "{open}", "user_id": "{colleague}", "before": ""}, writes=ACT),
    "IncidentsActs.set_assigning": Forged({"is_open": False}),
    "IncidentsActs.snooze": Forged({"number": "{open}", "until": "1 h"}, writes=ACT),
    "IncidentsActs.snooze_as_typed": Forged({"form": {"number": "{open}", "until": "2 h"}}, writes=ACT),
    "IncidentsActs.set_snoozing": Forged({"is_open": False}),
    "IncidentsActs.resolve": Forged({"form": {"number": "{open}", "notes": "Rolled back"}}, writes=ACT),
    "IncidentsActs.set_resolving": Forged({"is_open": False}),
    "IncidentsActs.choose": Forged({"is_open": True}),
    "IncidentsActs.apply": Forged({"form": {"state-open": "on", "assignee": "{user}"}}),
    "IncidentDetail.load": Forged(at=INCIDENT),
    "IncidentDetail.watch": Forged(at=INCIDENT),
    "IncidentDetail.note_opened": Forged(at=INCIDENT),
    "IncidentDetail.watch_people": Forged(at=INCIDENT),
    "IncidentDetail.set_in_sight": Forged({"is_in_sight": True}, at=INCIDENT),
    "IncidentDetail.set_writing": Forged({"is_writing": True}, at=INCIDENT),
    "IncidentDetail.watch_related": Forged(at=INCIDENT),
    "IncidentDetail.show_earlier": Forged(at=INCIDENT),
    "IncidentDetail.show_later": Forged(at=INCIDENT),
    "IncidentDetail.show_newest": Forged(at=INCIDENT),
    "IncidentDetail.show_only": Forged({"kinds": "comments"}, at=INCIDENT),
    "IncidentDetail.show_of": Forged({"writer": "{colleague}"}, at=INCIDENT),
    "IncidentDetail.find_line": Forged({"form": {"event": "1"}}, at=INCIDENT),
    "IncidentDetail.turn_order": Forged(at=INCIDENT, writes=ACT),
    "IncidentDetail.show_all_alerts": Forged(at=INCIDENT),
    "IncidentDetail.go_next": Forged({"number": "{open}"}, at=INCIDENT),
    "IncidentDetail.go_previous": Forged({"number": "{open}"}, at=INCIDENT),
    "IncidentActs.acknowledge": Forged({"number": "{open}"}, at=INCIDENT, writes=ACT),
    "IncidentActs.investigate": Forged({"number": "{open}"}, at=INCIDENT, writes=ACT),
    "IncidentActs.give_back": Forged({"number": "{acknowledged}"}, at=INCIDENT, writes=ACT),
    "IncidentActs.resolve": Forged({"form": {"number": "{open}", "notes": "Rolled back"}}, at=INCIDENT, writes=ACT),
    "IncidentActs.reopen": Forged({"form": {"number": "{resolved}", "reason": "It is back"}}, at=INCIDENT, writes=ACT),
    "IncidentActs.change_severity": Forged({"form": {"number": "{open}", "severity": "low"}}, at=INCIDENT, writes=ACT),
    "IncidentActs.ask_whom": Forged(at=INCIDENT),
    "IncidentActs.assign": Forged({"number": "{open}", "user_id": "{colleague}", "before": ""}, at=INCIDENT, writes=ACT),
    "IncidentActs.ask_to_merge": Forged(at=INCIDENT),
    "IncidentActs.look_for_others": Forged({"words": "pool"}, at=INCIDENT),
    "IncidentActs.merge": Forged({"number": "{open}", "into": "{acknowledged}"}, at=INCIDENT, writes=ACT),
    "IncidentActs.ask_to_split": Forged(at=INCIDENT),
    "IncidentActs.split_alerts": Forged({"form": {"number": "{alerted}", "alert-{alert}": "on"}}, at=INCIDENT, writes=ACT),
    "IncidentActs.split_child": Forged({"number": "{child}", "child": "{child}"}, at=INCIDENT, writes=ACT),
    "IncidentActs.edit": Forged({"form": {"number": "{open}", "title": "Other", "description": "words"}}, at=INCIDENT, writes=ACT),
    "IncidentActs.undo": Forged(at=INCIDENT, writes=ACT, first=("IncidentActs.acknowledge",)),
    "IncidentActs.comment": Forged({"form": {"number": "{open}", "body": "Looking", "draft_key": "{turn}"}}, at=INCIDENT, writes=ACT),
    "IncidentActs.open_dialog": Forged({"name": "resolve"}, at=INCIDENT),
    "IncidentActs.set_dialog_open": Forged({"is_open": False}, at=INCIDENT),
    "IncidentCalls.ask_until": Forged(at=INCIDENT),
    "IncidentCalls.snooze": Forged({"number": "{open}", "until": "1 h"}, at=INCIDENT, writes=ACT),
    "IncidentCalls.snooze_as_typed": Forged({"form": {"number": "{open}", "until": "2 h"}}, at=INCIDENT, writes=ACT),
    "IncidentCalls.follow_it": Forged({"number": "{open}", "follows": True}, at=INCIDENT, writes=READ),
    "IncidentCalls.set_timeout": Forged({"form": {"number": "{open}", "seconds": "3600"}}, at=INCIDENT, writes=ACT),
    "IncidentLines.open_line": Forged({"number": "{open}", "event": "2"}, at=INCIDENT),
    "IncidentLines.open_versions": Forged({"number": "{open}", "event": "2"}, at=INCIDENT),
    "IncidentLines.edit_line": Forged(
        {"form": {"number": "{open}", "event": "3", "text": "Mine", "before": "Earlier"}}, INCIDENT, ACT, ("IncidentLines.add_earlier",)
    ),
    "IncidentLines.delete_line": Forged({"number": "{open}", "event": "3"}, INCIDENT, ACT, ("IncidentLines.add_earlier",)),
    "IncidentLines.pin_line": Forged({"number": "{open}", "event": "2", "pinned": True}, at=INCIDENT, writes=ACT),
    "IncidentLines.hide_line": Forged({"form": {"number": "{open}", "event": "2", "reason": "Elsewhere"}}, at=INCIDENT, writes=ACT),
    "IncidentLines.show_line_again": Forged({"number": "{open}", "event": "2"}, INCIDENT, ACT, ("IncidentLines.hide_line",)),
    "IncidentLines.move_line": Forged({"form": {"number": "{open}", "event": "2", "at": "2026-01-02T03:04:05"}}, at=INCIDENT, writes=ACT),
    "IncidentLines.add_earlier": Forged(
        {"form": {"number": "{open}", "body": "Earlier", "at": "2026-01-02T03:04:05", "draft_key": "{turn}"}}, at=INCIDENT, writes=ACT
    ),
    "NewIncident.load": Forged(at=NEW),
    "NewIncident.watch": Forged(at=NEW),
    "NewIncident.consider_title": Forged({"title": "is away"}, at=NEW),
    "NewIncident.consider_service": Forged({"service": "Checkout"}, at=NEW),
    "NewIncident.declare": Forged({"form": {"title": "It is slow", "severity": "low", "draft_key": "{turn}"}}, at=NEW, writes=ACT),
    "IncidentService.ask_which_service": Forged(at=INCIDENT),
    "IncidentService.set_service": Forged({"form": {"number": "{open}", "service": "{service}"}}, at=INCIDENT, writes=ACT),
    "IncidentService.tick": Forged({"number": "{listed}", "item_id": "{item}", "ticked": True}, at=INCIDENT, writes=ACT),
    "Inbox.load": Forged(at="/inbox"),
    "Inbox.watch": Forged(at="/inbox"),
    "Inbox.mark": Forged({"notification_id": "{told}", "is_read": True}, at="/inbox", writes=READ),
    "Inbox.mark_all": Forged(at="/inbox?told={told}", writes=READ),
    "Integrations.load": Forged(at="/integrations"),
    "Integrations.load_new": Forged(at="/integrations/new"),
    "Integrations.watch": Forged(at="/integrations"),
    "Integrations.make": Forged({"form": {"kind": "generic", "name": "Made {turn}"}}, at="/integrations/new", writes=RUN),
    "OneIntegration.load": Forged(at=ONE),
    "OneIntegration.watch": Forged(at=ONE),
    "OneIntegration.switch": Forged(at=ONE, writes=RUN),
    "OneIntegration.ask_to_rotate": Forged({"wanted": True}, at=ONE),
    "OneIntegration.rotate": Forged(at=ONE, writes=RUN),
    "OneIntegration.set_service": Forged({"service_id": "{service}"}, at=ONE, writes=RUN),
    "OneIntegration.ask_to_rename": Forged({"wanted": True}, at=ONE),
    "OneIntegration.rename": Forged({"form": {"name": "Renamed {turn}"}}, at=ONE, writes=RUN),
    "Profile.load": Forged(at=PROFILE),
    "Profile.watch": Forged(at=PROFILE),
    "Profile.save": Forged(
        {"form": {"name": "Somebody {turn}", "handle": "h{turn}", "timezone": "Asia/Tokyo", "theme": "light", **TURNED}}, PROFILE, ACT
    ),
    "Profile.save_wishes": Forged({"form": {"told_mention": "inbox", "quiet_from": "22:00", "quiet_until": "07:00"}}, PROFILE, ACT),
    "Profile.change_password": Forged({"form": {"old_password": PASSWORD, "new_password": f"{PASSWORD} {{turn}}"}}, PROFILE, ACT),
    "Profile.end_session": Forged({"session_id": "{session}"}, at=PROFILE, writes=READ),
    "MailServer.load": Forged(at=MAIL),
    "MailServer.watch": Forged(at=MAIL),
    "MailServer.send_test": Forged(at=MAIL),  # there is no mail server
    "Organisation.load": Forged(at=ORGANISATION),
    "Organisation.watch": Forged(at=ORGANISATION),
    "Organisation.save": Forged({"form": SETTINGS}, ORGANISATION, RUN),
    "People.load": Forged(at=PEOPLE_PAGE),
    "People.watch": Forged(at=PEOPLE_PAGE),
    "People.ask_to_invite": Forged({"wanted": True}, at=PEOPLE_PAGE),
    "People.invite": Forged(
        {"form": {"name": "New {turn}", "email": "n{turn}@example.org", "handle": "", "role": "viewer", "manager_id": "{colleague}"}},
        PEOPLE_PAGE,
        RUN,
    ),
    "People.ask_to_change": Forged({"user_id": "{user}"}, at=PEOPLE_PAGE),
    "People.close_change": Forged({"wanted": False}, at=PEOPLE_PAGE),
    "People.change": Forged(
        {"form": {"user_id": "{somebody}", "name": "Called {turn}", "role": "manager", "manager_id": ""}}, PEOPLE_PAGE, RUN
    ),
    "People.ask_to_deactivate": Forged({"user_id": "{user}"}, at=PEOPLE_PAGE),
    "People.close_leaving": Forged({"wanted": False}, at=PEOPLE_PAGE),
    "People.deactivate": Forged({"user_id": "{somebody}"}, at=PEOPLE_PAGE, writes=RUN),
    "People.activate": Forged({"user_id": "{left}"}, at=PEOPLE_PAGE, writes=RUN),
    "People.close_report": Forged({"wanted": False}, at=PEOPLE_PAGE),
    "People.make_link": Forged({"user_id": "{user}"}, at=PEOPLE_PAGE, writes=RUN),
    "People.mail_link": Forged(at=PEOPLE_PAGE),
    "People.withdraw_link": Forged({"user_id": "{invited}"}, at=PEOPLE_PAGE, writes=RUN),
    "People.close_link": Forged({"wanted": False}, at=PEOPLE_PAGE),
    "Services.load": Forged(at=SERVICES),
    "Services.watch": Forged(at=SERVICES),
    "Services.ask_for_service": Forged({"service_id": "{service}"}, at=SERVICES),
    "Services.set_editing": Forged({"wanted": False}, at=SERVICES),
    "Services.save": Forged({"form": {"name": "Service {turn}", "checklist": "Look"}}, SERVICES, MANAGE),
    "Services.follow_it": Forged({"service_id": "{service}", "follows": True}, at=SERVICES, writes=READ),
    "Services.archive": Forged({"service_id": "{service}", "archived": True}, SERVICES, MANAGE),
    "Teams.load": Forged(at=TEAMS),
    "Teams.watch": Forged(at=TEAMS),
    "Teams.ask_for_team": Forged({"team_id": "{team}"}, at=TEAMS),
    "Teams.set_editing": Forged({"wanted": False}, at=TEAMS),
    "Teams.save": Forged({"form": {"name": "Team {turn}", "handle": "", "description": ""}}, TEAMS, MANAGE),
    "ApiKeys.load": Forged(at=KEYS_PAGE),
    "ApiKeys.watch": Forged(at=KEYS_PAGE),
    "ApiKeys.ask_for_key": Forged({"wanted": True}, at=KEYS_PAGE),
    "ApiKeys.make": Forged({"form": {"name": "Key {turn}", "role": "viewer", "expires_at": ""}}, at=KEYS_PAGE, writes=RUN),
    "ApiKeys.close_token": Forged({"wanted": False}, at=KEYS_PAGE),
    "ApiKeys.ask_to_revoke": Forged({"key_id": "{key}"}, at=KEYS_PAGE),
    "ApiKeys.set_revoking": Forged({"wanted": False}, at=KEYS_PAGE),
    "ApiKeys.revoke": Forged({"key_id": "{key}"}, at=KEYS_PAGE, writes=RUN),
    "Channels.load": Forged(at=CHANNELS),
    "Channels.watch": Forged(at=CHANNELS),
    "Channels.ask_for_channel": Forged({"channel_id": "{channel}", "kind": "webhook"}, at=CHANNELS),
    "Channels.set_editing": Forged({"wanted": False}, at=CHANNELS),
    "Channels.save": Forged(
        {"form": {"name": "Renamed {turn}", "url": "", "severity-low": "on", f"event-{UNTOLD}": "on"}},
        at=CHANNELS,
        writes=RUN,
        first=("Channels.ask_for_channel",),
    ),
    "Channels.close_secret": Forged({"wanted": False}, at=CHANNELS),
    "Channels.switch": Forged({"channel_id": "{channel}", "enabled": False}, at=CHANNELS, writes=RUN),
    "Channels.ask": Forged({"channel_id": "{channel}", "what": "remove"}, at=CHANNELS),
    "Channels.set_asking": Forged({"wanted": False}, at=CHANNELS),
    "Channels.renew": Forged({"channel_id": "{channel}"}, at=CHANNELS, writes=RUN),
    "Channels.remove": Forged({"channel_id": "{channel}"}, at=CHANNELS, writes=RUN),
    "Channels.send_test": Forged({"channel_id": "{channel}"}, at=CHANNELS, writes=RUN),
    "AuditLog.load": Forged(at=f"{AUDIT}?who={{user}}"),
    "AuditLog.watch": Forged(at=AUDIT),
    "AuditLog.apply": Forged({"form": {"who": "{user}", "what": "incident", "span": "7d", "since": "", "before": ""}}, at=AUDIT),
}
OPEN: dict[str, Forged] = {
    "Gate.load_sign_in": Forged(at="/login?next=/incidents/{open}"),
    "Gate.load_set_up": Forged(at="/setup?token=guessed"),
    "Gate.load_new_password": Forged(at="/new-password?token=guessed"),
    "Status.say": Forged({"sentence": "Hello", "bad": False, "may_undo": True}),
    "Status.show_failure": Forged({"sentence": "Hello"}),
}
"""Those that admit everybody: they show nothing that is stored but whether a one-time link works, to whoever has it."""


@dataclass(frozen=True)
class Handler:
    """A registered handler: its name in the table, its name on the wire, the lowest role that it admits."""

    name: str
    wire: str
    role: Role | None
    is_background: bool


def handlers() -> dict[str, Handler]:
    """All of ours; those that tests define are left out."""
    found = {}
    for state, name, function in own_handlers():
        if state.__module__.startswith("app."):
            short = f"{state.__name__}.{name}"
            background = state.event_handlers[name].is_background
            found[short] = Handler(short, f"{state.get_full_name()}.{name}", function.needed_role, background)
    return found


def test_each_handler_is_in_the_matrix() -> None:
    marked = {name: handler.role for name, handler in handlers().items()}
    assert {name for name, role in marked.items() if role is not None} == set(HANDLERS)
    assert {name for name, role in marked.items() if role is None} == set(OPEN)


def test_each_page_is_loaded_by_a_handler_of_the_matrix() -> None:
    at = {forged.at.partition("?")[0] for forged in (HANDLERS | OPEN).values()}
    for page in composition.PAGES:
        shown = page.path.replace("[number]", "{open}").replace("[integration]", "{integration}")
        assert page.load is None or shown in at, page.path
        assert page.is_behind_sign_in == (page.load is not None and page.load.fn.needed_role is not None), page.path


class Things(dict[str, str]):
    """Things of Northwind by the names that stand in braces, each made when it is first asked for."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> str:
        self[name] = self._make(name)
        return self[name]

    def fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.fill(name): self.fill(each) for name, each in value.items()}
        return value.format_map(self) if isinstance(value, str) else value

    def without(self, text: str) -> str:
        """A text with these things, and ids that were made since, taken out."""
        text = re.sub("[0-9a-f]{32}", "…", text)
        for thing in self.values():
            text = re.sub(rf"(?<!\d){re.escape(thing)}(?!\d)", "…", text)  # a turn such as 90 is no part of INC-90065
        return text


class World:
    """Northwind, whose every word is marked, Southwind, and tabs of the people of both."""

    def __init__(self, northwind: Northwind, forge: Callable[..., ForgedTab]) -> None:
        self.northwind, self._forge = northwind, forge
        self._turns = itertools.count(1)
        self._alert = ""
        """The alert of the incident that was made last as one that has its alert."""
        admin = northwind.actors[RUN]
        self._integration = integrations.create(admin, "generic", f"{MARK} checks {new_id().hex}").id.hex
        self._user, self._colleague = self.person(READ).id, self.person(ACT).id
        self._service = catalog.create(admin, f"{MARK} shop {new_id().hex}", checklist=[f"{MARK} looks"]).id
        listed = declaring.declare(northwind.actors[ACT], f"{MARK} is slow", "low", service_id=self._service).incident
        self._item = checklists.get(admin, listed.number).checklist[0].id.hex
        southwind = people.create_organisation(f"Southwind {new_id().hex}")
        self.stranger = organisations.person(southwind, "Sten Stranger", RUN, email=f"{new_id().hex}@southwind.example")

    def person(self, role: Role) -> Actor:
        """Somebody new of Northwind, with the password of all."""
        email = f"{new_id().hex}@northwind.example"
        return organisations.person(self.northwind.system, f"{MARK} {next(self._turns)}", role, email=email, password=PASSWORD)

    def tab(self, whose: Actor | None = None) -> ForgedTab:
        """A tab of this person, or of nobody, that was told already what it holds."""
        tab = self._forge(self.northwind.server.address, begin_session(whose).token if whose else "")
        tab.settle()
        return tab

    def things(self, whose: Actor) -> Things:
        """Things of Northwind; the session is one of this person's, beside the one that they use."""
        return Things(lambda name: self._make(name, whose))

    def _make(self, name: str, whose: Actor) -> str:
        made = {"integration": self._integration, "user": self._user.hex, "colleague": self._colleague.hex, "turn": str(next(self._turns))}
        made["alert"] = self._alert
        made["item"] = self._item
        if name in ("channel", "told"):
            made[name] = self._channel() if name == "channel" else self._told(whose)
        if name in made:
            return made[name]
        if name in ("somebody", "invited", "left"):
            made_now = self.person(READ)
            if name == "left":
                membership.change(self.northwind.actors[RUN], made_now.id, active=False)
            if name == "invited":
                one_time_links.make_password_link(self.northwind.actors[RUN], made_now.id)
            return made_now.id.hex
        if name in ("key", "service", "team"):
            called, admin = f"{MARK} {name} {new_id().hex}", self.northwind.actors[RUN]
            if name == "key":
                return api_keys.create(admin, called, READ).id.hex
            return (catalog if name == "service" else teams).create(admin, called).id.hex
        if name == "session":
            session_id = begin_session(whose).actor.session_id
            assert session_id is not None
            return session_id.hex
        by = self.northwind.actors[ACT]
        if name == "listed":
            number = declaring.declare(by, f"{MARK} is slow", "low", service_id=self._service).incident.number
        else:
            number = self.northwind.fire(new_id().hex, title=f"{MARK} is away")
        comments.add(by, number, f"{MARK} is what I look at")
        self._move(name, number, whose)
        return number

    def _move(self, name: str, number: str, whose: Actor) -> None:
        """Bring a new incident to where the one of this name is."""
        by = self.northwind.actors[ACT]
        if name == "acknowledged":
            incidents.acknowledge(by, number)
        elif name == "resolved":
            incidents.resolve(by, number, f"{MARK} is back")
        elif name == "child":
            merging.merge(by, number, self._make("open", whose))
        elif name == "alerted":
            alert_id = incidents.get(by, number).alert_id
            assert alert_id is not None
            self._alert = alert_id.hex

    def _told(self, whose: Actor) -> str:
        """Something unread in this person's inbox."""
        incident = incidents.get(whose, self.northwind.fire(new_id().hex, title=f"{MARK} is away"))
        with database.write(whose.tenant_id) as tx:
            notice = telling.Notice(whose.id, incident.id, Reason.STATE_CHANGE, new_id().hex, f"{MARK} follows it.")
            telling.tell(tx, [notice], telling.duty(tx, [whose.id]).listeners)
        return inbox.page(whose, limit=1).items[0].id.hex

    def _channel(self) -> str:
        """A channel, made by the server itself, which has the key that its address is sealed with. Nothing happens that it is told of."""
        sent = {
            "kind": "webhook",
            "name": f"{MARK} {new_id().hex}",
            "url": "http://127.0.0.1:9/",
            "severities": ["low"],
            "events": [UNTOLD],
        }
        cookie = {"cookie": f"{COOKIE}={self.northwind.tokens[RUN]}", "origin": self.northwind.server.address}
        answer = httpx.post(f"{self.northwind.server.address}/api/v1/channels", json=sent, headers=cookie)
        return UUID(answer.json()["id"]).hex

    def nowhere(self) -> Things:
        """Things that are not there, anywhere."""
        named_by_id = (
            "integration",
            "user",
            "colleague",
            "somebody",
            "invited",
            "left",
            "session",
            "key",
            "team",
            "service",
            "channel",
            "alert",
            "item",
            "told",
        )
        return Things(lambda name: new_id().hex if name in named_by_id else f"INC-{next(self._turns) + 90_000}")

    @property
    def secrets(self) -> set[str]:
        """What nobody else may be told of Northwind."""
        return ids(self.northwind.tenant_id) | {MARK, "Northwind", "northwind.example", *PEOPLE.values()}


@pytest.fixture
def world(northwind: Northwind, forge: Callable[..., ForgedTab]) -> Iterator[World]:
    """Both organisations, on the server that all journeys share; this process has its database open."""
    with northwind.database():
        yield World(northwind, forge)


class Complaints(list[str]):
    """What is wrong, by handler: all of it is told at once."""

    def unless(self, good: bool, who: str, what: object) -> None:
        if not good:
            self.append(f"{who}: {str(what)[:600]}")


def refused(tab: ForgedTab, handler: Handler, given: dict[str, Any]) -> Told:
    """Call it from the sign-in page, and wait until it is refused; what was told, which is more where it was not."""
    tab.say(handler.wire, given)
    with suppress(TimeoutError):
        tab.wait_for(lambda told: bool(told.complaints or told.led_to))
    return tab.settle()


def sentence(role: Role, needed: Role) -> str:
    """What somebody of too low a role is told."""
    with pytest.raises(NotAllowedError) as refusal:
        access.require(Actor(new_id(), new_id(), ActorKind.PERSON, role, ""), needed)
    return refusal.value.message


def test_whoever_is_not_admitted_changes_nothing_and_is_told_why(world: World) -> None:
    complaints, admin = Complaints(), world.northwind.actors[RUN]
    ended = begin_session(admin)
    signed_out = {"nobody": world.tab(), "a revoked session": world.tab()}
    signed_out["a revoked session"] = world._forge(world.northwind.server.address, ended.token)
    sessions.sign_out(ended.actor)
    signed_out["a revoked session"].settle()
    tabs = {role: world.tab(world.person(role)) for role in Role}
    secrets = world.secrets
    for handler in handlers().values():
        if handler.role is None:
            continue
        given = world.things(admin).fill(HANDLERS[handler.name].given)
        before = contents()
        for who, tab in signed_out.items():
            told = refused(tab, handler, given)
            complaints.unless(told.led_to == ["/login"], f"{handler.name}: {who} is not led to sign-in", told.text)
            complaints.unless(not told_of(told.text, secrets), f"{handler.name}: {who} is told", told_of(told.text, secrets))
        for role in list(Role)[: list(Role).index(handler.role)]:
            told = refused(tabs[role], handler, given)
            complaints.unless(told.complaints == [sentence(role, handler.role)], f"{handler.name}: a {role} is not refused", told.text)
            complaints.unless(told.names == {"notice"} and not told.events, f"{handler.name}: a {role} is told", told.text)
        changed = differences(before, contents())
        complaints.unless(not changed, f"{handler.name}: somebody who is not admitted changed", changed)
    assert not complaints, "\n".join(complaints)


def test_whoever_is_admitted_gets_it_done(world: World) -> None:
    """Else the refusals above would show nothing: with the same things, the lowest role that is admitted gets in."""
    complaints, registered = Complaints(), handlers()
    for name, forged in HANDLERS.items():
        lowest = registered[name].role
        assert lowest is not None
        for role in {lowest, forged.writes or lowest}:
            whose = world.person(role)
            tab, things = world.tab(whose), world.things(whose)
            tab.open(things.fill(forged.at))
            for before_it in forged.first:
                tab.call(registered[before_it].wire, things.fill(HANDLERS[before_it].given))
            tab.settle()
            given, before = things.fill(forged.given), contents()
            told = tab.call(registered[name].wire, given, at=things.fill(forged.at))
            if registered[name].is_background:
                told = tab.listen(0.2)
            changed = differences(before, contents())
            complaints.unless(not told.complaints and "/login" not in str(told.led_to), f"{name}: a {role} is refused", told.text)
            writes = forged.writes is not None and may(role, forged.writes)
            complaints.unless(bool(changed) == writes, f"{name}: a {role} changed", changed or f"nothing: {told.text}")
            tab.close()
    assert not complaints, "\n".join(complaints)


def test_another_organisation_finds_nothing_by_a_handler(world: World) -> None:
    """An admin elsewhere who names things of Northwind changes none of them, and cannot tell them from what is nowhere."""
    complaints, registered = Complaints(), handlers()
    tab = world.tab(world.stranger)
    for name, forged in HANDLERS.items():
        there, nowhere = world.things(world.northwind.actors[RUN]), world.nowhere()
        filled = [(things, things.fill(forged.at), things.fill(forged.given)) for things in (there, nowhere)]
        before, secrets = contents(of=world.northwind.tenant_id), world.secrets
        told = []
        names_something = bool(there.keys() - {"turn"})
        for things, at, given in filled if names_something else filled[:1]:
            opened = tab.open(at)
            answer = tab.call(registered[name].wire, given, at=at)
            found = told_of(opened.text + answer.text, secrets - set(things.values()))
            complaints.unless(not found, f"{name}: a stranger is told", found)
            said = (
                set(answer.complaints),
                answer.led_to,
                answer.values("refusal"),
                opened.values("is_absent")[-1:],
                opened.values("absent")[-1:],
            )
            told.append(things.without(str(said)))
        changed = differences(before, contents(of=world.northwind.tenant_id))
        complaints.unless(not changed, f"{name}: a stranger changed", changed)
        if not registered[name].is_background:  # such a one answers when it likes
            complaints.unless(told[0] == told[-1], f"{name}: a stranger can tell what is there from what is nowhere", told)
    assert not complaints, "\n".join(complaints)


def test_an_admin_ends_no_session_of_somebody_else(world: World) -> None:
    """Sessions belong to a person: to a colleague, whatever the role, they are not there."""
    tab, things = world.tab(world.northwind.actors[RUN]), world.things(world.northwind.actors[ACT])
    at, given = PROFILE, things.fill(HANDLERS["Profile.end_session"].given)
    tab.open(at)
    before = contents()
    told = tab.call(handlers()["Profile.end_session"].wire, given, at=at)
    assert told.complaints == ["There is no such session any more."]
    assert not differences(before, contents())


def test_what_is_open_to_all_shows_nobody_what_is_stored(world: World) -> None:
    complaints, registered = Complaints(), handlers()
    tab, things = world.tab(), world.things(world.northwind.actors[RUN])
    for name, forged in OPEN.items():
        at = things.fill(forged.at)
        before = contents()
        opened, told = tab.open(at), tab.call(registered[name].wire, forged.given, at=at)
        secrets = world.secrets - set(things.values())
        complaints.unless(
            not told_of(opened.text + told.text, secrets), f"{name}: nobody is told", told_of(opened.text + told.text, secrets)
        )
        changed = differences(before, contents())
        complaints.unless(not changed, f"{name}: nobody changed", changed)
    assert not complaints, "\n".join(complaints)


def test_no_variable_is_set_from_outside(world: World) -> None:
    """Reflex has an event of its own that sets variables: it takes those that live in the browser, of which there are none."""
    tab = world.tab(world.person(READ))
    variables = {f"{state.get_full_name()}.{name}": "forged" for state, _, _ in own_handlers() for name in state.vars}
    assert len(variables) > 50
    before = contents()
    told = tab.call(f"{ROOT}.reflex___state____update_vars_internal_state.update_vars_internal", {"vars": variables})
    assert told.names == {"notice"}
    assert "forged" not in told.text
    assert not differences(before, contents())
