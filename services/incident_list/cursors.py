"""Cursors: the place after which a page goes on, sealed so that nobody makes one up."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

from models.vocabulary import Severity
from services import settings
from services.errors import InvalidInputError
from services.incident_list.scans import Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BYTES = 8
_PLACE_BYTES = _TIME_BYTES + 16
_SEAL_BYTES = 8


def write(place: Place, tenant_id: UUID) -> str:
    """The cursor of this place, good in this organisation."""
    microseconds = (place.created_at - _EPOCH) // timedelta(microseconds=1)
    plain = microseconds.to_bytes(_TIME_BYTES, "big", signed=True) + place.id.bytes
    if place.severity is not None:
        plain += bytes([tuple(Severity).index(place.severity)])
    return base64.urlsafe_b64encode(plain + _seal(plain, tenant_id)).decode().rstrip("=")


def read_time(cursor: str, tenant_id: UUID) -> Place:
    """As `read`, for a list in the order of time. Raises: InvalidInputError."""
    place = read(cursor, tenant_id)
    if place.severity is not None:
        raise _wrong()
    return place


def read(cursor: str, tenant_id: UUID) -> Place:
    """The place that a cursor of this organisation names. Raises: InvalidInputError."""
    try:
        whole = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise _wrong() from error
    plain, seal = whole[:-_SEAL_BYTES], whole[-_SEAL_BYTES:]
    if len(plain) not in (_PLACE_BYTES, _PLACE_BYTES + 1) or not hmac.compare_digest(seal, _seal(plain, tenant_id)):
        raise _wrong()
    at = _EPOCH + timedelta(microseconds=int.from_bytes(plain[:_TIME_BYTES], "big", signed=True))
    severity = tuple(Severity)[plain[_PLACE_BYTES]] if len(plain) > _PLACE_BYTES else None
    return Place(at, UUID(bytes=plain[_TIME_BYTES:_PLACE_BYTES]), severity)


def _seal(plain: bytes, tenant_id: UUID) -> bytes:
    return hmac.new(settings.secret_key(), b"incident list" + tenant_id.bytes + plain, hashlib.sha256).digest()[:_SEAL_BYTES]


def _wrong() -> InvalidInputError:
    return InvalidInputError("Cursor must be the `next` of the page before, as it was given.", field="cursor")
