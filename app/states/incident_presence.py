"""Who else is on an incident's page, and what of its timeline its reader has seen."""

import reflex as rx

from app import sockets
from app.session import requires, while_signed_in
from models.vocabulary import Role
from services import database, incident_page, presence
from services.access import Actor
from services.incident_page import Between, IncidentKey, Opened, Shown
from services.presence import Seat
from services.views import HereView

_QUIET_SECONDS = 3600.0


class IncidentPresence(rx.State, mixin=True):
    """`here` are those who look at the incident now, `writing` the sentence that says who else writes.

    What somebody sees counts as seen while the page is in sight, which the browser tells. `_between` is what came between the look
    before and the one that the divider stands for, `_judged_to` the last line that was looked at for it, `_noted_to` the last that counts
    as seen.
    """

    here: HereView = HereView()
    writing: str = ""

    _key: IncidentKey | None = None
    _shown: Shown | None = None
    _between: Between | None = None
    _judged_to: int = 0
    _noted_to: int = -1  # one that was opened by hand has no line yet, and is looked at too
    _is_in_sight: bool = False
    _seat: Seat | None = None

    @requires(Role.VIEWER, background=True)
    async def watch_people(self, actor: Actor) -> None:
        """Be there for the others for as long as the page is open, and follow who else is."""
        async with self:
            page = sockets.unwrapped(self)
            key, shown, (_, sid) = page._key, page._shown, sockets.tab(page)
        if key is None or shown is None:
            return
        try:
            with presence.here.seat(key.incident_id, actor.id, lambda: sockets.is_heard(sid)) as seat:
                async with self:
                    page = sockets.unwrapped(self)
                    if page._shown is not shown:
                        return
                    page._seat = seat
                    seat.see(page._is_in_sight)
                async with while_signed_in(self, actor), incident_page.people_here.follow(key) as follower:
                    here: HereView | None = await incident_page.read_here(key)
                    while True:
                        if here is not None:
                            async with self:
                                page = sockets.unwrapped(self)
                                if page._shown is not shown:
                                    return
                                page._show_people(here, actor)
                        here = await follower.next(_QUIET_SECONDS)
        finally:
            incident_page.last_looks.hurry()

    def _show_people(self, here: HereView, actor: Actor) -> None:
        if self.here != here:
            self.here = here
        words = incident_page.writing_words(here, actor.id)
        if self.writing != words:
            self.writing = words

    @requires(Role.VIEWER)
    async def set_in_sight(self, actor: Actor, is_in_sight: bool) -> None:
        """The page came into sight, or went behind another one."""
        self._is_in_sight = is_in_sight
        if self._seat is not None:
            self._seat.see(is_in_sight)
        if is_in_sight and self._shown is not None:
            await self._look_again(actor, self._shown)

    def _divide(self, shown: Shown, opened: Opened, before: Shown | None) -> None:
        """Put the divider above what is new to whoever opens the page; where nothing is, it stays where it was while they looked."""
        if before is None or opened.since is not None:
            self._between, shown.since = opened.between, opened.since
        else:
            shown.since = before.since
        self._judged_to = shown.last_seq

    async def _look_again(self, actor: Actor, shown: Shown) -> None:
        """The same for somebody who comes back to the page."""
        if self._key is not None and shown.last_seq > self._judged_to:
            incident_id, last_seq = self._key.incident_id, shown.last_seq
            between, since = await database.run(incident_page.last_looks.look_again, actor, incident_id, last_seq, shown.show, shown.by)
            if since is not None:
                self._between, shown.since = between, since
                self._send_lines()
        self._note_seen(actor)

    def _note_seen(self, actor: Actor) -> None:
        """What is on the page now has been seen, if the page is in sight."""
        if self._key is None or self._shown is None or not self._is_in_sight:
            return
        self._judged_to = self._shown.last_seq
        if self._judged_to > self._noted_to:
            self._noted_to = self._judged_to
            incident_page.last_looks.saw(actor, self._key.incident_id, self._noted_to)

    def _send_lines(self) -> None:
        raise NotImplementedError

    @requires(Role.RESPONDER)
    async def set_writing(self, _actor: Actor, is_writing: bool) -> None:
        """A comment is being written here, or not any more."""
        if self._seat is not None:
            self._seat.write(is_writing)
