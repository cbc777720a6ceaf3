"""What senders say, in Tocsin's words: pure adapters from a request's body to alerts, without a clock and without a database."""

from __future__ import annotations

from services.formats.document import decode
from services.formats.received import Link, Received, ReceivedAlert, Refusal

__all__ = ["Link", "Received", "ReceivedAlert", "Refusal", "decode"]
