"""What people were told of: their inboxes, what of it they have read, and what became of the mails."""

from services.inbox.marks import mark, mark_all, mark_incident
from services.inbox.programs import page

__all__ = ["mark", "mark_all", "mark_incident", "page"]
