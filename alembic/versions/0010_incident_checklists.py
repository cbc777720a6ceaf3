"""Incidents keep the checklist that they were opened with, what of it was done, and the cause that was found."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # added one by one, which rebuilds no table
    op.add_column("incident", sa.Column("checklist_id", sa.Uuid(), nullable=True))
    op.add_column("incident", sa.Column("cause", sqlmodel.AutoString(), nullable=True))
    op.create_table(
        "checklist_tick",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("ticked_by", sa.Uuid(), nullable=False),
        sa.Column("ticked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_checklist_tick_incident_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_checklist_tick_tenant_id")),
        sa.ForeignKeyConstraint(["ticked_by"], ["actor.id"], name=op.f("fk_checklist_tick_ticked_by")),
        sa.PrimaryKeyConstraint("incident_id", "item_id", name=op.f("pk_checklist_tick")),
    )


def downgrade() -> None:
    op.drop_table("checklist_tick")
    op.drop_column("incident", "cause")
    op.drop_column("incident", "checklist_id")
