"""What is unread in an inbox, in the order in which it is shown: a page of it looks at no more rows than it shows."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_notification_unread", "notification")
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["tenant_id", "user_id", "created_at", "id"],
        sqlite_where=sa.text("read_at IS NULL AND in_inbox = 1"),
        postgresql_where=sa.text("read_at IS NULL AND in_inbox"),
    )
