"""The address of the list: which view, which filters and which page of it, read from a query and written into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlencode

from services.access import Actor
from services.address_times import short
from services.errors import InvalidInputError
from services.incident_list import cursors, filters
from services.incident_list.filters import Asked
from services.incident_list.scans import Place

PATH = "/incidents"
_MOST_PARAMETERS = 40


class View(StrEnum):
    """A part of the list that has a name. The first three stand in groups, what waits first; the others are newest first.

    Attention and those that are newest first go on page by page.
    """

    NOW = "now"
    ATTENTION = "attention"
    MINE = "mine"
    RESOLVED = "resolved"
    ALL = "all"


GROUPED = (View.NOW, View.ATTENTION, View.MINE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for. `beyond` is the place after which its page begins, None for the first page."""

    view: View
    asked: Asked
    beyond: Place | None = None


def wanted_by(actor: Actor, query: str, zone: str) -> Wanted:
    """What this query of an address asks for; what is wrong in it is left out and told in `asked.wrong`.

    Without a view it is "now", or "all" where there are filters. Raises: NotAllowedError.
    """
    try:
        given: dict[str, list[str]] = parse_qs(query, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        given = {}
    asked = filters.read(actor, given, zone=zone)
    named = given.get("view", [""])[-1].lower()
    view = View(named) if named in list(View) else View.ALL if asked.parameters or asked.wrong else View.NOW
    if named and named not in list(View):
        *most, last = View
        asked.wrong["view"] = f"There is no view “{short(named)}”. It is one of {', '.join(most)} and {last}."
    beyond = None
    if "cursor" in given and view not in (View.NOW, View.MINE):
        beyond = _place(given["cursor"][-1], actor, view)
        if beyond is None:
            asked.wrong["cursor"] = "This page of the list is not known any more: here is the first one."
    return Wanted(view, asked, beyond)


def _place(cursor: str, actor: Actor, view: View) -> Place | None:
    """The place that a cursor names; None when it is none, or one of another order."""
    try:
        place = cursors.read(cursor, actor.tenant_id)
    except InvalidInputError:
        return None
    return place if (place.severity is not None) == (view is View.ATTENTION) else None


def address(view: View, parameters: Mapping[str, str], cursor: str = "") -> str:
    """The address of a view with these filters, without what goes without saying."""
    silent = View.ALL if parameters else View.NOW
    query = {name: parameters[name] for name in filters.PARAMETERS if name in parameters}
    if view is not silent:
        query = {"view": view.value, **query}
    if cursor:
        query["cursor"] = cursor
    return f"{PATH}?{urlencode(query)}" if query else PATH


def without(asked: Asked, parameter: str) -> dict[str, str]:
    """The filters of an address but for this one."""
    return {name: value for name, value in asked.parameters.items() if name != parameter}
