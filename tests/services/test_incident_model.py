"""An incident beside a plain dictionary: whatever is done to it, both say the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from models.vocabulary import MOVES, IncidentState, Move
from services import comments, incidents
from services.errors import ConflictError
from tests.fixtures.stories import Story

STEPS = 10_000 if os.environ.get("TOCSIN_TEST_LONG") else 500
_STEPS_A_RUN = 50
_story: Story | None = None


class IncidentMachine(RuleBasedStateMachine):
    """One incident, its alert, and two people, in any order of moves."""

    runs = 0

    def __init__(self) -> None:
        super().__init__()
        assert _story is not None
        self.story = _story
        IncidentMachine.runs += 1
        self.key = f"model-{IncidentMachine.runs}"
        (self.number,) = self.story.fire(self.key)
        now = self.story.clock.now
        self.state = IncidentState.OPEN
        self.created_at: datetime = now
        self.resolved_at: datetime | None = None
        self.acknowledged_by: Any = None
        self.tta_seconds: int | None = None
        self.occurrence = 1
        self.alert_fires = True
        self.touched = False
        self.lines = ["alert_fired"]
        self.seen: list[Any] = []

    def _seconds(self) -> int:
        return int((self.story.clock.now - self.created_at).total_seconds())

    def _take(self, actor: Any) -> list[str]:
        """What acknowledging leaves: who, the first time ever, and a line where nobody had it."""
        self.acknowledged_by = actor.id
        if self.tta_seconds is None:
            self.tta_seconds = self._seconds()
        return ["assignment"] if self.story.incident(self.number).assigned_to is None else []

    def _try(self, move: Move, act: Any) -> bool:
        if self.state in MOVES[move][0]:
            act()
            return True
        before = self.story.incident(self.number)
        if move is Move.ACKNOWLEDGE and self.state is not IncidentState.RESOLVED:  # the first one stands
            act()
        else:
            with pytest.raises(ConflictError) as refusal:
                act()
            assert refusal.value.allowed == [allowed.value for allowed in before.allowed]
        assert self.story.incident(self.number) == before
        return False

    @rule(seconds=st.integers(1, 600))
    def time_passes(self, seconds: int) -> None:
        self.story.pass_time(seconds=seconds)

    @rule(who=st.sampled_from(["admin", "manager", "responder"]))
    def acknowledge(self, who: str) -> None:
        actor = getattr(self.story.organisation, who)
        taken = self._take(actor) if self.state is IncidentState.OPEN else []
        if self._try(Move.ACKNOWLEDGE, lambda: incidents.acknowledge(actor, self.number)):
            self.state, self.touched = IncidentState.ACKNOWLEDGED, True
            self.lines += ["state_change", *taken]

    @rule(who=st.sampled_from(["manager", "responder"]))
    def investigate(self, who: str) -> None:
        actor = getattr(self.story.organisation, who)
        taken = self._take(actor) if self.state is IncidentState.OPEN else []
        if self._try(Move.INVESTIGATE, lambda: incidents.investigate(actor, self.number)):
            self.state, self.touched = IncidentState.INVESTIGATING, True
            self.lines += ["state_change", *taken]

    @rule()
    def give_back(self) -> None:
        if self._try(Move.UNACKNOWLEDGE, lambda: incidents.unacknowledge(self.story.organisation.manager, self.number)):
            self.state, self.acknowledged_by = IncidentState.OPEN, None
            self.lines.append("state_change")

    @rule(who=st.sampled_from(["admin", "responder"]))
    def resolve(self, who: str) -> None:
        actor = getattr(self.story.organisation, who)
        taken = self._take(actor) if self.state is IncidentState.OPEN else []
        if self._try(Move.RESOLVE, lambda: incidents.resolve(actor, self.number, "Mended")):
            self.state, self.touched, self.resolved_at = IncidentState.RESOLVED, True, self.story.clock.now
            self.lines += [*taken, "resolution"]

    def _reopened(self) -> None:
        self.state, self.acknowledged_by, self.resolved_at = IncidentState.OPEN, None, None
        self.occurrence += 1

    @rule()
    def reopen(self) -> None:
        if self._try(Move.REOPEN, lambda: incidents.reopen(self.story.organisation.admin, self.number, "Not mended")):
            self._reopened()
            self.touched = True
            self.lines.append("reopened")

    @rule()
    def comment(self) -> None:
        comments.add(self.story.organisation.responder, self.number, "A finding")
        self.touched = True
        self.lines.append("comment")

    @rule()
    def alert_ends(self) -> None:
        if not self.alert_fires:
            return
        self.story.stop(self.key)
        self.alert_fires = False
        self.lines.append("alert_resolved")
        if not self.touched and self.state is not IncidentState.RESOLVED:
            self.state, self.resolved_at = IncidentState.RESOLVED, self.story.clock.now
            self.lines.append("resolution")

    @rule()
    def alert_fires_again(self) -> None:
        window_is_over = self.resolved_at is not None and (self.story.clock.now - self.resolved_at).total_seconds() >= 1800
        if window_is_over:
            return  # it would open another incident, which is tested elsewhere
        is_new = not self.alert_fires or self.state is IncidentState.RESOLVED
        assert self.story.fire(self.key) == [self.number]
        self.alert_fires = True
        if not is_new:
            return
        if self.state is IncidentState.RESOLVED:
            self._reopened()
            self.lines.append("reopened")
        self.lines.append("alert_fired")

    @invariant()
    def both_say_the_same(self) -> None:
        incident = self.story.incident(self.number)
        assert incident.state is self.state
        assert incident.acknowledged_by == self.acknowledged_by
        assert incident.tta_seconds == self.tta_seconds
        assert incident.occurrence == self.occurrence
        assert incident.resolved_at == self.resolved_at
        expected = None if self.resolved_at is None else int((self.resolved_at - self.created_at).total_seconds())
        assert incident.mttr == expected
        assert incident.firing_count == int(self.alert_fires)

    @invariant()
    def the_timeline_only_grows(self) -> None:
        events = self.story.timeline(self.number)
        assert [event.type for event in events] == self.lines
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert events[: len(self.seen)] == self.seen
        self.seen = events


@pytest.fixture
def told(story: Story) -> Iterator[Story]:
    global _story
    _story = story
    yield story
    _story = None


def test_an_incident_does_what_a_dictionary_does(told: Story) -> None:
    run_state_machine_as_test(
        IncidentMachine,
        settings=settings(
            max_examples=STEPS // _STEPS_A_RUN,
            stateful_step_count=_STEPS_A_RUN,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
