"""Merged incidents: how many were merged into one, and the list's indexes with what a merged one is told from the others by."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEFORE: dict[str, tuple[list[str], str | None]] = {
    "ix_incident_state": (["tenant_id", "state", "severity", "created_at", "id"], None),
    "ix_incident_assignee": (["tenant_id", "assigned_to", "state", "created_at", "id", "severity"], None),
    "ix_incident_service": (["tenant_id", "service_id", "state", "created_at", "id", "severity", "assigned_to"], None),
    "ix_incident_unresolved": (["tenant_id", "assigned_to", "state", "severity"], "state <> 'resolved'"),
    "ix_incident_acknowledged": (["tenant_id", "first_acknowledged_at", "tta_seconds"], "first_acknowledged_at IS NOT NULL"),
    "ix_incident_resolved_at": (["tenant_id", "resolved_at"], "resolved_at IS NOT NULL"),
}
_PARENT = "parent_id IS NOT NULL"


def _make(name: str, columns: list[str], where: str | None) -> None:
    part = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)} if where else {}
    op.create_index(name, "incident", columns, **part)


def upgrade() -> None:
    op.add_column("incident", sa.Column("merged_count", sa.Integer(), nullable=False, server_default="0"))
    for name, (columns, where) in _BEFORE.items():
        op.drop_index(name, "incident")
        _make(name, [*columns, "parent_id"], where)
    _make("ix_incident_parent", ["tenant_id", "parent_id"], _PARENT)


def downgrade() -> None:
    op.drop_index("ix_incident_parent", "incident")
    for name, (columns, where) in _BEFORE.items():
        op.drop_index(name, "incident")
        _make(name, columns, where)
    op.drop_column("incident", "merged_count")
