"""Channels: webhooks and chats by which an organisation as a whole is told of its incidents."""

from services.channels.managing import ChannelRecord, NewChannel, change, create, get, list_all, remove, renew_secret, usual_events
from services.channels.sending import Outcome, Verdict, send_test
from services.channels.showing import KIND_NAMES, ChannelMessageRecord, deliveries, latest, rows

__all__ = [
    "KIND_NAMES",
    "ChannelMessageRecord",
    "ChannelRecord",
    "NewChannel",
    "Outcome",
    "Verdict",
    "change",
    "create",
    "deliveries",
    "get",
    "latest",
    "list_all",
    "remove",
    "renew_secret",
    "rows",
    "send_test",
    "usual_events",
]
