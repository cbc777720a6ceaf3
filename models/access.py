"""How people and programs prove who they are: sessions, one-time links, API keys. Tokens are stored as hashes only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from models.columns import TenantRow, id_field, words
from models.vocabulary import LinkPurpose, Role


class LoginSession(TenantRow, table=True):
    """One browser that is signed in. It ends at `expires_at` (pushed on by use) or when revoked."""

    __tablename__ = "login_session"
    __table_args__ = (Index("ix_login_session_user", "tenant_id", "user_id"), Index("ix_login_session_expires", "expires_at"))

    id: UUID = id_field()
    user_id: UUID = Field(foreign_key="user.id")
    token_hash: str = Field(max_length=64, unique=True)
    timezone: str | None = Field(default=None, max_length=64)
    user_agent: str = Field(default="", max_length=300)
    address: str = Field(default="", max_length=64)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class OneTimeLink(SQLModel, table=True):
    """A link that works once: first set-up (before any organisation exists, so without one) or a new password."""

    __tablename__ = "one_time_link"
    __table_args__ = (Index("ix_one_time_link_expires", "expires_at"),)

    id: UUID = id_field()
    tenant_id: UUID | None = Field(default=None, foreign_key="tenant.id")
    purpose: LinkPurpose = Field(sa_column=Column(words(LinkPurpose, "one_time_link_purpose"), nullable=False))
    user_id: UUID | None = Field(default=None, foreign_key="user.id")
    token_hash: str = Field(max_length=64, unique=True)
    created_by: UUID | None = Field(default=None, foreign_key="actor.id")
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class SignInAttempt(SQLModel, table=True):
    """One try to sign in, kept to slow an address that guesses. The tenant is that of the account, where there is one."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_address", "address", "at"), Index("ix_sign_in_attempt_email", "email", "at"))

    id: UUID = id_field()
    tenant_id: UUID | None = Field(default=None, foreign_key="tenant.id")
    email: str = Field(max_length=254)
    address: str = Field(max_length=64)
    succeeded: bool
    at: datetime


class ApiKey(TenantRow, table=True):
    """A bearer token for the API. It acts as `actor_id` with `role`, never with more than its maker had."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_tenant", "tenant_id", "created_at"),)

    id: UUID = id_field()
    actor_id: UUID = Field(foreign_key="actor.id")
    name: str = Field(max_length=120)
    role: Role = Field(sa_column=Column(words(Role, "api_key_role"), nullable=False))
    prefix: str = Field(max_length=16)
    token_hash: str = Field(max_length=64, unique=True)
    created_by: UUID | None = Field(default=None, foreign_key="actor.id")
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
