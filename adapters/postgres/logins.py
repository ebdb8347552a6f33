"""The fleet's own logins in a database, none of which owns anything.

    records  claims, finishes in groups, tells, sweeps, and serves the API; it deletes what was owed, and no history
    tasks    the transactions behind `ctx.db`: what an action's statements may do
    history  prunes and erases

`FLEET_DATABASE_URL` names the owner, who alone migrates, or the login `records`. What a process works with it looks up
there once: names and passwords are kept in a table that nobody else sees a row of.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg

from zeebe_fleet.adapters.postgres.address import Address
from zeebe_fleet.adapters.postgres.version import THERE, VERSION, SchemaBehind, said_by
from zeebe_fleet.workers.contract.errors import RecordsUnavailable

RECORDS, TASKS, HISTORY = "records", "tasks", "history"
LOGIN_TABLE = "fleet_login"

_KNOWN: dict[str, Account] = {}
_ACCOUNT = f"SELECT name, password, path FROM {LOGIN_TABLE} WHERE login = $1"
Open = Callable[[], Awaitable["asyncpg.Connection[Any]"]]


@dataclass(frozen=True, slots=True)
class Account:
    """A login.

    Args:
        path: where it finds the tables, as the owner does: its `search_path`.
    """

    name: str
    password: str = field(repr=False)
    path: str

    def at(self, address: Address) -> Address:
        """Return an address with this login in the place of the account."""
        if address.user == self.name:
            return replace(address, login="")
        return replace(address, user=self.name, password=self.password, passfile=None, login="")


def as_login(database_url: str, login: str) -> str:
    """Return the address that connects as one of the fleet's own logins."""
    return f"{database_url}{'&' if '?' in database_url else '?'}login={login}"


async def account(database_url: str, login: str, opened: Open) -> Account:
    """Look up a login.

    Args:
        database_url: with the login, as it is remembered by.
        opened: connects as the account that the address names.

    Raises:
        SchemaBehind: there are no logins yet.
        RecordsUnavailable: the account may not see them.
    """
    if database_url not in _KNOWN:
        connection = await opened()
        try:
            _KNOWN[database_url] = await _asked(connection, login)
        finally:
            connection.terminate()
    return _KNOWN[database_url]


def forget(database_url: str) -> None:
    """Look a login up anew: it was refused."""
    _KNOWN.pop(database_url, None)


async def _asked(connection: asyncpg.Connection[Any], login: str) -> Account:
    try:
        row = await connection.fetchrow(_ACCOUNT, login)
    except asyncpg.UndefinedTableError:
        there = await connection.fetchval(THERE)
        said_by(await connection.fetchval(VERSION) if there else None).check()
        raise SchemaBehind(
            "The database has no logins of the fleet.", "Run `fleet deploy`, which makes them."
        ) from None
    except asyncpg.InsufficientPrivilegeError:
        row = None
    if row is None:
        raise RecordsUnavailable(
            "The account of FLEET_DATABASE_URL may not see the fleet's logins.",
            "Use the owner of the tables there, or the login `records` that `fleet deploy` made.",
        )
    return Account(row["name"], row["password"], row["path"])
