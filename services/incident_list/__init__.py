"""The incident list: what needs somebody first, and any other part of it by filters, for pages and for programs."""

from services.incident_list.counts import Counts
from services.incident_list.filters import Asked, Chip, Filters, choices, read, require_right
from services.incident_list.live import Listing, ListKey, feed, key_of, lines
from services.incident_list.live import read as read_list
from services.incident_list.programs import page
from services.incident_list.rows import Entry, Viewer, viewer_of
from services.incident_list.scans import find as find_ids
from services.incident_list.shown import Shown, chips, figures, tabs, whole_address
from services.incident_list.wanted import View, Wanted, address, wanted_by

__all__ = [
    "Asked",
    "Chip",
    "Counts",
    "Entry",
    "Filters",
    "ListKey",
    "Listing",
    "Shown",
    "View",
    "Viewer",
    "Wanted",
    "address",
    "chips",
    "choices",
    "feed",
    "figures",
    "find_ids",
    "key_of",
    "lines",
    "page",
    "read",
    "read_list",
    "require_right",
    "tabs",
    "viewer_of",
    "wanted_by",
    "whole_address",
]
