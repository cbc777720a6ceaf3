"""The incident list, live: what the address asks for, what came since, and the moves on a row."""

from dataclasses import replace
from typing import Any

import reflex as rx

from app.session import requires, while_signed_in
from app.states.shell import Shell
from models.vocabulary import Role
from services import database, incident_list
from services.access import Actor
from services.incident_list import Listing, ListKey, Shown, View, Wanted
from services.views import ChipView, FiguresView, IncidentRow, TabView

_LOOK_SECONDS = 300.0
"""How often a page that nothing happens to reads again: what was resolved a day ago leaves it by and by."""


class Incidents(Shell):
    """What the list shows.

    Rows stand in three lists, so that a change sends its group alone: `attention`, `working`, and `rest` for what is snoozed or over, or
    a page in the order of time. `waiting` counts those that wait because somebody reads. `nothing` says why there are no rows: first
    (nothing ever came), quiet (nobody waits), mine, none (nothing matches); empty while there are some. `wrong` has a sentence for each
    part of the address that means nothing. `resolving` is the number of the incident that the dialog is about, empty while it is closed,
    `assigning` that of the one to be given to somebody, and `snoozing` that of the one to be snoozed: the list holds still beneath them.
    """

    attention: list[IncidentRow] = []
    working: list[IncidentRow] = []
    rest: list[IncidentRow] = []
    waiting: int = 0
    figures: FiguresView = FiguresView()
    tabs: list[TabView] = []
    chips: list[ChipView] = []
    wrong: list[str] = []
    words: str = ""
    nothing: str = ""
    older: str = ""
    newest: str = ""
    everywhere: str = ""
    all_of_it: str = ""
    is_loaded: bool = False
    tab_title: str = ""
    resolving: str = ""
    assigning: str = ""
    snoozing: str = ""

    _key: ListKey | None = None
    _wanted: Wanted | None = None
    _shown: Shown | None = None
    _is_read: bool = False

    # ── opening ──

    @requires(Role.VIEWER)
    async def load(self, actor: Actor) -> Any:
        """Show the part of the list that the address asks for."""
        await self._open(actor)
        return Incidents.watch

    def _begin(self) -> None:
        is_read = self._is_read  # the browser says so when a list appears, which may be before this
        super()._begin()
        self._is_read = is_read

    async def _fill(self, actor: Actor) -> None:
        await super()._fill(actor)
        wanted = await database.run(incident_list.wanted_by, actor, self.router.url.query, self.nav.zone)
        self._wanted, self._key = wanted, incident_list.key_of(actor, wanted)
        self._shown = Shown(incident_list.viewer_of(actor))
        self._show_address(wanted)
        listing = await database.run(incident_list.read_list, self._key)
        self._shown.take(listing)
        self._send(self._shown, listing)
        self.is_loaded = True

    def _show_address(self, wanted: Wanted) -> None:
        asked = wanted.asked
        self.chips = incident_list.chips(wanted)
        self.wrong = list(asked.wrong.values())
        self.words = asked.parameters.get("q", "")
        if wanted.beyond is not None:
            self.newest = incident_list.address(wanted.view, asked.parameters)
        if self.words and (wanted.view is not View.ALL or set(asked.parameters) != {"q"}):
            self.everywhere = incident_list.address(View.ALL, {"q": self.words})

    def _send(self, shown: Shown, listing: Listing) -> None:
        """Put into the page's variables what differs from what they hold."""
        wanted = self._wanted
        if wanted is None:
            return
        for name, rows in (
            ("attention", shown.of("attention")),
            ("working", shown.of("working")),
            ("rest", shown.of("snoozed", "resolved", "")),
        ):
            if getattr(self, name) != rows:
                setattr(self, name, rows)
        parameters = wanted.asked.parameters
        self._set("waiting", shown.waiting)
        self._set("nothing", "" if shown.rows else _why_nothing(wanted, listing))
        self._set("figures", incident_list.figures(listing.counts))
        self._set("tabs", incident_list.tabs(wanted, listing.counts, shown.viewer))
        self._set("older", incident_list.address(wanted.view, parameters, listing.older) if listing.older else "")
        self._set("all_of_it", incident_list.whole_address(wanted, listing))
        self._set("tab_title", f"({listing.counts.attention}) Incidents · Tocsin" if listing.counts.attention else "Incidents · Tocsin")
        self._count_in_nav(shown, listing)

    def _set(self, name: str, value: Any) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)

    def _count_in_nav(self, shown: Shown, listing: Listing) -> None:
        counts, mine = listing.counts, listing.counts.mine_open.get(shown.viewer.id, 0) > 0
        self._set("nav", replace(self.nav, attention=counts.attention, unresolved=counts.unresolved, assigned_open=mine))

    # ── staying live ──

    @requires(Role.VIEWER, background=True)
    async def watch(self, actor: Actor) -> None:
        """Follow this part of the list for as long as the page is open. The read is shared by all who look at the same."""
        async with self:
            key, shown = self._key, self._shown
        if key is None or shown is None:
            return
        async with while_signed_in(self, actor), incident_list.feed(key).follow(key) as follower:
            listing: Listing | None = None
            while True:
                if listing is None:  # what came before this followed, or with time alone
                    listing = await database.run(incident_list.read_list, key)
                if not await self._take(actor, shown, listing):
                    return
                follower.delivered()
                listing = await follower.next(_LOOK_SECONDS)

    async def _take(self, actor: Actor, shown: Shown, listing: Listing) -> bool:
        """Show a newer listing; false when the page shows another part of the list by now."""
        if listing == shown.listing:
            return True
        missing = shown.missing(listing)
        others = await database.run(incident_list.lines, actor, missing) if missing and self._holds_still() else []
        async with self:
            if self._shown is not shown:
                return False
            shown.take(listing, hold=self._holds_still(), others=others)
            self._send(shown, listing)
        return True

    @requires(Role.VIEWER)
    def set_read(self, _actor: Actor, is_read: bool) -> None:
        """Somebody begins to read the list, or has looked away: what waits comes in then."""
        self._is_read = is_read
        if not self._holds_still():
            self._let_in()

    def _holds_still(self) -> bool:
        return self._is_read or self.resolving != "" or self.assigning != "" or self.snoozing != ""

    @requires(Role.VIEWER)
    def show_new(self, _actor: Actor) -> None:
        """Let in what waits."""
        self._let_in()

    def _let_in(self) -> None:
        shown = self._shown
        if shown is not None and shown.listing is not None:
            shown.take(shown.listing)
            self._send(shown, shown.listing)

    # ── looking for something ──

    @requires(Role.VIEWER)
    def look_for(self, _actor: Actor, form: dict[str, Any]) -> Any:
        """Filter by these words, within the view that is open."""
        wanted = self._wanted
        if wanted is None:
            return None
        words = form.get("q")
        parameters = {name: value for name, value in wanted.asked.parameters.items() if name != "q"}
        if isinstance(words, str) and words.strip():
            parameters["q"] = words.strip()
        return rx.redirect(incident_list.address(wanted.view, parameters))


def _why_nothing(wanted: Wanted, listing: Listing) -> str:
    if not listing.counts.any_ever:
        return "first"
    if wanted.asked.parameters or wanted.beyond is not None:
        return "none"
    if wanted.view is View.MINE:
        return "mine"
    return "quiet" if wanted.view in (View.NOW, View.ATTENTION) else "none"
