"""Alembic's entry: runs the migrations of the records on the connection it is handed."""

from alembic import context

from zeebe_fleet.adapters.postgres.tables import Base
from zeebe_fleet.adapters.postgres.version import VERSION_TABLE

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, compare_server_default=False, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
