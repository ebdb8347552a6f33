"""What may sign sessions, and stand for the service: nothing that can be guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from zeebe_fleet.graphql_api.settings import ApiSettings, keys_of
from zeebe_fleet.workers.contract.errors import FleetError

KEY_BYTES = 32
_DIFFERENT = 10
"""Characters that differ, in a key; a random one of 32 bytes has more in whatever alphabet."""
_MAKE = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'

log = structlog.get_logger("fleet.keys")


class LiveKeys:
    """Keys that change while the API runs: the first of the lines is used, those below it are still good.

    Args:
        setting: its variable.
        read: returns the lines as they are now; what can be guessed among them is left out.
    """

    def __init__(self, setting: str, read: Callable[[], str]) -> None:
        self._setting = setting
        self._read = read
        self._text = ""
        self._keys: tuple[str, ...] = ()

    def __call__(self) -> Sequence[str]:
        """Return the keys."""
        text = self._read()
        if text != self._text:
            keys = tuple(one for line in text.splitlines() if (one := line.strip()))
            if self._keys:
                keys = tuple(key for key in keys if self._is_good(key))
            self._text, self._keys = text, keys or self._keys
        return self._keys

    def _is_good(self, key: str) -> bool:
        try:
            check_key(self._setting, key)
        except FleetError as error:
            log.warning("key.refused", why=error.message, suggestion=error.suggestion)
            return False
        return True


def check_keys(settings: ApiSettings) -> None:
    """See that keys are long enough, and not one for both.

    Raises:
        FleetError: one is too short, repeats itself, or is the other too; says how to make one.
    """
    signing, serving = keys_of(settings.session_secret), keys_of(settings.service_token)
    for key in signing or ("",):
        check_key("FLEET_API__SESSION_KEY", key)
    for key in serving:
        check_key("FLEET_API__SERVICE_TOKEN", key)
    if {*signing} & {*serving}:
        raise FleetError("FLEET_API__SERVICE_TOKEN and FLEET_API__SESSION_KEY are one.", f"Make two: {_MAKE}")


def check_key(setting: str, key: str) -> None:
    """See that a key is as long as 32 random bytes are.

    Raises:
        FleetError: it is shorter, or of a few characters again and again.
    """
    if len(key.encode()) < KEY_BYTES or len(set(key)) < _DIFFERENT:
        raise FleetError(f"{setting} is no key of {KEY_BYTES} random bytes: it can be guessed.", f"Make one: {_MAKE}")
