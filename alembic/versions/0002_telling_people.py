"""Telling people: notifications and their messages, the organisation's settings for them, and an incident's calls."""

import orjson
import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_REMINDERS = {"critical": 300, "high": 300, "medium": 300, "low": 300}
_CAUSES = ["Change or deployment", "Capacity", "Dependency", "Hardware or network", "Human error", "Bug", "False alarm"]


def _json(name: str, value: object) -> sa.Column:
    return sa.Column(name, _JSON, nullable=False, server_default=orjson.dumps(value).decode())


def upgrade() -> None:
    # added one by one, which rebuilds no table
    for column in (
        sa.Column("default_on_call_id", sa.Uuid(), nullable=True),
        _json("reminder_seconds", _REMINDERS),
        sa.Column("acknowledgement_timeout_seconds", sa.Integer(), nullable=True),
        sa.Column("quiet_days", sa.Integer(), nullable=False, server_default="7"),
        _json("post_mortem_severities", ["critical"]),
        _json("causes", _CAUSES),
    ):
        op.add_column("tenant", column)
    for column in (
        _json("told_by", {}),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
    ):
        op.add_column("user", column)
    for column in (
        sa.Column("last_activity_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("acknowledgement_timeout_seconds", sa.Integer(), nullable=True),
        sa.Column("snoozed_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("next_call_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("call_step", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("quiet_asked_at", sqlmodel.UTCDateTime(), nullable=True),
    ):
        op.add_column("incident", column)
    op.create_table(
        "notification",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("cause", sqlmodel.AutoString(length=80), nullable=False),
        sa.Column("why", sqlmodel.AutoString(length=300), nullable=False),
        sa.Column("in_inbox", sa.Boolean(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("read_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["timeline_event.id"], name=op.f("fk_notification_event_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_notification_incident_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_notification_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notification_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    op.create_index("uq_notification_cause", "notification", ["user_id", "cause", "reason"], unique=True)
    op.create_index("ix_notification_user", "notification", ["tenant_id", "user_id", "created_at", "id"])
    op.create_index("ix_notification_incident", "notification", ["incident_id", "created_at"])
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["tenant_id", "user_id"],
        sqlite_where=sa.text("read_at IS NULL AND in_inbox = 1"),
        postgresql_where=sa.text("read_at IS NULL AND in_inbox"),
    )
    op.create_table(
        "outgoing_message",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sqlmodel.AutoString(length=20), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "sent",
                "failed",
                "cancelled",
                name="outgoing_message_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("sent_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("last_error", sqlmodel.AutoString(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["timeline_event.id"], name=op.f("fk_outgoing_message_event_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_outgoing_message_incident_id")),
        sa.ForeignKeyConstraint(["notification_id"], ["notification.id"], name=op.f("fk_outgoing_message_notification_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_outgoing_message_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_message")),
    )
    op.create_index("ix_outgoing_message_notification", "outgoing_message", ["notification_id"])
    op.create_index("ix_outgoing_message_incident", "outgoing_message", ["incident_id", "created_at"])
    op.create_index("ix_outgoing_message_channel", "outgoing_message", ["tenant_id", "channel_id", "created_at"])
    op.create_index(
        "ix_outgoing_message_waiting",
        "outgoing_message",
        ["tenant_id", "incident_id"],
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )


def downgrade() -> None:
    op.drop_table("outgoing_message")
    op.drop_table("notification")
    for table, columns in (
        (
            "incident",
            ("last_activity_at", "acknowledgement_timeout_seconds", "snoozed_until", "next_call_at", "call_step", "quiet_asked_at"),
        ),
        ("user", ("told_by", "quiet_from", "quiet_until")),
        (
            "tenant",
            (
                "default_on_call_id",
                "reminder_seconds",
                "acknowledgement_timeout_seconds",
                "quiet_days",
                "post_mortem_severities",
                "causes",
            ),
        ),
    ):
        for column in columns:
            op.drop_column(table, column)
