"""Runs the steps over the connection that `database_sql.migrate` hands in."""

from __future__ import annotations

from alembic import context

from node.stores import schema_desk_sql as schema_desk_sql
from node.stores.schema_sql import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
