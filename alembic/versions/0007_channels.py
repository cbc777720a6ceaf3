"""Channels: where an organisation as a whole is told of its incidents."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_WAITING = sa.text("status = 'pending' AND channel_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "channel",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=20), nullable=False),
        sa.Column("name", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("place", sqlmodel.AutoString(length=300), nullable=False),
        sa.Column("url_sealed", sqlmodel.AutoString(), nullable=False),
        sa.Column("secret_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("previous_secret_sealed", sqlmodel.AutoString(), nullable=True),
        sa.Column("previous_secret_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("severities", _JSON, nullable=False),
        sa.Column("events", _JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("off_reason", sqlmodel.AutoString(length=300), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("last_sent_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("last_error", sqlmodel.AutoString(length=500), nullable=True),
        sa.Column("last_error_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["actor.id"], name=op.f("fk_channel_created_by")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_channel_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    op.create_index("uq_channel_name", "channel", ["tenant_id", "name"], unique=True)
    op.create_index(
        "ix_outgoing_message_channel_waiting",
        "outgoing_message",
        ["channel_id", "created_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_outgoing_message_channel_waiting", "outgoing_message")
    op.drop_table("channel")
