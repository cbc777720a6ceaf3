"""What people do to lines that stand on a timeline already, and that nothing is lost by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from models.audit import AuditEntry
from models.vocabulary import Role
from services import clock, comments, database, incident_list, incident_page, incidents, line_changes
from services.access import Actor
from services.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, StaleError
from services.incident_list.rows import entries
from services.incident_page import Change, snapshot
from services.incident_page.snapshot import CHANGES
from tests.fixtures.organisations import person
from tests.fixtures.stories import Story


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 has an alert's line and Rob's comment, line 2."""
    story.fire()
    comments.add(story.organisation.responder, "INC-1", "The queue is jammed")
    story.pass_time(minutes=3)
    return story


def found(night: Story, words: str) -> list[str]:
    filters = incident_list.require_right(incident_list.read(night.organisation.viewer, {"q": [words]}))
    return [one.number for one in incident_list.page(night.organisation.viewer, filters).items]


def audited(night: Story) -> list[str]:
    with database.read(night.organisation.tenant_id) as session:
        return [entry.action for entry in session.exec(select(AuditEntry).order_by(AuditEntry.id)) if entry.action.startswith("incident.")]  # type: ignore[arg-type]


def last_row(night: Story, line: int = -1, zone: str = "UTC") -> Any:
    rob = night.organisation.responder
    return incident_page.open_page(rob, "INC-1", incident_page.seen_by(rob, zone)).window.lines[line].row


# ── the text ──


def test_an_edited_comment_keeps_what_it_said_and_is_found_by_what_it_says(night: Story) -> None:
    rob = night.organisation.responder
    edited = line_changes.change(rob, "INC-1", "2", text="The disk is full")
    assert (edited.data["body"], edited.version, edited.edited_by, edited.edited_at) == ("The disk is full", 2, rob.id, clock.now())
    assert (found(night, "disk"), found(night, "jammed")) == (["INC-1"], [])
    history = incident_page.one_line(night.organisation.viewer, "INC-1", str(edited.id))
    assert [(one.data["body"], one.until, one.edited_by_name) for one in history.earlier] == [
        ("The queue is jammed", clock.now(), "Rob Lindqvist")
    ]
    row = last_row(night, zone="Europe/Stockholm")
    assert (row.html, row.edited, row.earlier) == ("<p>The disk is full</p>", "edited 04:10", "1 earlier version")
    assert audited(night)[-1] == "incident.comment_edited"
    assert line_changes.change(rob, "INC-1", "2", text=" The disk is full ").version == 2, "the same text is no edit"
    assert audited(night).count("incident.comment_edited") == 1


def test_only_its_author_edits_a_comment(night: Story) -> None:
    before = night.timeline()
    for other in (night.organisation.admin, night.organisation.manager):
        with pytest.raises(NotAllowedError, match="This comment is Rob Lindqvist's"):
            line_changes.change(other, "INC-1", "2", text="Mine")
    with pytest.raises(NotAllowedError):
        line_changes.change(night.organisation.viewer, "INC-1", "2", pinned=True)
    with pytest.raises(NotFoundError):
        line_changes.change(night.organisation.stranger, "INC-1", "2", pinned=True)
    with pytest.raises(InvalidInputError, match="Only comments can be edited, and line 1 is of the kind alert fired"):
        line_changes.change(night.organisation.responder, "INC-1", "1", text="Mine")
    for text in ("", " ", "x" * (comments.LIMIT + 1), "half \ud83d"):
        with pytest.raises(InvalidInputError, match="Text") as refused:
            line_changes.change(night.organisation.responder, "INC-1", "2", text=text)
        assert refused.value.field == "text"
    assert night.timeline() == before


def test_an_edit_of_a_text_that_has_changed_is_refused(night: Story) -> None:
    rob = night.organisation.responder
    line_changes.change(rob, "INC-1", "2", text="Meanwhile", version=1)
    with pytest.raises(StaleError, match="changed meanwhile"):
        line_changes.change(rob, "INC-1", "2", text="Mine", instead_of="The queue is jammed")
    with pytest.raises(StaleError, match="at version 2, not 1"):
        line_changes.change(rob, "INC-1", "2", text="Mine", version=1)
    line_changes.change(night.organisation.manager, "INC-1", "2", pinned=True, occurred_at=clock.now() - timedelta(hours=1))
    assert line_changes.change(rob, "INC-1", "2", text="Mine", instead_of="Meanwhile").data["body"] == "Mine"


def test_a_deleted_comment_leaves_its_place_and_is_not_found(night: Story) -> None:
    rob, mina, alice = night.organisation.responder, night.organisation.manager, night.organisation.admin
    line_changes.change(rob, "INC-1", "2", pinned=True)
    with pytest.raises(NotAllowedError, match="they delete it, or an admin"):
        line_changes.delete(mina, "INC-1", "2")
    gone = line_changes.delete(rob, "INC-1", "2")
    assert (gone.seq, gone.data["body"], gone.deleted, gone.pinned, gone.version) == (2, "", True, False, 2)
    assert found(night, "jammed") == []
    assert [one.data["body"] for one in incident_page.one_line(mina, "INC-1", "2").earlier] == ["The queue is jammed"]
    row = last_row(night)
    assert (row.tone, row.actor, row.text, row.html, row.earlier) == (
        "gone",
        "Rob Lindqvist",
        "deleted this comment",
        "",
        "1 earlier version",
    )
    for again in (
        lambda: line_changes.delete(rob, "INC-1", "2"),
        lambda: line_changes.change(rob, "INC-1", "2", text="Back"),
        lambda: line_changes.change(rob, "INC-1", "2", pinned=True),
    ):
        with pytest.raises(ConflictError, match="Line 2 was deleted"):
            again()
    comments.add(rob, "INC-1", "another")
    line_changes.delete(alice, "INC-1", "3")
    row = last_row(night)
    assert (row.actor, row.text) == ("Alice Moreau", "deleted this comment of Rob Lindqvist")
    with pytest.raises(InvalidInputError, match="Only comments can be deleted"):
        line_changes.delete(alice, "INC-1", "1")
    assert audited(night)[-1] == "incident.comment_deleted"


def test_a_line_is_named_by_its_id_or_its_number_on_its_own_timeline(night: Story) -> None:
    rob = night.organisation.responder
    night.fire("other", title="Another one")
    ident = night.timeline()[1].id
    assert line_changes.change(rob, "INC-1", str(ident), pinned=True).seq == 2
    assert line_changes.change(rob, "INC-1", ident.hex, pinned=False).seq == 2
    for named in ("0", "99", "9" * 30, "²", "x", "", "2\x00", str(ident)):
        with pytest.raises(NotFoundError, match="There is no line"):
            line_changes.change(rob, "INC-2", named, pinned=True)


# ── pins, hidden lines, times ──


def test_a_pinned_line_stands_above_the_timeline_in_the_order_of_time(night: Story) -> None:
    rob, mina = night.organisation.responder, night.organisation.manager
    comments.add(mina, "INC-1", "Runbook: [pools](https://wiki.example/pools) & `more`")
    line_changes.change(rob, "INC-1", "3", pinned=True)
    line_changes.change(mina, "INC-1", "1", pinned=True)
    line_changes.change(mina, "INC-1", "1", pinned=True)
    page = incident_page.open_page(rob, "INC-1", incident_page.seen_by(rob, "UTC"))
    assert [(pin.seq, pin.time, pin.actor, pin.text) for pin in page.told.pins] == [
        (1, "03:07", "", "Alert fired: Connection pool exhausted"),
        (3, "03:10", "Mina Okafor", "Runbook: pools & more"),
    ]
    assert [line.row.pinned for line in page.window.lines] == ["Pinned by Mina Okafor", "", "Pinned by Rob Lindqvist"]
    line_changes.change(rob, "INC-1", "3", pinned=False)
    page = incident_page.open_page(rob, "INC-1", incident_page.seen_by(rob, "UTC"))
    assert [pin.seq for pin in page.told.pins] == [1]
    assert [name for name in audited(night) if "pinned" in name] == [
        "incident.line_pinned",
        "incident.line_pinned",
        "incident.line_unpinned",
    ]


def test_a_hidden_line_stays_with_who_hid_it_and_why(night: Story) -> None:
    mina = night.organisation.manager
    for reason in (None, "", "  "):
        with pytest.raises(InvalidInputError, match="say why") as refused:
            line_changes.change(mina, "INC-1", "2", hidden=True, reason=reason)
        assert refused.value.field == "reason"
    hidden = line_changes.change(mina, "INC-1", "2", hidden=True, reason="Another incident")
    assert (hidden.hidden, hidden.hidden_by, hidden.hidden_reason, hidden.hidden_at) == (True, mina.id, "Another incident", clock.now())
    row = last_row(night)
    assert (row.hidden, row.announce, row.html) == ("Hidden by Mina Okafor: Another incident", "", "<p>The queue is jammed</p>")
    shown = line_changes.change(night.organisation.responder, "INC-1", "2", hidden=False)
    assert (shown.hidden, shown.hidden_by, shown.hidden_reason) == (False, None, None)
    assert [name for name in audited(night) if name.endswith(("hidden", "shown"))] == ["incident.line_hidden", "incident.line_shown"]


def test_a_moved_line_stands_where_it_belongs_and_keeps_when_it_stood(night: Story) -> None:
    mina = night.organisation.manager
    now = clock.now()
    with pytest.raises(InvalidInputError, match="occurred_at must not lie in the future"):
        line_changes.change(mina, "INC-1", "2", occurred_at=now + timedelta(minutes=2))
    with pytest.raises(InvalidInputError, match="must be a time with its offset"):
        line_changes.change(mina, "INC-1", "2", occurred_at=now.replace(tzinfo=None))
    moved = line_changes.change(mina, "INC-1", "2", occurred_at=now - timedelta(minutes=30))
    assert [event.seq for event in night.timeline()] == [2, 1]
    assert (moved.version, moved.edited_by, moved.created_at) == (2, mina.id, now - timedelta(minutes=3))
    assert [one.occurred_at for one in incident_page.one_line(mina, "INC-1", "2").earlier] == [now - timedelta(minutes=3)]
    row = last_row(night, 0)
    assert (row.time, row.added, row.edited) == ("02:40", "added 03:07", "edited 03:10 by Mina Okafor")
    assert night.incident().created_at == now - timedelta(minutes=3), "the incident's own times stay"


def test_what_is_written_afterwards_stands_where_it_happened(night: Story) -> None:
    rob = night.organisation.responder
    then = clock.now() - timedelta(minutes=20)
    added = comments.add(rob, "INC-1", "Deployed 4.18.2", occurred_at=then, key="late")
    assert (added.seq, added.occurred_at, added.created_at, added.version) == (3, then, clock.now(), 1)
    assert [event.seq for event in night.timeline()] == [3, 1, 2]
    row = last_row(night, 0)
    assert (row.time, row.added, row.edited) == ("02:50", "added 03:10", "")
    with pytest.raises(InvalidInputError, match="occurred_at must not lie in the future"):
        comments.add(rob, "INC-1", "Later", occurred_at=clock.now() + timedelta(hours=1))
    with database.read(night.organisation.tenant_id) as session:
        (entry,) = entries(session, [night.incident().id])
    assert (entry.doer, entry.happened, entry.happened_at) == ("Rob", "commented", clock.now())


def test_all_of_a_change_is_done_or_nothing(night: Story) -> None:
    rob = night.organisation.responder
    before = night.timeline()
    with pytest.raises(InvalidInputError):
        line_changes.change(rob, "INC-1", "2", text="Other", pinned=True, occurred_at=clock.now() + timedelta(hours=1))
    assert night.timeline() == before
    whole = line_changes.change(
        rob, "INC-1", "2", text="Other", pinned=True, hidden=True, reason="why", occurred_at=clock.now() - timedelta(minutes=9)
    )
    assert (whole.data["body"], whole.pinned, whole.hidden, whole.version) == ("Other", True, True, 2)
    version = night.incident().version
    assert line_changes.change(rob, "INC-1", "2") == whole
    assert night.incident().version == version, "nothing was changed"


def test_a_change_of_a_line_touches_the_incident(night: Story) -> None:
    night.fire("other", title="Another one")
    line_changes.change(night.organisation.responder, "INC-2", "1", pinned=True)
    night.stop("other")
    assert night.incident("INC-2").state == "open", "people work on it: it is theirs to resolve"


# ── what open pages are told ──


def told_after(night: Story, before: Change | None = None) -> tuple[Change, Any]:
    rob = night.organisation.responder
    seen = incident_page.seen_by(rob, "UTC")
    key = incident_page.open_page(rob, "INC-1", seen).key
    change = Change(key, snapshot.read(key, before.read if before else None), before)
    return change, change.told(seen)


def test_open_pages_are_told_of_the_changed_line_alone(night: Story) -> None:
    rob = night.organisation.responder
    first, before = told_after(night)
    assert (before.changed, before.last_change, before.pins) == ([], 0, [])
    line_changes.change(rob, "INC-1", "2", text="The disk is full")
    second, told = told_after(night, first)
    assert [(change, line.seq, line.row.html) for change, line in told.changed] == [(1, 2, "<p>The disk is full</p>")]
    assert told.newest[0] is before.newest[0]
    assert told.newest[1] is told.changed[0][1]
    assert told.head.version == before.head.version + 1
    incidents.acknowledge(rob, "INC-1")
    _, later = told_after(night, second)
    assert later.changed is told.changed
    assert later.pins is told.pins
    line_changes.change(rob, "INC-1", "1", pinned=True)
    _, last = told_after(night, second)
    assert [(change, line.seq) for change, line in last.changed] == [(1, 2), (2, 1)]
    assert last.newest == told_after(night)[1].newest


def test_after_very_many_changes_nothing_old_is_shown(night: Story) -> None:
    rob = night.organisation.responder
    first, _ = told_after(night)
    line_changes.change(rob, "INC-1", "2", text="The first of many")
    for place in range(CHANGES):
        line_changes.change(rob, "INC-1", "1", pinned=place % 2 == 0)
    _, told = told_after(night, first)
    assert [(change, line.seq) for change, line in told.changed] == [(CHANGES + 1, 1)]
    assert told.newest[1].row.html == "<p>The first of many</p>"


@pytest.mark.parametrize("role", list(Role)[1:])
def test_every_person_who_may_act_pins_hides_and_moves(night: Story, role: Role) -> None:
    actor: Actor = person(night.organisation.system, f"Dana {role}", role)
    changed = line_changes.change(actor, "INC-1", "1", pinned=True, hidden=True, reason="x", occurred_at=clock.now() - timedelta(hours=1))
    assert (changed.pinned_by, changed.hidden_by, changed.edited_by) == (actor.id, actor.id, actor.id)
