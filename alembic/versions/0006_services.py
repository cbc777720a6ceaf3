"""Services: whose they are, what is to be done when one is broken, and when it was archived."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_team_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("checklist_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("archived_at", sqlmodel.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.create_foreign_key(op.f("fk_service_owner_team_id"), "team", ["owner_team_id"], ["id"])
    op.create_table(
        "checklist",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("items", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_checklist_service_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_checklist_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist")),
    )
    op.create_index("ix_checklist_service", "checklist", ["tenant_id", "service_id"], unique=False)


def downgrade() -> None:
    op.drop_table("checklist")
    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_service_owner_team_id"), type_="foreignkey")
        for column in ("version", "archived_at", "checklist_id", "owner_team_id"):
            batch_op.drop_column(column)
