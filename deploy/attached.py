"""Settings for one role alone: what they leave open is taken from the local stack that runs already."""

from __future__ import annotations

from zeebe_fleet.deploy.local.definitions import with_local_store
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.deploy.up import located, missing_parts
from zeebe_fleet.workers.contract.errors import FleetError


def attached(settings: Settings) -> Settings:
    """Point the settings at the running local stack, where they do not name an engine or a database.

    Raises:
        FleetError: something is not named and no local stack runs.
    """
    missing = missing_parts(settings)
    if not {"engine", "database"} & set(missing):
        return settings
    stack = LocalStack(settings.state, parts=missing)
    stopped = [part.name for part in stack.status() if part.state != "running" and part.name != "sandbox"]
    if stopped:
        raise FleetError(
            f"There is no {' and no '.join(stopped)}: none is named, and the local one does not run.",
            "Start it with `fleet stack up`, or set FLEET_ZEEBE__ADDRESS and FLEET_DATABASE_URL.",
        )
    return with_local_store(located(settings, stack.addresses(), move_port=False))
