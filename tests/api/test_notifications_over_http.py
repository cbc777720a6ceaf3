"""Notifications for programs: their shape, filters, parts, and reading them."""

from __future__ import annotations

import pytest
from sqlmodel import update

from app.api import shapes
from models.tenants import Tenant
from services import database, incidents
from tests.api.test_lists_over_http import in_parts
from tests.fixtures.answers import is_as_described, problem
from tests.fixtures.programs import Programs
from tests.fixtures.stories import Story

PATH = "/api/v1/notifications"


@pytest.fixture
def night(story: Story, programs: Programs) -> Story:
    """Alice, who has a key of her own, is on call, and three incidents call her."""
    del programs
    with database.write(story.organisation.tenant_id) as tx:
        tx.session.exec(update(Tenant).values(default_on_call_id=story.organisation.admin.id))
    for place in range(3):
        story.fire(f"alert {place}", title=f"Pool {place} is empty")
    return story


def test_the_list_is_the_persons_own_newest_first_in_parts(programs: Programs, night: Story) -> None:
    part = programs.get(PATH, by="alice").json()
    assert [(one["incident_number"], one["reason"], one["state"]) for one in part["items"]] == [
        (f"INC-{number}", "opened", "unread") for number in (3, 2, 1)
    ]
    for one in part["items"]:
        is_as_described(one, shapes.Notification)
        [way] = one["deliveries"]
        assert way == {"channel": "inbox", "state": "sent", "attempts": 1, "sent_at": one["created_at"], "last_error": None}
    assert in_parts(programs, PATH, 2, by="alice") == part["items"]


def test_a_service_account_is_told_of_nothing_and_an_admins_may_ask_for_a_person(programs: Programs, night: Story) -> None:
    alice = night.organisation.admin
    assert programs.get(PATH, by="admin").json() == {"items": [], "next": None}
    asked = f"{PATH}?user={alice.id}"
    assert programs.get(asked, by="admin").json() == programs.get(PATH, by="alice").json()
    assert "Only admins" in problem(programs.get(asked, by="manager"), 403)["detail"]
    assert "no such person" in problem(programs.get(asked, by="stranger"), 404)["detail"]
    assert programs.post(f"{PATH}/read", by="admin").json() == {"read": 0}


def test_reading_one_all_and_none(programs: Programs, night: Story) -> None:
    first, *others = programs.get(PATH, by="alice").json()["items"]
    read = programs.post(f"{PATH}/{first['id']}/read", by="alice")
    is_as_described(read.json(), shapes.Notification)
    assert (read.json()["id"], read.json()["state"]) == (first["id"], "read")
    assert programs.get(f"{PATH}?unread=true", by="alice").json()["items"] == others
    assert programs.post(f"{PATH}/{first['id']}/unread", by="alice").json() == first
    assert programs.post(f"{PATH}/read", by="alice").json() == {"read": 3}
    assert programs.get(f"{PATH}?unread=true", by="alice").json()["items"] == []
    assert "in your inbox" in problem(programs.post(f"{PATH}/{first['id']}/read", by="admin"), 404)["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "cursor=elsewhere", "unread=perhaps", "user=rob"])
def test_a_wrong_question_is_answered_by_a_sentence_that_names_the_field(programs: Programs, night: Story, query: str) -> None:
    told = problem(programs.get(f"{PATH}?{query}", by="alice"), 422)
    assert query.partition("=")[0] in told["detail"]


def test_a_new_one_does_not_shift_the_parts(programs: Programs, night: Story) -> None:
    part = programs.get(f"{PATH}?limit=2", by="alice").json()
    night.pass_time(seconds=1)
    incidents.assign(night.organisation.manager, "INC-1", night.organisation.responder.id)
    rest = programs.get(f"{PATH}?limit=2&cursor={part['next']}", by="alice").json()
    assert [one["incident_number"] for one in rest["items"]] == ["INC-1"]
    assert rest["next"] is None
