"""What people were told of: their inboxes, what of it they have read, and what became of the mails."""

from services.inbox.marks import mark, mark_all, mark_incident
from services.inbox.programs import page
from services.inbox.shown import PATH, InboxPage, read

__all__ = ["PATH", "InboxPage", "mark", "mark_all", "mark_incident", "page", "read"]
