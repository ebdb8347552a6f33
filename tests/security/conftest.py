"""The API as an attacker meets it: the running one, over sockets."""

from __future__ import annotations

from tests.graphql_api.conftest import api, asked_engine, database, olga, rita, services

__all__ = ["api", "asked_engine", "database", "olga", "rita", "services"]
