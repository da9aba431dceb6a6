"""Runs the migrations on the connection that monitor/store/migrate.py gives, inside its transaction.

For developers, on a database of their own: `alembic -x url=sqlite:///dev.db revision --autogenerate -m "..."`
"""

from alembic import context
from sqlalchemy import Connection, create_engine

from monitor.store.schema import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as own:
        run(own)
