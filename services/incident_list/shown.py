"""What a page shows of the list: new rows enter while nobody reads it, and wait while somebody does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from models.vocabulary import Severity
from services.incident_list.counts import Counts
from services.incident_list.filters import ME
from services.incident_list.live import STATES_OF, Group, Listing
from services.incident_list.rows import Entry, Viewer, row
from services.incident_list.wanted import View, Wanted, address, without
from services.views import ChipView, FiguresView, IncidentRow, TabView
from services.wording import rfc3339, span

_HEADS = {
    "attention": ("Needs attention", "Open; the worst first, then the longest waiting"),
    "working": ("Being worked on", ""),
    "snoozed": ("Snoozed", "Nobody is called until their time is over"),
    "resolved": ("Resolved in the last 24 hours", ""),
}
_TABS = {
    View.ATTENTION: "Needs attention",
    View.NOW: "Now",
    View.MINE: "Mine",
    View.RESOLVED: "Resolved",
    View.ALL: "All",
}


class Shown:
    """The rows of one page. `waiting` counts the incidents that would be there and wait because somebody reads the list."""

    def __init__(self, viewer: Viewer) -> None:
        self.rows: list[IncidentRow] = []
        self.waiting = 0
        self.listing: Listing | None = None
        """What was taken last."""
        self.viewer = viewer
        self._begun: Listing | None = None
        """What the rows were taken from."""

    def of(self, *groups: str) -> list[IncidentRow]:
        """The rows of these groups, in their order."""
        return [one for one in self.rows if one.group in groups]

    def missing(self, listing: Listing) -> list[UUID]:
        """The incidents that the page shows and this part of the list does not hold any more."""
        there = {entry.id.hex for group in listing.groups for entry in group.entries}
        return [UUID(hex=one.id) for one in self.rows if one.id not in there]

    def take(self, listing: Listing, *, hold: bool = False, others: Sequence[Entry] = ()) -> None:
        """Show what the list holds now. With `hold` each row stays where it is and only says what is true of it now.

        `others` are the lines of those that the page shows and the listing does not hold.
        """
        self.listing = listing
        groups = {group.name: group for group in listing.groups}
        if hold and self.rows:
            self._renew(groups, others)
        else:
            self.rows = [row(entry, self.viewer, group.name) for group in listing.groups for entry in group.entries]
            self.waiting = 0
            self._begun = listing
        self._head(groups)

    def _renew(self, groups: dict[str, Group], others: Sequence[Entry]) -> None:
        now = {entry.id.hex: entry for group in groups.values() for entry in group.entries}
        shown = {one.id for one in self.rows}
        self.waiting = sum(
            entry.id.hex not in shown and self._has_come(entry, group.name) for group in groups.values() for entry in group.entries
        )
        now |= {entry.id.hex: entry for entry in others}
        self.rows = [row(now[one.id], self.viewer, one.group) if one.id in now else replace(one, head="") for one in self.rows]

    def _has_come(self, entry: Entry, name: str) -> bool:
        """Whether an incident that the page does not show came into its group since; else it only moved up from below the last row."""
        begun = self._begun
        before = next((group for group in begun.groups if group.name == name), None) if begun else None
        if begun is None or before is None or not before.has_more or entry.created_at > begun.begun_at:
            return True
        return _order(entry, name) < _order(before.entries[-1], name)

    def _head(self, groups: dict[str, Group]) -> None:
        """Put the name of a group over its first row."""
        before = ""
        for place, one in enumerate(self.rows):
            if one.group != before and one.group in _HEADS:
                head, hint = _HEADS[one.group]
                group = groups.get(one.group)
                if group and group.has_more:
                    hint = f"{len(group.entries)} are shown"
                self.rows[place] = replace(one, head=head, head_hint=hint, head_count=group.count if group else 0)
            before = one.group


def _order(entry: Entry, name: str) -> tuple[float, float]:
    """Where an incident stands in the group of this name: the smaller, the further up."""
    if name == "resolved":
        return (-entry.resolved_at.timestamp() if entry.resolved_at else 0.0, 0.0)
    if name == "":
        return (-entry.created_at.timestamp(), 0.0)
    if name == "snoozed":
        return (entry.snoozed_until.timestamp() if entry.snoozed_until else 0.0, 0.0)
    return (float(tuple(Severity).index(entry.severity)), entry.created_at.timestamp())


def whole_address(wanted: Wanted, listing: Listing) -> str:
    """Where all of the groups that have more than is shown stand page by page; empty where nothing is left out, or in such a place."""
    more = [group.name for group in listing.groups if group.has_more]
    if wanted.view not in (View.NOW, View.MINE) or not more:
        return ""
    if more == ["attention"]:
        mine = {"assignee": ME} if wanted.view is View.MINE else {}
        return address(View.ATTENTION, wanted.asked.parameters | mine)
    asked = wanted.asked.filters.states
    found = dict.fromkeys(state for name in more for state in STATES_OF[name])
    states = [state for state in found if not asked or state in asked]
    parameters = wanted.asked.parameters | {"state": ",".join(states)}
    if wanted.view is View.MINE:
        parameters["assignee"] = ME
    return address(View.ALL, parameters)


def figures(counts: Counts) -> FiguresView:
    """The strip above the list."""
    by = counts.by_severity
    return FiguresView(
        attention=counts.attention,
        unresolved=counts.unresolved,
        critical=by.get(Severity.CRITICAL, 0),
        high=by.get(Severity.HIGH, 0),
        medium=by.get(Severity.MEDIUM, 0),
        low=by.get(Severity.LOW, 0),
        oldest_number=counts.oldest_open.number if counts.oldest_open else "",
        oldest_at=rfc3339(counts.oldest_open.at) if counts.oldest_open else "",
        last_number=counts.last_resolved.number if counts.last_resolved else "",
        last_at=rfc3339(counts.last_resolved.at) if counts.last_resolved else "",
        taken_after=span(counts.tta_seconds) if counts.tta_seconds is not None else "",
        taken_hint=f"median, n = {counts.tta_count:,}" if counts.tta_count else "",
    )


def tabs(wanted: Wanted, counts: Counts, viewer: Viewer) -> list[TabView]:
    """The views, each with the filters that are set."""
    count = {
        View.ATTENTION: f"{counts.attention:,}",
        View.NOW: f"{counts.unresolved:,}",
        View.MINE: f"{counts.mine.get(viewer.id, 0):,}",
    }
    return [
        TabView(view.value, name, address(view, wanted.asked.parameters), count.get(view, ""), view is wanted.view)
        for view, name in _TABS.items()
    ]


def chips(wanted: Wanted) -> list[ChipView]:
    """The filters that are set."""
    return [
        ChipView(chip.name, chip.operator, chip.value, address(wanted.view, without(wanted.asked, chip.parameter)))
        for chip in wanted.asked.chips
    ]
