"""Who gets into an event handler, what they are told otherwise, and that a tab shows nothing of whoever had it before."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import reflex as rx
from reflex.event import Event
from sqlalchemy import update
from sqlmodel import col

from app import session, sockets
from app.session import OneHolder, Tab, open_to_all, requires, while_signed_in
from app.states.status import Status
from models.people import User
from models.vocabulary import Role
from services import database, live_updates, sessions
from services.access import Actor
from services.errors import ConflictError, NotSignedInError, StorageBusyError
from tests.fixtures.organisations import Organisation
from tests.fixtures.tabs import begin_session, open_tab


class Board(Status):
    """A page with one handler of each kind."""

    done: list[str] = []
    secret: str = ""
    _private: str = ""

    @requires(Role.RESPONDER)
    async def act(self, actor: Actor, number: str, times: int = 1) -> None:
        self.done = [*self.done, f"{actor.name} {number} {times}"]

    @requires(Role.RESPONDER)
    def act_at_once(self, actor: Actor) -> Any:
        self.done = [*self.done, actor.name]
        return rx.redirect("/incidents/INC-1")

    @requires(Role.RESPONDER)
    def act_in_steps(self, actor: Actor) -> Iterator[Any]:
        self.done = [*self.done, f"{actor.name} 1"]
        yield
        self.done = [*self.done, f"{actor.name} 2"]

    @requires(Role.RESPONDER)
    async def act_in_awaited_steps(self, actor: Actor) -> AsyncIterator[Any]:
        self.done = [*self.done, f"{actor.name} 1"]
        yield
        raise ConflictError("Somebody was first.")

    @requires(Role.RESPONDER, background=True)
    async def act_in_background(self, actor: Actor) -> None:
        async with self:
            self.done = [*self.done, actor.name]

    @requires(Role.VIEWER, background=True)
    async def follow(self, actor: Actor) -> None:
        async with while_signed_in(self, actor):
            await asyncio.sleep(30)

    @requires(Role.VIEWER)
    async def fail(self, actor: Actor, how: str) -> None:
        raise StorageBusyError if how == "busy" else ConflictError("Not acknowledged: Dinesh was first.")

    @open_to_all
    def greet(self) -> None:
        self.done = ["hello"]


HANDLERS = ("act_at_once", "act_in_steps", "act_in_awaited_steps", "act_in_background")


def call(state: Any, name: str, **given: Any) -> list[Any]:
    """What the handler answers to the browser."""

    async def run() -> list[Any]:
        result = type(state).event_handlers[name].fn(state, **given)
        if hasattr(result, "__aiter__"):
            return [each async for each in result if each is not None]
        answer = await result
        return [] if answer is None else [answer]

    return asyncio.run(run())


def where(answers: list[Any]) -> str:
    """The path to which an answer redirects."""
    (answer,) = answers
    assert answer.handler.fn.__qualname__ == "_redirect"
    return next(str(value._var_value) for name, value in answer.args if str(name) == "path")


def test_somebody_of_the_role_gets_in(organisation: Organisation) -> None:
    board = open_tab(Board, begin_session(organisation.responder).token)
    call(board, "act", number="INC-1", times=2)
    assert board.done == ["Rob Lindqvist INC-1 2"]
    for name in HANDLERS:
        call(board, name)
    assert board.done[1:] == ["Rob Lindqvist", "Rob Lindqvist 1", "Rob Lindqvist 2", "Rob Lindqvist 1", "Rob Lindqvist"]


@pytest.mark.parametrize("name", HANDLERS)
def test_a_lower_role_is_told_why_and_nothing_happens(organisation: Organisation, name: str) -> None:
    board = open_tab(Board, begin_session(organisation.viewer).token)
    assert call(board, name) == []
    assert board.done == []
    assert (board.notice.text, board.notice.tone) == ("Viewers only read. A responder may do this.", "bad")


@pytest.mark.parametrize("name", HANDLERS)
def test_nobody_is_led_to_sign_in_and_back_to_this_page(organisation: Organisation, name: str) -> None:
    board = open_tab(Board, url="http://localhost/incidents/INC-42?tab=alerts")
    assert where(call(board, name)) == "/login?next=/incidents/INC-42%3Ftab%3Dalerts"
    assert board.done == []


def test_the_session_is_looked_up_on_each_event(organisation: Organisation) -> None:
    signed_in = begin_session(organisation.responder)
    board = open_tab(Board, signed_in.token)
    board.secret, board._private = "what only Rob may see", "and the server"
    call(board, "act_at_once")
    sessions.sign_out(signed_in.actor)
    assert where(call(board, "act_at_once")) == "/login"
    assert (board.done, board.secret, board._private) == ([], "", "")


def test_a_role_that_was_taken_away_counts_at_once(organisation: Organisation) -> None:
    board = open_tab(Board, begin_session(organisation.responder).token)
    with database.write(organisation.tenant_id) as tx:
        tx.session.exec(update(User).where(col(User.id) == organisation.responder.id).values(role=Role.VIEWER))
    call(board, "act_at_once")
    assert board.done == []
    assert board.notice.tone == "bad"


def test_what_a_service_refuses_stands_in_the_status_line(organisation: Organisation) -> None:
    board = open_tab(Board, begin_session(organisation.responder).token)
    call(board, "fail", how="first")
    assert board.notice.text == "Not acknowledged: Dinesh was first."
    call(board, "act_in_awaited_steps")
    assert board.notice.text == "Somebody was first."
    call(board, "fail", how="busy")
    assert board.notice.text.startswith("The database did not answer")


@pytest.mark.parametrize("given", [{}, {"number": 7}, {"number": {"a": 1}}, {"number": "INC-1", "actor": "admin"}, {"number": None}])
def test_arguments_that_no_page_sends_are_refused(organisation: Organisation, given: dict[str, Any]) -> None:
    board = open_tab(Board, begin_session(organisation.responder).token)
    call(board, "act", **given)
    assert board.done == []
    assert "Load it again" in board.notice.text


def test_reflex_sees_the_arguments_of_the_browser_only() -> None:
    handler = Board.event_handlers["act"]
    assert list(handler.get_parameters()) == ["self", "number", "times"]
    assert Board.event_handlers["follow"].is_background
    assert not handler.is_background


def test_each_handler_says_whom_it_admits() -> None:
    assert Board.event_handlers["act"].fn.needed_role is Role.RESPONDER
    assert Board.event_handlers["follow"].fn.needed_role is Role.VIEWER
    assert Board.event_handlers["greet"].fn.needed_role is None


def test_a_method_that_says_nothing_keeps_the_app_from_starting() -> None:
    class Careless(Status):
        def helper(self, actor: Actor) -> None:
            raise AssertionError("any client could call this")

    with pytest.raises(TypeError, match=r"Careless\.helper"):
        session.check_handlers()
    Careless.event_handlers["helper"].fn.needed_role = None
    session.check_handlers()


def test_following_ends_and_leads_to_sign_in_when_the_session_is_revoked(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "is_tab_open", lambda *_: True)
    signed_in = begin_session(organisation.viewer)
    board: Any = open_tab(Board, signed_in.token)

    async def revoke_while_following() -> Any:
        following = asyncio.create_task(Board.event_handlers["follow"].fn(board))
        await asyncio.sleep(0.3)
        board.secret = "shown"
        await asyncio.to_thread(sessions.sign_out, signed_in.actor)
        return await asyncio.wait_for(following, 5)

    assert where([asyncio.run(revoke_while_following())]) == "/login"
    assert board.secret == ""


def test_following_ends_and_loads_the_page_anew_when_the_role_was_changed(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "is_tab_open", lambda *_: True)
    board: Any = open_tab(Board, begin_session(organisation.admin).token, url="http://localhost/settings/people")

    def demote() -> None:
        with database.write(organisation.tenant_id) as tx:
            tx.session.exec(update(User).where(col(User.id) == organisation.admin.id).values(role=Role.VIEWER))
            tx.wake(live_updates.person_topic(organisation.admin.id))

    async def demote_while_following() -> Any:
        following = asyncio.create_task(Board.event_handlers["follow"].fn(board))
        await asyncio.sleep(0.3)
        board.secret = "what admins see"
        await asyncio.to_thread(demote)
        return await asyncio.wait_for(following, 5)

    assert where([asyncio.run(demote_while_following())]) == "/settings/people"
    assert board.secret == ""


def test_a_session_that_ended_before_the_following_began_is_noticed_at_once(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "is_tab_open", lambda *_: True)
    signed_in = begin_session(organisation.viewer)
    board: Any = open_tab(Board, signed_in.token)

    async def follow() -> None:
        async with while_signed_in(board, signed_in.actor):
            await asyncio.sleep(30)

    sessions.sign_out(signed_in.actor)
    with pytest.raises(NotSignedInError):
        asyncio.run(asyncio.wait_for(follow(), 5))


def test_following_goes_on_while_the_database_is_away(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "is_tab_open", lambda *_: True)
    monkeypatch.setattr(session, "LOOK_AGAIN_SECONDS", 0.05)
    signed_in = begin_session(organisation.viewer)
    board: Any = open_tab(Board, signed_in.token)
    looks = 0

    def away(*_: object) -> None:
        nonlocal looks
        looks += 1
        raise StorageBusyError

    async def follow() -> bool:
        async with while_signed_in(board, signed_in.actor):
            await asyncio.sleep(0.5)
        return True

    monkeypatch.setattr(sessions, "actor_for_token", away)
    assert asyncio.run(asyncio.wait_for(follow(), 5))
    assert looks > 1


def test_following_ends_quietly_when_the_tab_has_left(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "is_tab_open", lambda *_: False)
    monkeypatch.setattr(session, "LOOK_AGAIN_SECONDS", 0.1)
    board: Any = open_tab(Board, begin_session(organisation.viewer).token)
    assert asyncio.run(asyncio.wait_for(Board.event_handlers["follow"].fn(board), 5)) is None


def test_following_that_is_cancelled_from_outside_stays_cancelled(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "is_tab_open", lambda *_: True)
    board: Any = open_tab(Board, begin_session(organisation.viewer).token)

    async def cancel() -> bool:
        following = asyncio.create_task(Board.event_handlers["follow"].fn(board))
        await asyncio.sleep(0.3)
        following.cancel()
        await asyncio.wait([following])
        return following.cancelled()

    assert asyncio.run(cancel())


def before_event(root: Any, name: str = "reflex___state____state.hydrate_and_load") -> None:
    asyncio.run(OneHolder().preprocess(None, root, Event(name=name)))  # type: ignore[arg-type]


def test_a_tab_shows_nothing_of_whoever_had_it_before(organisation: Organisation) -> None:
    root: Any = open_tab(rx.State, begin_session(organisation.responder).token)
    board = asyncio.run(root.get_state(Board))
    before_event(root)
    board.secret = "what only Rob may see"
    before_event(root, "board.act")
    before_event(root)
    assert board.secret == "what only Rob may see"
    object.__setattr__(root, "router", open_tab(Tab, begin_session(organisation.viewer).token).router)
    before_event(root)
    assert board.secret == ""


def test_a_tab_that_is_loaded_again_after_its_session_ended_is_empty(organisation: Organisation) -> None:
    signed_in = begin_session(organisation.responder)
    root: Any = open_tab(rx.State, signed_in.token)
    board = asyncio.run(root.get_state(Board))
    before_event(root)
    board.secret = "what only Rob may see"
    sessions.sign_out(signed_in.actor)
    before_event(root)
    assert board.secret == ""


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/incidents/INC-42", "/incidents/INC-42"),
        ("/incidents?state=open&q=a%20b", "/incidents?state=open&q=a%20b"),
        ("", "/incidents"),
        (None, "/incidents"),
        ("//evil.example", "/incidents"),
        ("/\\evil.example", "/incidents"),
        ("/\t/evil.example", "/incidents"),
        ("/\n/evil.example", "/incidents"),
        ("https://evil.example/", "/incidents"),
        ("javascript:alert(1)", "/incidents"),
        ("/login?next=/login", "/incidents"),
        ("/auth/sign-out", "/incidents"),
        ("/setup?token=x", "/incidents"),
    ],
)
def test_sign_in_leads_to_own_pages_only(wanted: str | None, led_to: str) -> None:
    assert session.local_path(wanted) == led_to


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("", ""),
        ("tocsin_session=ts_abc", "ts_abc"),
        ("a=b; tocsin_session=ts_abc; c=d", "ts_abc"),
        ('a="; tocsin_session=x"; tocsin_session=ts_abc', "ts_abc"),
        ("tocsin_session=", ""),
        ("not a cookie at all;;;=", ""),
    ],
)
def test_the_token_is_found_among_cookies(header: str, token: str) -> None:
    assert session.token_in(header) == token
