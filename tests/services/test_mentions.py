"""Who is named in a comment is told, once, and nobody else is."""

from __future__ import annotations

import pytest
from sqlmodel import select

from models.notifications import Notification
from models.vocabulary import Role
from services import comments, database, line_changes, markdown, mentions, teams
from tests.fixtures.organisations import person
from tests.fixtures.stories import Story


@pytest.fixture
def night(story: Story) -> Story:
    """INC-1 is open; the admin was told of it."""
    story.fire()
    return story


def mentioned(story: Story) -> list[str]:
    """The first names of those who were told of a mention, in order of the alphabet."""
    names = {actor.id: actor.name.split()[0] for actor in story.organisation.by_role().values()}
    with database.read(story.organisation.tenant_id) as session:
        rows = session.exec(select(Notification).where(Notification.reason == "mention")).all()
    return sorted(names[row.user_id] for row in rows)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@mina can you look?", ["Mina"]),
        ("(@Mina, @VERA!) and @mina again", ["Mina", "Vera"]),
        ("**@mina** | _@vera_ | ~~@alice~~", ["Alice", "Mina", "Vera"]),
        ("`@mina` is code", []),
        ("```\n@mina\n```\n\n    @vera", []),
        ("write to mina@northwind.example or @mina@social.example", []),
        ("[@mina](https://example.org) https://example.org/@vera", []),
        ("@nobody @mina.thanks @", []),
        ("> @mina said so", ["Mina"]),
        ("I am @rob", []),
        ("@mina." + "\n@vera's", ["Mina", "Vera"]),
        ("a@mina /@mina +@mina", []),
    ],
)
def test_each_person_is_told_once_and_never_for_what_is_no_mention(night: Story, text: str, told: list[str]) -> None:
    comments.add(night.organisation.responder, "INC-1", text)
    assert mentioned(night) == told


def test_a_team_tells_its_active_members_once_each(night: Story) -> None:
    alice, mina, rob, vera = (night.organisation.by_role()[role] for role in (Role.ADMIN, Role.MANAGER, Role.RESPONDER, Role.VIEWER))
    teams.create(alice, name="Database", handle="db", members=[mina.id, rob.id, vera.id])
    comments.add(rob, "INC-1", "@db @mina please")
    assert mentioned(night) == ["Mina", "Vera"], "who writes is not told"


def test_a_stranger_with_the_same_handle_is_not_told(night: Story) -> None:
    comments.add(night.organisation.responder, "INC-1", "@sten")
    assert mentioned(night) == []
    person(night.organisation.system, "Sten Second", Role.RESPONDER, email="sten2@northwind.example")
    comments.add(night.organisation.responder, "INC-1", "@sten")
    with database.read(night.organisation.stranger.tenant_id) as session:
        assert session.exec(select(Notification)).all() == []


def test_an_edit_tells_whom_it_adds_and_nobody_twice(night: Story) -> None:
    rob = night.organisation.responder
    event = comments.add(rob, "INC-1", "@mina")
    for text in ("@mina @vera", "@vera", "@mina @vera again", "nobody", "@mina"):
        line_changes.change(rob, "INC-1", str(event.id), text=text)
    assert mentioned(night) == ["Mina", "Vera"]
    comments.add(rob, "INC-1", "@mina")
    assert mentioned(night) == ["Mina", "Mina", "Vera"], "another comment is another cause"


def test_a_comment_sent_twice_tells_once(night: Story) -> None:
    for _ in range(2):
        comments.add(night.organisation.responder, "INC-1", "@mina", key="once")
    assert mentioned(night) == ["Mina"]


def test_known_handles_are_marked_and_unknown_ones_stay_text(night: Story) -> None:
    event = comments.add(night.organisation.responder, "INC-1", "@Mina and @nobody, `@mina`")
    assert event.data["mentioned"] == ["mina"]
    shown = markdown.render(event.data["body"], mentioned=frozenset(event.data["mentioned"]))
    assert shown == '<p><span class="mention">@Mina</span> and @nobody, <code>@mina</code></p>'


def test_thousands_of_handles_in_one_comment_are_no_burden(night: Story) -> None:
    comments.add(night.organisation.responder, "INC-1", " ".join(f"@p{place}" for place in range(3_000)) + " @mina")
    assert mentioned(night) == [], "only the first fifty are looked up"


def test_whom_a_beginning_may_mean(night: Story) -> None:
    alice, mina, vera = night.organisation.admin, night.organisation.manager, night.organisation.viewer
    teams.create(alice, name="Night watch", handle="ops", members=[mina.id])
    person(night.organisation.system, "Oona Minkkinen", Role.RESPONDER)

    def offered(begun: str) -> list[str]:
        return [one.handle for one in mentions.suggest(vera, begun)]

    assert offered("mi") == ["mina", "oona"], "whose handle begins so comes first"
    assert offered("O") == ["oona", "ops", "mina"]
    assert offered("watch") == ["ops"]
    assert offered("") == ["alice", "mina", "oona", "ops", "rob", "vera"]
    assert offered("sten") == [], "a stranger is of another organisation"
    assert offered("%") == []
