"""One reading of a PostgreSQL address for everybody who connects: what libpq documents, as far as it makes sense here.

Source: PostgreSQL documentation, 32.1.1.2 Connection URIs, 32.1.2 Parameter Key Words, 32.17 Connection Service File.
"""

from __future__ import annotations

import configparser
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlencode

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.secret_source import is_reference, read_reference

_SCHEMES = ("postgresql://", "postgres://")
_TLS = (
    "sslmode",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslrootcert",
    "sslcrl",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "krbsrvname",
    "gsslib",
)
_TLS_FILES = ("sslcert", "sslkey", "sslrootcert", "sslcrl")
_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OWN = ("host", "port", "dbname", "user", "password", "passfile", "connect_timeout", "service", "target_session_attrs")
_LOGIN = "login"
_PASSWORD_AT = "passwordat"
"""Where the password is; put there by the settings, as the login is."""
_SAID_TO_THE_SERVER = ("application_name", "options", "fallback_application_name")
_HARMLESS = {
    "client_encoding": ("utf8", "utf-8", "auto"),
    "channel_binding": ("prefer", "disable"),
    "gssencmode": ("prefer", "disable"),
    "sslcompression": ("0",),
    "load_balance_hosts": ("disable",),
}
"""What may be said as long as it changes nothing."""
_LIBPQS = frozenset(
    {
        "gssdelegation",
        "hostaddr",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "replication",
        "require_auth",
        "requirepeer",
        "requiressl",
        "sslcertmode",
        "sslcrldir",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""What else libpq heeds; refused by name. A name that nobody knows may be the end of a password."""
_SESSIONS = ("any", "read-write", "primary")
LOGINS = ("records", "tasks", "history")
"""What the fleet's own logins are for: see `logins`."""
_FROM_ENVIRONMENT = {"application_name": "PGAPPNAME", "options": "PGOPTIONS", "connect_timeout": "PGCONNECT_TIMEOUT"}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ALL = "docs/how-to/operations.md lists what an address may say."


class AddressRefused(FleetError):
    """An address that says something that cannot be heeded."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, and how it is connected to; passwords are in no `repr`.

    Args:
        hosts: name, or folder of a socket, and port; tried in this order. Empty: the driver's own default.
        timeout_s: of one attempt to connect; `None` when the address says none.
        tls: in libpq's words.
        session: `read-write`, or `primary`: a standby is no use to anybody who keeps records.
        login: which of the fleet's own logins takes the account's place; empty for the account itself.
        settings: sent to the server at the start of each session.
    """

    hosts: tuple[tuple[str, int | None], ...] = ()
    database: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    passfile: str | None = None
    timeout_s: float | None = None
    tls: Mapping[str, str] = field(default_factory=dict, repr=False)
    session: str = "read-write"
    login: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Hosts, ports and name, for people: no user, no password, wherever they stood."""
        hosts = ",".join(_named(*one) for one in self.hosts) or "this machine"
        return f"{hosts}/{self.database or ''}".rstrip("/")

    @property
    def tls_query(self) -> str:
        """What is said of TLS, as the query of an address."""
        return urlencode(self.tls)


def read_address(database_url: str) -> Address:
    """Read an address, the service file that it names included.

    Raises:
        AddressRefused: it says something unknown, or something that cannot be done here; it is named, no value is.
    """
    said = _parameters(database_url)
    kept_at = said.pop(_PASSWORD_AT, "")
    given = {**_service(said.pop("service", os.environ.get("PGSERVICE", "")), said.pop("servicefile", "")), **said}
    for name, variable in _FROM_ENVIRONMENT.items():
        if name not in given and os.environ.get(variable):
            given[name] = os.environ[variable]
    _check(given)
    application = given.get("application_name") or given.get("fallback_application_name")
    settings = {"application_name": application, "options": given.get("options")}
    return Address(
        hosts=_hosts(given.get("host", ""), given.get("port", "")),
        database=given.get("dbname"),
        user=given.get("user"),
        password=read_reference(kept_at) if kept_at else given.get("password") or None,
        passfile=given.get("passfile"),
        timeout_s=_timeout_s(given.get("connect_timeout", "")),
        tls={name: given[name] for name in _TLS if given.get(name)},
        session="primary" if given.get("target_session_attrs") == "primary" else "read-write",
        login=given.get(_LOGIN, ""),
        settings={name: value for name, value in settings.items() if value},
    )


def _parameters(database_url: str) -> dict[str, str]:
    """Return all that an address says, by the names of libpq; one that is kept elsewhere is read there."""
    if is_reference(database_url):
        reference, _, more = database_url.partition("?")
        return {**_said(read_reference(reference)), **_query(more)}
    return _said(database_url)


def _said(database_url: str) -> dict[str, str]:
    scheme = next((one for one in _SCHEMES if database_url.startswith(one)), None)
    if scheme is None:
        raise AddressRefused("The database's address is no postgresql:// address.", "Set FLEET_DATABASE_URL to one.")
    rest, _, query = database_url.removeprefix(scheme).partition("?")
    authority, _, name = rest.partition("/")
    if "@" in name:
        raise AddressRefused(
            "The database's address has an @ behind its host.",
            "Write / ? # and @ in user and password as %2F %3F %23 and %40.",
        )
    login, _, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    names, ports = _apart(hosts)
    parts = {"user": unquote(user), "password": unquote(password), "dbname": unquote(name)}
    parts |= {"host": names, "port": ports}
    return {**{name: value for name, value in parts.items() if value}, **_query(query)}


def _query(query: str) -> dict[str, str]:
    pairs = (one.partition("=") for one in query.split("&") if one)  # a plus is a plus here
    return {"dbname" if name == "database" else unquote(name): unquote(value) for name, _, value in pairs}


def _apart(hosts: str) -> tuple[str, str]:
    """Take ports off `a:1,[::1]:2,c`; both lists have the same length, or there is no port at all."""
    found: list[tuple[str, str]] = []
    for one in hosts.split(","):
        if one.startswith("["):
            host, _, port = one[1:].partition("]")
            found.append((host, port.removeprefix(":")))
        else:
            host, _, port = one.partition(":")
            found.append((unquote(host), port))
    ports = [port for _, port in found]
    return ",".join(host for host, _ in found), ",".join(ports) if any(ports) else ""


def _service(name: str, file: str) -> dict[str, str]:
    """Read a section of the service file: the person's own, or the system's."""
    if not name:
        return {}
    own = file or os.environ.get("PGSERVICEFILE", "")
    places = [Path(own)] if own else [Path("~/.pg_service.conf").expanduser()]
    if "PGSYSCONFDIR" in os.environ:
        places.append(Path(os.environ["PGSYSCONFDIR"], "pg_service.conf"))
    for place in places:
        sections = configparser.RawConfigParser(strict=False, interpolation=None, delimiters=("=",))
        try:
            sections.read(place, "utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError) as error:
            raise AddressRefused(f"The service file {place} cannot be read ({type(error).__name__}).", _ALL) from error
        if sections.has_section(name):
            return dict(sections.items(name))
    looked = " nor in ".join(map(str, places))
    raise AddressRefused(f"There is no service {name!r} in {looked}.", "Correct the name, or set PGSERVICEFILE.")


def _check(given: Mapping[str, str]) -> None:
    known = {*_OWN, _LOGIN, *_TLS, *_SAID_TO_THE_SERVER, *_HARMLESS}
    unknown = sorted(given.keys() - known)
    if unknown:
        said = ", ".join(one if one in _LIBPQS else "something unknown" for one in unknown)
        raise AddressRefused(f"The database's address says {said}, which cannot be heeded here.", _ALL)
    for name, values in {
        **_HARMLESS,
        "sslmode": _TLS_MODES,
        "target_session_attrs": _SESSIONS,
        _LOGIN: LOGINS,
    }.items():
        if name in given and given[name].lower() not in values:
            raise AddressRefused(f"The database's address has a {name} other than {', '.join(values)}.", _ALL)
    for name in _TLS_FILES:
        file = given.get(name, "")
        if file and file != "system" and not os.access(file, os.R_OK):
            raise AddressRefused(f"The file that {name} names in the database's address cannot be read.", file)
    passfile = given.get("passfile", "")
    if passfile and (not os.access(passfile, os.R_OK) or Path(passfile).stat().st_mode & _OTHERS):
        raise AddressRefused(
            "The password file of the database's address cannot be read, or others may read it.",
            f"chmod 600 {passfile}",
        )


def _hosts(names: str, ports: str) -> tuple[tuple[str, int | None], ...]:
    hosts = names.split(",") if names else []
    numbers = [_port(one) for one in ports.split(",")] if ports else [None]
    if len(numbers) == 1:
        numbers *= max(len(hosts), 1)
    if hosts and len(numbers) != len(hosts):
        raise AddressRefused("The database's address names more ports than hosts, or fewer.", "One for each, or one.")
    return tuple(zip(hosts or ["localhost"] * (ports != ""), numbers, strict=False))


def _port(said: str) -> int | None:
    if not said:
        return None
    if not said.isdigit() or not 0 < int(said) < 65_536:
        raise AddressRefused("The port in the database's address is none.", "It is a number below 65536.")
    return int(said)


def _timeout_s(said: str) -> float | None:
    if not said:
        return None
    try:
        seconds = int(said)
    except ValueError:
        raise AddressRefused("connect_timeout in the database's address is no number of seconds.", _ALL) from None
    return float(max(seconds, 2)) if seconds > 0 else None


def _named(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"
