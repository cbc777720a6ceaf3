"""One incident as a page and programs read it: what it is, its alerts, and its timeline in parts."""

from services.incident_page import last_looks
from services.incident_page.address import Asked, asked, query
from services.incident_page.assigning import give
from services.incident_page.here import people_here, read_here, writing_words
from services.incident_page.last_looks import Between
from services.incident_page.live import (
    Change,
    Opened,
    Seen,
    Told,
    all_alerts,
    feed,
    last_number,
    move_window,
    neighbour,
    open_page,
    read_now,
    seen_by,
)
from services.incident_page.one_line import line_view, versions
from services.incident_page.programs import alerts, one_line, timeline_page
from services.incident_page.shown import News, Shown
from services.incident_page.snapshot import SHOWN_ALERTS, IncidentKey
from services.incident_page.snoozing import Snoozed, snooze
from services.incident_page.snoozing import offered as offered_snoozes
from services.incident_page.snoozing import take_back as take_snooze_back
from services.incident_page.text import as_text
from services.incident_page.verdicts import Verdict
from services.incident_page.verdicts import make as make_move
from services.incident_page.window import Show, Window, shows

__all__ = [
    "SHOWN_ALERTS",
    "Asked",
    "Between",
    "Change",
    "IncidentKey",
    "News",
    "Opened",
    "Seen",
    "Show",
    "Shown",
    "Snoozed",
    "Told",
    "Verdict",
    "Window",
    "alerts",
    "all_alerts",
    "as_text",
    "asked",
    "feed",
    "give",
    "last_looks",
    "last_number",
    "line_view",
    "make_move",
    "move_window",
    "neighbour",
    "offered_snoozes",
    "one_line",
    "open_page",
    "people_here",
    "query",
    "read_here",
    "read_now",
    "seen_by",
    "shows",
    "snooze",
    "take_snooze_back",
    "timeline_page",
    "versions",
    "writing_words",
]
