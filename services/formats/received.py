"""What every adapter hands back: the alerts of one body in Tocsin's words, and what of it was refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.vocabulary import AlertStatus, Severity


@dataclass(frozen=True, slots=True)
class Link:
    """A place to look; `url` is http or https and names a host."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ReceivedAlert:
    """One alert as its sender told it.

    `fingerprint`, `group_key` and `dedup_key` are unique within the integration only; none of them ends a line or
    holds more than 64, 200 and 200 characters. `dedup_key` is empty when the sender gave none.
    """

    index: int
    """The place in the body, from 0."""
    fingerprint: str
    """The alert's identity: the same for its firing, its repeats and its end."""
    status: AlertStatus
    title: str
    """One line, never empty."""
    description: str
    severity: Severity
    severity_said: str | None
    """The sender's own word, None when it said nothing."""
    severity_known: bool
    """False when the word is missing or not understood, and `severity` is the default."""
    labels: dict[str, str]
    links: tuple[Link, ...]
    group_key: str
    """The sender's own group, else its dedup key, else a hash of title and labels."""
    group_labels: dict[str, str]
    """What the sender grouped by; empty when it did not say."""
    dedup_key: str
    starts_at: datetime | None
    """Aware UTC; None when the sender did not say."""
    ends_at: datetime | None
    """Aware UTC; None while it fires, whatever the sender foresees."""
    content_hash: str
    """32 hex digits over the status and all that a person sees; times, keys and the place in the body don't count."""
    raw: str
    """The alert's own compact JSON, whole."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one alert, or one part of the body, was not taken; `field` is a dotted path such as `alerts[3].startsAt`."""

    index: int | None
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """What one body held."""

    alerts: tuple[ReceivedAlert, ...]
    refused: tuple[Refusal, ...] = ()
    truncated_count: int = 0
    """How many alerts of this group exist that are not in the body, or were left out of it here: Tocsin is blind to them."""
    envelope: str = ""
    """Compact JSON of what the body said beside its alerts; empty where the body is nothing but alerts."""
