"""Reading the alerts of one body one by one, so that a bad one sinks no other."""

from __future__ import annotations

from collections.abc import Callable

from services.errors import InvalidInputError
from services.formats.fields import said
from services.formats.received import Received, ReceivedAlert, Refusal

MAX_ALERTS = 2_000
"""How many alerts of one body are taken; the rest is counted and refused."""


def each(
    entries: list[object],
    read_one: Callable[[int, dict[str, object]], ReceivedAlert],
    *,
    path: str = "",
    truncated_count: int = 0,
    envelope: str = "",
) -> Received:
    """Every entry read by `read_one`, which raises InvalidInputError with a field within the entry; `path` names the list."""
    alerts: list[ReceivedAlert] = []
    refused: list[Refusal] = []
    for index, entry in enumerate(entries[:MAX_ALERTS]):
        try:
            if not isinstance(entry, dict):
                raise InvalidInputError(f"An alert must be an object, not {said(entry)}.")
            alerts.append(read_one(index, entry))
        except InvalidInputError as error:
            refused.append(Refusal(index, ".".join(filter(None, (f"{path}[{index}]", error.field))), error.message))
    left_out = len(entries) - MAX_ALERTS
    if left_out > 0:
        reason = f"One body may hold {MAX_ALERTS:,} alerts; the last {left_out:,} were left out. Send them in another."
        refused.append(Refusal(MAX_ALERTS, f"{path}[{MAX_ALERTS}]", reason))
    return Received(tuple(alerts), tuple(refused), truncated_count + max(left_out, 0), envelope)
