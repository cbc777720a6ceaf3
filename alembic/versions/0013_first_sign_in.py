"""When each person signed in for the first time; known from now on, guessed for those who have a password or had a session."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("first_signed_in_at", sqlmodel.UTCDateTime(), nullable=True))
    op.execute(
        """
        UPDATE "user" SET first_signed_in_at = COALESCE(
            (SELECT MIN(login_session.created_at) FROM login_session WHERE login_session.user_id = "user".id),
            CASE WHEN password_hash IS NOT NULL THEN created_at END
        )
        """
    )


def downgrade() -> None:
    op.drop_column("user", "first_signed_in_at")
