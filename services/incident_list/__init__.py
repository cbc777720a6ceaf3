"""The incident list: what needs somebody first, and any other part of it by filters, for pages and for programs."""

from services.incident_list.counts import Standing, standing
from services.incident_list.filters import Asked, Chip, Filters, choices, read, require_right
from services.incident_list.programs import page

__all__ = ["Asked", "Chip", "Filters", "Standing", "choices", "page", "read", "require_right", "standing"]
