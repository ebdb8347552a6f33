"""Operations that the API executes in production: its pages', the adapter's, the fleet's own, and an application's."""

from __future__ import annotations

from zeebe_fleet.adapters import activity_graphql
from zeebe_fleet.deploy import client
from zeebe_fleet.deploy.settings import ApiSettingsSection
from zeebe_fleet.graphql_api.known import OURS, KnownOperations


def known_operations(settings: ApiSettingsSection) -> KnownOperations | None:
    """Return them; nothing where anything may be asked.

    Raises:
        FleetError: a file cannot be read.
    """
    if not settings.production:
        return None
    ours = {"activity_graphql.py": activity_graphql.OPERATIONS, "client.py": client.OPERATIONS}
    texts = {f"{name} ({number})": text for name, several in ours.items() for number, text in enumerate(several, 1)}
    return KnownOperations.read([OURS, *([settings.operations] if settings.operations else [])], texts)
