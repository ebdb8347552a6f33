"""People's provider as the settings name it; and what a token of it would be allowed here, and why."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from zeebe_fleet.deploy.settings import OidcSection, Settings
from zeebe_fleet.graphql_api.settings import ApiSettings, OidcSettings
from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from zeebe_fleet.graphql_api.claims import Reading


def provider_settings(oidc: OidcSection) -> OidcSettings:
    """Return the provider of the settings.

    Raises:
        FleetError: its client is not set.
    """
    if not (oidc.client_id and oidc.client_secret.get_secret_value()):
        raise FleetError(
            "FLEET_API__OIDC__ISSUER is set, and its client is not.",
            "Set FLEET_API__OIDC__CLIENT_ID and FLEET_API__OIDC__CLIENT_SECRET as well.",
        )
    given = oidc.model_dump(exclude={"client_secret", "operator_groups", "admin_groups"})
    return OidcSettings(
        **given,
        client_secret=oidc.client_secret.get_secret_value,
        operator_groups=frozenset(oidc.operator_groups),
        admin_groups=frozenset(oidc.admin_groups),
    )


def show_reading(settings: Settings, source: Path, console: Console) -> bool:
    """Print whom a token names and what they may do, each with its reason, on a `terminal()`.

    Args:
        source: file with an ID token, or with its claims as JSON; `-` reads it from standard input.

    Returns:
        whether somebody could sign in by it.
    """
    try:
        reading = asyncio.run(read_token(settings, _text(source)))
    except FleetError as error:
        console.print("✗", style="red", end="")
        console.print(f" sign-in      {error.message}\n               → {error.suggestion}")
        return False
    principal = reading.principal
    roles = f", as {' and '.join(sorted(principal.roles))}" if principal.roles else ", with no role"
    console.print("✓", style="green", end="")
    console.print(f" sign-in      {principal.subject} would be let in{roles}.")
    for reason in reading.why:
        console.print(f"               · {reason}")
    return True


async def read_token(settings: Settings, token: str) -> Reading:
    """Return whom a token names.

    Raises:
        FleetError: there is no provider, or the token is none of its for this client, or it names nobody.
    """
    from zeebe_fleet.graphql_api.oidc import Provider

    if not settings.api.oidc.issuer:
        raise FleetError("No provider is set: people are personas.", "Set FLEET_API__OIDC__ISSUER and its client.")
    oidc = provider_settings(settings.api.oidc)
    return await Provider(ApiSettings(oidc=oidc), oidc).reading(token)


def _text(source: Path) -> str:
    try:
        return sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(
            f"{source} cannot be read ({type(error).__name__}).", "Name a file with an ID token."
        ) from error
