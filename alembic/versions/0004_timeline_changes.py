"""What people do to lines that stand on a timeline: edit, delete, pin, hide, move in time."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _by(name: str) -> sa.Column:
    actor = sa.ForeignKey("actor.id", name=op.f(f"fk_timeline_event_{name}"))
    return sa.Column(name, sa.Uuid(), actor, nullable=True)


def upgrade() -> None:
    # added one by one, which rebuilds no table
    for column in (
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("revised_at", sqlmodel.UTCDateTime(), nullable=True),
        _by("revised_by"),
        sa.Column("is_deleted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("pinned_at", sqlmodel.UTCDateTime(), nullable=True),
        _by("pinned_by"),
        sa.Column("hidden_at", sqlmodel.UTCDateTime(), nullable=True),
        _by("hidden_by"),
        sa.Column("hidden_reason", sqlmodel.AutoString(), nullable=True),
        sa.Column("change", sa.Integer(), nullable=True),
    ):
        op.add_column("timeline_event", column, inline_references=True)
    op.create_index(
        "ix_timeline_event_change",
        "timeline_event",
        ["incident_id", "change"],
        sqlite_where=sa.text("change IS NOT NULL"),
        postgresql_where=sa.text("change IS NOT NULL"),
    )
    op.add_column("incident", sa.Column("last_change", sa.Integer(), nullable=False, server_default="0"))
