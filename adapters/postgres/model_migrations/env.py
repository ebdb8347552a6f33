"""Alembic's entry for the data models of one namespace, on the connection it is handed."""

from __future__ import annotations

from typing import Any

from alembic import context

connection = context.config.attributes["connection"]
options: dict[str, Any] = context.config.attributes["options"]
context.configure(connection=connection, **options)
with context.begin_transaction():
    context.run_migrations()
