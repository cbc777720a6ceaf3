"""Where an organisation as a whole is told of its incidents."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field

from models.columns import TenantRow, id_field, json_type


class Channel(TenantRow, table=True):
    """A webhook, or a room of a chat. It is told of the `events` of incidents of these `severities`, while it is `enabled`.

    Its address and the secret that signs what is sent are sealed; `place` is what may be shown of the address. After a new secret was
    made, the one before signs as well until `previous_secret_until`. `failures` counts the calls that failed since one went well, and
    `failing_since` is the first of them; `last_error` says what went wrong last. `off_reason` is set where Tocsin itself switched it
    off.
    """

    __tablename__ = "channel"
    __table_args__ = (Index("uq_channel_name", "tenant_id", "name", unique=True),)

    id: UUID = id_field()
    kind: str = Field(max_length=20)
    name: str = Field(max_length=120)
    place: str = Field(max_length=300)
    url_sealed: str
    secret_sealed: str | None = None
    previous_secret_sealed: str | None = None
    previous_secret_until: datetime | None = None
    severities: list[str] = Field(sa_column=Column(json_type(), nullable=False))
    events: list[str] = Field(sa_column=Column(json_type(), nullable=False))
    enabled: bool = True
    off_reason: str | None = Field(default=None, max_length=300)
    created_by: UUID | None = Field(default=None, foreign_key="actor.id")
    created_at: datetime
    last_sent_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = Field(default=None, max_length=500)
    last_error_at: datetime | None = None
