"""How migrations run: on the connection that `services/schema.py` hands over."""

import sqlalchemy as sa
from alembic import context

from models import tables
from services.schema import is_compared


def run(connection: sa.Connection) -> None:
    """Run the revisions on this connection, in its transaction."""
    context.configure(
        connection=connection,
        target_metadata=tables.METADATA,
        include_object=is_compared,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="sqlmodel.",
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
