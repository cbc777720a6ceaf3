"""Sources of alerts, and the services that can be broken."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field

from models.columns import TenantRow, actor_id_field, id_field, json_type


class Integration(TenantRow, table=True):
    """A sender of alerts; its name stands on the actor row. `key_hash` is its key in the webhook's path.

    After a rotation the key before still works until `previous_key_until`. `last_alert_at` and `alert_count` say what came through it.
    """

    __tablename__ = "integration"
    __table_args__ = (Index("ix_integration_tenant", "tenant_id", "created_at"),)

    id: UUID = actor_id_field()
    kind: str = Field(max_length=40)
    key_hash: str = Field(max_length=64, unique=True)
    key_prefix: str = Field(max_length=16)
    previous_key_hash: str | None = Field(default=None, max_length=64, unique=True)
    previous_key_until: datetime | None = None
    enabled: bool = True
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    created_by: UUID | None = Field(default=None, foreign_key="actor.id")
    created_at: datetime
    last_alert_at: datetime | None = None
    alert_count: int = 0
    last_refused_at: datetime | None = None
    last_refusal: str | None = Field(default=None, max_length=500)


class Service(TenantRow, table=True):
    """What can be broken. Incidents name one; an integration may set it.

    One that is archived is named by what named it before, and by nothing new. `checklist_id` is its response checklist as it is now.
    `version` is 1 at first, by the database, and grows with each change.
    """

    __tablename__ = "service"
    __table_args__ = (Index("uq_service_name", "tenant_id", "name", unique=True),)

    id: UUID = id_field()
    name: str = Field(max_length=120)
    description: str = ""
    owner_team_id: UUID | None = Field(default=None, foreign_key="team.id")
    runbook_url: str | None = Field(default=None, max_length=500)
    # no foreign key: a checklist points at its service, and a circle of constraints could not be written in one pass
    checklist_id: UUID | None = None
    created_at: datetime
    archived_at: datetime | None = None
    version: int


class Checklist(TenantRow, table=True):
    """What is to be done when a service is broken, in order: `items` are {"id", "text"}.

    A list is never changed: another one takes its place at the service, and the incidents that have this one keep it. A line that
    stays the same keeps its id from list to list.
    """

    __tablename__ = "checklist"
    __table_args__ = (Index("ix_checklist_service", "tenant_id", "service_id"),)

    id: UUID = id_field()
    service_id: UUID = Field(foreign_key="service.id")
    items: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(json_type(), nullable=False))
    created_at: datetime
