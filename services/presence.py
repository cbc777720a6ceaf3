"""Who looks at which incident now, and who writes there: in the memory of each process alone, and forgotten within seconds.

Nothing of it is stored. A process tells the others of its own pages, and forgets what another one has not said again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from services import live_updates
from services.live_updates import presence_topic

PACE = "presence"
"""Marks the words of this module among those that processes send each other."""
HIDDEN_SECONDS = 20.0
"""How long a page may be out of sight, behind another tab for instance, until nobody counts as looking at it."""
WRITING_SECONDS = 7.0
"""How long somebody counts as writing after the last word that they do."""
LOOK_SECONDS = 0.5
"""How often it is looked whose time is over."""
BEAT_SECONDS = 3.0
"""How often a process says all that it knows of its own pages."""
SILENT_SECONDS = 7.5
"""How long what another process said of an incident holds."""
MOST_TOLD = 100
"""How many people of one incident are told to other processes by name; of the rest the number."""
_WORDS_BYTES = 7_000


@dataclass(frozen=True, slots=True)
class Present:
    """The people at an incident, and whether each of them writes; `more` counts those whom another process did not name."""

    people: dict[UUID, bool] = field(default_factory=dict)
    more: int = 0


class Seat:
    """One open page of an incident. Out of sight until its browser says otherwise."""

    def __init__(self, presence: Presence, incident_id: UUID, user_id: UUID, is_heard: Callable[[], bool]) -> None:
        self.incident_id = incident_id
        self.user_id = user_id
        self._presence = presence
        self._is_heard = is_heard
        self._seen_until: float | None = 0.0
        self._wrote_at: float | None = None

    def see(self, is_in_sight: bool) -> None:
        """The page is in sight, or is not any more."""
        now = self._presence.now()
        if is_in_sight:
            self._seen_until = None
        elif self._seen_until is None:
            self._seen_until = now + HIDDEN_SECONDS
        self._presence.look(self.incident_id)

    def write(self, is_writing: bool) -> None:
        """Somebody writes there, or has ended to."""
        self._wrote_at = self._presence.now() if is_writing else None
        self._presence.look(self.incident_id)

    def is_looked_at(self, now: float) -> bool:
        """Whether somebody looks at the page."""
        return (self._seen_until is None or now < self._seen_until) and self._is_heard()

    def is_written_at(self, now: float) -> bool:
        """Whether somebody writes there."""
        return self._wrote_at is not None and now < self._wrote_at + WRITING_SECONDS


class Presence:
    """The seats of this process and what others say of theirs. Used on one event loop; `now` is a clock that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._seats: dict[UUID, set[Seat]] = {}
        self._own: dict[UUID, dict[UUID, bool]] = {}
        self._others: dict[UUID, dict[str, tuple[float, Present]]] = {}
        self._untold: set[UUID] = set()
        self._beat_at = 0.0

    @contextmanager
    def seat(self, incident_id: UUID, user_id: UUID, is_heard: Callable[[], bool]) -> Iterator[Seat]:
        """A seat at this incident until the block ends. `is_heard` says whether the page can still be reached."""
        seat = Seat(self, incident_id, user_id, is_heard)
        self._seats.setdefault(incident_id, set()).add(seat)
        try:
            yield seat
        finally:
            self._seats[incident_id].discard(seat)
            self.look(incident_id)

    def at(self, incident_id: UUID) -> Present:
        """Who is at this incident, on the pages of all processes."""
        people = dict(self._own.get(incident_id, {}))
        more = 0
        for _, said in self._others.get(incident_id, {}).values():
            more += said.more
            for user_id, writes in said.people.items():
                people[user_id] = people.get(user_id, False) or writes
        return Present(people, more)

    def look(self, incident_id: UUID) -> None:
        """Look anew who is on the own pages of this incident, and wake those who follow that where it changed."""
        now = self.now()
        seats = self._seats.get(incident_id)
        if not seats:
            self._seats.pop(incident_id, None)
        people: dict[UUID, bool] = {}
        for seat in seats or ():
            if seat.is_looked_at(now):
                people[seat.user_id] = people.get(seat.user_id, False) or seat.is_written_at(now)
        if people == self._own.get(incident_id, {}):
            return
        if people:
            self._own[incident_id] = people
        else:
            self._own.pop(incident_id, None)
        self._untold.add(incident_id)
        live_updates.hub.publish([presence_topic(incident_id)])

    def hear(self, origin: str, rows: list[Any]) -> None:
        """What another process says of its pages: `[incident, those who look, those who write, how many more]`, ids in hex."""
        until = self.now() + SILENT_SECONDS
        for incident, looking, writing, more in rows:
            incident_id = UUID(incident)
            said = Present({**dict.fromkeys(map(UUID, looking), False), **dict.fromkeys(map(UUID, writing), True)}, int(more))
            known = self._others.get(incident_id, {}).get(origin, (0.0, Present()))[1]
            if said.people or said.more:
                self._others.setdefault(incident_id, {})[origin] = (until, said)
            else:
                self._forget(incident_id, origin)
            if said != known:
                live_updates.hub.publish([presence_topic(incident_id)])

    def look_around(self) -> list[str]:
        """Forget whose time is over; what the other processes are to be told now, as payloads."""
        now = self.now()
        for incident_id in tuple(self._seats):
            self.look(incident_id)
        over = [(incident, origin) for incident, said in self._others.items() for origin, (until, _) in said.items() if until <= now]
        for incident_id, origin in over:
            self._forget(incident_id, origin)
            live_updates.hub.publish([presence_topic(incident_id)])
        if now >= self._beat_at + BEAT_SECONDS:
            self._beat_at = now
            self._untold.update(self._own)
        told, self._untold = self._untold, set()
        return _payloads([self._row(incident_id) for incident_id in told])

    def _forget(self, incident_id: UUID, origin: str) -> None:
        said = self._others.get(incident_id, {})
        said.pop(origin, None)
        if not said:
            self._others.pop(incident_id, None)

    def _row(self, incident_id: UUID) -> list[Any]:
        people = self._own.get(incident_id, {})
        named = sorted(people, key=lambda user_id: not people[user_id])[:MOST_TOLD]  # who writes first
        looking = [user_id.hex for user_id in named if not people[user_id]]
        return [incident_id.hex, looking, [user_id.hex for user_id in named if people[user_id]], len(people) - len(named)]


def _payloads(rows: list[list[Any]]) -> list[str]:
    payloads: list[str] = []
    while rows:
        part: list[list[Any]] = []
        size = 0
        while rows and (not part or size + _size(rows[-1]) < _WORDS_BYTES):
            size += _size(rows[-1])
            part.append(rows.pop())
        payloads.append(orjson.dumps([live_updates.ORIGIN, PACE, part]).decode())
    return payloads


def _size(row: list[Any]) -> int:
    return 60 + 35 * (len(row[1]) + len(row[2]))


here = Presence()
"""Who is on the pages of this installation, as this process knows it."""
