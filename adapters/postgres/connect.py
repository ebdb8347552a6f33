"""Connecting to PostgreSQL, in one way for everybody: the hot path, whoever listens, and SQLAlchemy."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import asyncpg

from zeebe_fleet.adapters.postgres.address import Address, AddressRefused, read_address
from zeebe_fleet.adapters.postgres.logins import account, forget
from zeebe_fleet.workers.contract.errors import RecordsUnavailable
from zeebe_fleet.workers.contract.secret_source import SecretUnreadable

CONNECT_TIMEOUT_S = 10.0
_NEXT = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.TargetServerAttributeNotMatched,
    asyncpg.PostgresConnectionError,
)
"""After these, another host may do."""
_POOLER_REFUSES = "unsupported startup parameter"


async def connect(
    database_url: str,
    *,
    timeout_s: float = CONNECT_TIMEOUT_S,
    command_timeout_s: float | None = None,
    settings: Mapping[str, str] | None = None,
) -> asyncpg.Connection[Any]:
    """Connect to the first host that takes writes; the address is read anew: service and password files may change.

    As one of the fleet's own logins, where the address says so; one that is refused is looked up once more.
    """
    try:
        address = read_address(database_url)
    except (AddressRefused, SecretUnreadable) as error:  # it was right at the start: a file is not there just now
        raise RecordsUnavailable(error.message, error.suggestion) from error
    bound_s = min(timeout_s, address.timeout_s or timeout_s)
    opened = partial(_to_any, bound_s=bound_s, command_timeout_s=command_timeout_s)
    given = {**(settings or {})}
    if not address.login:
        return await opened(address, given)
    look_up = partial(account, database_url, address.login, partial(opened, replace(address, login=""), {}))
    login = await look_up()
    try:
        return await opened(login.at(address), {**given, "search_path": login.path})
    except asyncpg.InvalidAuthorizationSpecificationError:
        forget(database_url)
        login = await look_up()
        return await opened(login.at(address), {**given, "search_path": login.path})


async def _to_any(
    address: Address, settings: dict[str, str], *, bound_s: float, command_timeout_s: float | None
) -> asyncpg.Connection[Any]:
    refused: BaseException | None = None
    for host, port in address.hosts or ((None, None),):
        try:
            return await _connect(address, host, port, bound_s, command_timeout_s, settings)
        except _NEXT as error:
            if refused is None or isinstance(refused, OSError | TimeoutError):
                refused = error  # what a server says tells more than one that is not there
    assert refused is not None, "there is a host at least"
    raise refused


async def _connect(
    address: Address,
    host: str | None,
    port: int | None,
    timeout_s: float,
    command_timeout_s: float | None,
    settings: dict[str, str],
) -> asyncpg.Connection[Any]:
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "user": address.user,
        "password": address.password,
        "passfile": address.passfile,
        "database": address.database,
        "target_session_attrs": address.session,
        "timeout": timeout_s,
        "command_timeout": command_timeout_s,
        **_tls(address),
    }
    opened: asyncpg.Connection[Any]
    try:
        opened = await asyncpg.connect(**given, server_settings={**address.settings, **settings})
    except asyncpg.ProtocolViolationError as error:
        if _POOLER_REFUSES not in str(error):
            raise
        opened = await _through_a_pooler(given, {**address.settings, **settings})
    except asyncpg.InsufficientPrivilegeError as error:  # no CONNECT on the database: the account is not let in
        raise asyncpg.InvalidAuthorizationSpecificationError(str(error)) from error
    return opened


async def _through_a_pooler(given: Mapping[str, Any], settings: Mapping[str, str]) -> asyncpg.Connection[Any]:
    """Say in the session what the pooler does not pass on at its start; right where it keeps sessions apart."""
    if "options" in settings:
        raise AddressRefused(
            "The pooler in between passes no options on.",
            "Leave them out of the address; set them for the account: ALTER ROLE … SET search_path = …;",
        )
    named = {name: value for name, value in settings.items() if name == "application_name"}
    connection: asyncpg.Connection[Any] = await asyncpg.connect(**given, server_settings=named)
    try:
        for name, value in settings.items():
            await connection.execute("SELECT set_config($1, $2, false)", name, value)
    except BaseException:
        connection.terminate()
        raise
    return connection


def _tls(address: Address) -> dict[str, Any]:
    if address.tls.get("sslrootcert") != "system":
        return {"dsn": f"postgresql://?{address.tls_query}"} if address.tls else {}
    context = ssl.create_default_context()
    if certificate := address.tls.get("sslcert"):
        context.load_cert_chain(certificate, address.tls.get("sslkey"), address.tls.get("sslpassword"))
    return {"ssl": context}
