"""One incident as a page and programs read it: what it is, its alerts, and its timeline in parts."""

from services.incident_page.programs import alerts, timeline_page

__all__ = ["alerts", "timeline_page"]
