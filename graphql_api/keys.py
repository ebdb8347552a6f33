"""What may sign sessions, and stand for the service: nothing that can be guessed."""

from __future__ import annotations

from zeebe_fleet.graphql_api.settings import ApiSettings
from zeebe_fleet.workers.contract.errors import FleetError

KEY_BYTES = 32
_DIFFERENT = 10
"""Characters that differ, in a key; a random one of 32 bytes has more in whatever alphabet."""
_MAKE = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'


def check_keys(settings: ApiSettings) -> None:
    """See that keys are long enough, and not one for both.

    Raises:
        FleetError: one is too short, repeats itself, or is the other too; says how to make one.
    """
    check_key("FLEET_API__SESSION_KEY", settings.session_secret)
    if settings.service_token:
        check_key("FLEET_API__SERVICE_TOKEN", settings.service_token)
    if settings.service_token == settings.session_secret:
        raise FleetError("FLEET_API__SERVICE_TOKEN and FLEET_API__SESSION_KEY are one.", f"Make two: {_MAKE}")


def check_key(setting: str, key: str) -> None:
    """See that a key is as long as 32 random bytes are.

    Raises:
        FleetError: it is shorter, or of a few characters again and again.
    """
    if len(key.encode()) < KEY_BYTES or len(set(key)) < _DIFFERENT:
        raise FleetError(f"{setting} is no key of {KEY_BYTES} random bytes: it can be guessed.", f"Make one: {_MAKE}")
