"""The time zones that a select offers."""

from functools import cache
from zoneinfo import available_timezones

_OLD = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")


@cache
def places() -> tuple[tuple[str, str], ...]:
    """UTC, and the zones that are named after places; drawn into a page once, since they are the same for everybody."""
    found = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(_OLD))
    return ("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in found)
