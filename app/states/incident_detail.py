"""One incident, live: its head, its alerts and its timeline."""

from typing import Any
from uuid import UUID

import reflex as rx

from app import sockets
from app.session import requires, while_signed_in
from app.states.incident_presence import IncidentPresence
from app.states.shell import Shell
from models.vocabulary import Role
from services import database, inbox, incident_page, merge_offers, people, viewers
from services.access import Actor, may
from services.errors import NotFoundError
from services.incident_page import Asked, Between, Change, News, Opened, Seen, Show, Shown, Told
from services.views import AlertRow, ChoiceView, EventRow, IncidentHead, PinView, RelatedView

_QUIET_SECONDS = 3600.0
_ALERTS_EVERY_SECONDS = 1.0
"""How often the whole list of alerts is read again while somebody has it open."""


class IncidentDetail(IncidentPresence, Shell):
    """What the page of one incident shows.

    `show` and `by` say which lines, as the query of the page's `address` does; `writers` are those whose lines can be asked for.
    `rows` is the window of the timeline, sent once; `tail` what came since, a short list; `pins` what is pinned of it; `related`
    are other incidents that may be the same trouble. `follows` is whether the viewer follows the incident, `follows_service` whether
    only its service. `absent` is the number that nothing was found under.
    """

    head: IncidentHead = IncidentHead()
    alerts: list[AlertRow] = []
    has_all_alerts: bool = False
    rows: list[EventRow] = []
    tail: list[EventRow] = []
    pins: list[PinView] = []
    related: list[RelatedView] = []
    follows: bool = False
    follows_service: bool = False
    top_day: str = ""
    has_earlier: bool = False
    has_later: bool = False
    beyond: int = 0
    show: str = Show.EVERYTHING.value
    by: str = ""
    writers: list[ChoiceView] = []
    address: str = ""
    newest_first: bool = False
    absent: str = ""
    last_number: str = ""

    _asked: Asked = Asked()
    _seen: Seen = Seen("UTC", False)

    # ── opening ──

    @requires(Role.VIEWER)
    async def load(self, actor: Actor) -> Any:
        """Show the incident of the address."""
        await self._open(actor)
        if self._key is None:
            return None
        return [IncidentDetail.watch, IncidentDetail.watch_people, IncidentDetail.watch_related, IncidentDetail.note_opened]

    async def _fill(self, actor: Actor) -> None:
        wanted, line = self._addressed()
        if self._key is None:
            self.newest_first = await database.run(viewers.reads_newest_first, actor)
        await super()._fill(actor)
        self._seen = incident_page.seen_by(actor, self.nav.zone)
        try:
            self._ask(await database.run(incident_page.asked, actor, wanted, self.router.url.query))
            show, by, at_new = self._asked.show, self._asked.by, not self.newest_first
            opened = await database.run(incident_page.open_page, actor, wanted, self._seen, show, by, seq=line, at_new=at_new)
        except NotFoundError:
            self.reset()  # type: ignore[no-untyped-call]
            self.absent = wanted[:40].upper()
            self.last_number = await database.run(incident_page.last_number, actor)
            return
        self._show(opened)
        if self.has_all_alerts:
            self.alerts = await database.run(incident_page.all_alerts, actor, wanted)

    def _addressed(self) -> tuple[str, int | None]:
        """The number in the address, and the line that it points at, where it does."""
        url = self.router.url
        line = url.fragment.removeprefix("event-")
        return url.path.rstrip("/").rpartition("/")[2], int(line) if _is_seq(line) else None

    def _ask(self, asked: Asked) -> None:
        """Show these kinds of lines of this writer from now on, and say so in the address."""
        self._asked = asked
        self.show, self.by, self.writers = asked.show.value, asked.name, asked.writers
        self.address = incident_page.query(self.show, self.by)

    def _unless_filtered(self, opened: Opened) -> None:
        if not opened.is_filtered:
            self._ask(Asked(writers=self._asked.writers))

    def _show(self, opened: Opened) -> None:
        before = self._shown
        self._unless_filtered(opened)
        self._key = opened.key
        self._shown = Shown(
            opened.window,
            opened.told.last_seq,
            self._asked.show,
            self._asked.by,
            last_change=opened.told.last_change,
            newest_first=self.newest_first,
        )
        self._divide(self._shown, opened, before)
        is_same = before is not None and before.last_change == opened.told.last_change
        if is_same and before is not None and before.window.has_later:  # the reader is somewhere before the end, and stays there
            self._shown.window = before.window
            self._shown.beyond = before.beyond + opened.told.last_seq - before.last_seq
        self.head = opened.told.head
        self._mark_following(opened.told)
        self.alerts = opened.told.alerts
        self.pins = opened.told.pins
        self._send_lines()

    def _mark_following(self, told: Told) -> None:
        me = self.nav.me.id
        following = me in told.followers, me in told.service_followers
        if following != (self.follows, self.follows_service):
            self.follows, self.follows_service = following

    def _send_lines(self) -> None:
        """Send the window anew; the tail is part of it then."""
        shown = self._shown
        if shown is None:
            return
        shown.move(shown.whole())
        self.rows, self.tail = shown.rows(), []
        self.top_day = shown.top_day
        self.has_earlier, self.has_later = shown.window.has_earlier, shown.window.has_later
        self.beyond = shown.beyond

    @requires(Role.VIEWER, background=True)
    async def note_opened(self, actor: Actor) -> None:
        """What one was told of this incident is read, now that one has opened it."""
        async with self:
            key = self._key
        if key is not None:
            await database.run(inbox.mark_incident, actor, key.incident_id)

    # ── staying live ──

    @requires(Role.VIEWER, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow the incident for as long as the page is open. The read is shared by all who follow it; only what is new is sent."""
        async with self:
            key, seen, shown = self._key, self._seen, self._shown
        if key is None or shown is None:
            return
        head: IncidentHead | None = None
        alerts: list[AlertRow] | None = None
        pins: list[PinView] | None = None
        stale_alerts = False
        async with while_signed_in(self, actor), incident_page.feed.follow(key) as follower:
            change: Change | None = await incident_page.read_now(key)  # what came after the page was read and before this followed
            while True:
                told = change.told(seen) if change is not None else None
                if change is not None and told is not None:
                    async with self:
                        page = sockets.unwrapped(self)
                        if page._shown is not shown:
                            return
                        news = shown.take(told)
                        page._note_seen(actor)
                        if told.head is not head:
                            page.head = head = told.head
                        page._mark_following(told)
                        if told.pins is not pins:
                            page.pins = pins = told.pins
                        if told.alerts is not alerts:
                            alerts = told.alerts
                            stale_alerts = page.has_all_alerts
                            if not stale_alerts:
                                page.alerts = alerts
                        page._tell(shown, news)
                    follower.delivered()
                    if news is News.MISSED:
                        await self._catch_up(change, seen, shown)
                elif stale_alerts:
                    stale_alerts = False
                    await self._read_all_alerts(actor)
                change = await follower.next(_ALERTS_EVERY_SECONDS if stale_alerts else _QUIET_SECONDS)

    @requires(Role.VIEWER, background=True)
    async def watch_related(self, actor: Actor) -> None:
        """Follow which other incidents may be the same trouble."""
        async with self:
            shown, incident = self._shown, self._key
        here = await database.run(merge_offers.looked_at, incident.tenant_id, incident.incident_id) if incident is not None else None
        if incident is None or here is None:
            return
        async with while_signed_in(self, actor), merge_offers.feed.follow(incident.tenant_id) as follower:
            newest: dict[UUID, merge_offers.Looked] | None = await merge_offers.read_now(incident.tenant_id)
            while True:
                found = await database.run(merge_offers.beside, here, newest) if newest is not None else None
                async with self:
                    page = sockets.unwrapped(self)
                    if page._shown is not shown:
                        return
                    if found is not None and page.related != found:
                        page.related = found
                newest = await follower.next(_QUIET_SECONDS)

    def _tell(self, shown: Shown, news: News) -> None:
        if news is News.TAIL:
            self.tail = shown.tail_rows()
            if self.top_day != shown.top_day:
                self.top_day = shown.top_day
        elif news is News.LINES:
            self._send_lines()
        elif news is News.BEYOND:
            self.beyond = shown.beyond

    async def _catch_up(self, change: Change, seen: Seen, shown: Shown) -> None:
        """The page fell behind: take the end of the timeline anew."""
        window = await change.window(seen, shown.show, shown.by)
        async with self:
            read = change.read
            if self._shown is shown and read is not None and (shown.last_seq, shown.last_change) < (read.last_seq, read.last_change):
                shown.last_seq, shown.last_change = read.last_seq, read.last_change
                shown.move(window)
                self._send_lines()

    async def _read_all_alerts(self, actor: Actor) -> None:
        number = self.head.number
        alerts = await database.run(incident_page.all_alerts, actor, number)
        async with self:
            if self.has_all_alerts and self.head.number == number:
                self.alerts = alerts

    # ── reading on ──

    @requires(Role.VIEWER)
    async def show_earlier(self, actor: Actor) -> None:
        """Lines from before the first one."""
        await self._move_window(actor, earlier=True)

    @requires(Role.VIEWER)
    async def show_later(self, actor: Actor) -> None:
        """Lines from after the last one."""
        await self._move_window(actor, earlier=False)

    async def _move_window(self, actor: Actor, *, earlier: bool) -> None:
        shown = self._shown
        if shown is None:
            return
        window = await database.run(
            incident_page.move_window, actor, self.head.number, self._seen, shown.show, shown.whole(), earlier=earlier, by=shown.by
        )
        shown.move(window)
        self._send_lines()

    @requires(Role.VIEWER)
    async def show_newest(self, actor: Actor) -> None:
        """The end of the timeline."""
        await self._reload_lines(actor)

    @requires(Role.VIEWER)
    async def show_only(self, actor: Actor, kinds: str) -> None:
        """Lines of some kinds only."""
        await self._filter(actor, kinds, self.by)

    @requires(Role.VIEWER)
    async def show_of(self, actor: Actor, writer: str) -> None:
        """Lines of one writer only, by handle or id; of everybody when it is empty."""
        await self._filter(actor, self.show, writer)

    async def _filter(self, actor: Actor, kinds: str, writer: str) -> None:
        if self._shown is not None:
            query = incident_page.query(kinds, writer)
            self._ask(await database.run(incident_page.asked, actor, self.head.number, query))
            self._address = f"{self.router.url.path}?{self.address}"  # the browser writes it there: it is the same page
            await self._reload_lines(actor)

    @requires(Role.VIEWER)
    async def find_line(self, actor: Actor, form: dict[str, Any]) -> None:
        """Show the part of the timeline that has the line of this number, wherever it is."""
        await self._find(actor, str(form.get("event", "")))

    async def _find(self, actor: Actor, seq: str) -> None:
        if self._shown is not None and _is_seq(seq) and not self._shown.holds(int(seq)):
            await self._reload_lines(actor, seq=int(seq))

    @requires(Role.VIEWER)
    async def turn_order(self, actor: Actor) -> None:
        """The other end of the timeline first; remembered with the person."""
        self.newest_first = not self.newest_first
        await self._reload_lines(actor)
        if may(actor.role, Role.RESPONDER):
            await database.run(people.change_profile, actor, timeline_newest_first=self.newest_first)

    async def _reload_lines(self, actor: Actor, *, seq: int | None = None) -> None:
        """Read the end of the timeline anew, or the part that has the line `seq`."""
        shown, asked = self._shown, self._asked
        if shown is None:
            return
        number, between = self.head.number, self._between or Between(0, 0)
        opened = await database.run(incident_page.open_page, actor, number, self._seen, asked.show, asked.by, seq=seq, between=between)
        self._unless_filtered(opened)
        shown.since = opened.since
        shown.show, shown.by, shown.newest_first = self._asked.show, self._asked.by, self.newest_first
        shown.last_seq, shown.last_change = opened.told.last_seq, opened.told.last_change
        shown.move(opened.window)
        self._send_lines()

    @requires(Role.VIEWER)
    async def show_all_alerts(self, actor: Actor) -> None:
        """All alerts of the incident, or the first ones again."""
        self.has_all_alerts = not self.has_all_alerts
        alerts = await database.run(incident_page.all_alerts, actor, self.head.number)
        self.alerts = alerts if self.has_all_alerts else alerts[: incident_page.SHOWN_ALERTS]

    @requires(Role.VIEWER)
    async def go_next(self, actor: Actor, number: str) -> Any:
        """The unresolved incident that was opened before this one."""
        return await self._step(actor, number, newer=False)

    @requires(Role.VIEWER)
    async def go_previous(self, actor: Actor, number: str) -> Any:
        """The unresolved incident that was opened after this one."""
        return await self._step(actor, number, newer=True)

    async def _step(self, actor: Actor, number: str, *, newer: bool) -> Any:
        neighbour = await database.run(incident_page.neighbour, actor, number, newer=newer)
        if neighbour:
            return rx.redirect(f"/incidents/{neighbour}")
        self.say(f"No {'newer' if newer else 'older'} incident is unresolved.")
        return None


def _is_seq(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
