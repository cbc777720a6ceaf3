"""Who acts: one `actor` row for each person, service account, integration and for the organisation's own system."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field

from models.columns import TenantRow, actor_id_field, id_field, json_type, words
from models.vocabulary import ActorKind, Role, Theme


class ActorRow(TenantRow, table=True):
    """Somebody or something that events and records name. Never deleted, so that history keeps its names."""

    __tablename__ = "actor"
    __table_args__ = (Index("ix_actor_tenant_kind", "tenant_id", "kind"),)

    id: UUID = id_field()
    kind: ActorKind = Field(sa_column=Column(words(ActorKind, "actor_kind"), nullable=False))
    name: str = Field(max_length=120)


class User(TenantRow, table=True):
    """A person who can sign in. The name stands on the actor row; `email` is unique in the installation, lower case.

    `told_by` says by reason how they want to be told, where that is not by inbox and e-mail. From `quiet_from` to `quiet_until`, in
    minutes of their day, no e-mail is sent that can wait. `first_signed_in_at` is when they came in, None for whoever has not yet.
    """

    __tablename__ = "user"
    __table_args__ = (Index("uq_user_handle", "tenant_id", "handle", unique=True),)

    id: UUID = actor_id_field()
    email: str = Field(max_length=254, unique=True)
    handle: str = Field(max_length=40)
    role: Role = Field(sa_column=Column(words(Role, "user_role"), nullable=False))
    active: bool = True
    password_hash: str | None = Field(default=None, max_length=200)
    timezone: str | None = Field(default=None, max_length=64)
    theme: Theme = Field(default=Theme.SYSTEM, sa_column=Column(words(Theme, "user_theme"), nullable=False))
    shortcuts: bool = True
    timeline_newest_first: bool = False
    manager_id: UUID | None = Field(default=None, foreign_key="user.id")
    told_by: dict[str, str] = Field(sa_column=Column(json_type(), nullable=False))
    quiet_from: int | None = None
    quiet_until: int | None = None
    created_at: datetime
    first_signed_in_at: datetime | None = None


class ServiceAccount(TenantRow, table=True):
    """What an API key acts as when it does not act as a person."""

    __tablename__ = "service_account"

    id: UUID = actor_id_field()
    role: Role = Field(sa_column=Column(words(Role, "service_account_role"), nullable=False))
    created_by: UUID | None = Field(default=None, foreign_key="actor.id")
    created_at: datetime


class Team(TenantRow, table=True):
    """People who are named together. Its handle is that of no person, so that `@handle` always means one of the two."""

    __tablename__ = "team"
    __table_args__ = (
        Index("uq_team_handle", "tenant_id", "handle", unique=True),
        Index("uq_team_name", "tenant_id", "name", unique=True),
    )

    id: UUID = id_field()
    name: str = Field(max_length=120)
    handle: str = Field(max_length=40)
    description: str = ""
    created_at: datetime
    version: int = 1


class TeamMember(TenantRow, table=True):
    """Somebody in a team. Whoever is deactivated stays in it and counts no longer."""

    __tablename__ = "team_member"
    __table_args__ = (Index("ix_team_member_user", "tenant_id", "user_id"),)

    team_id: UUID = Field(primary_key=True, foreign_key="team.id")
    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
