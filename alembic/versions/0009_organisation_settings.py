"""The version of an organisation's settings, so that two admins do not overwrite each other unseen."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenant", sa.Column("settings_version", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("tenant", "settings_version")
