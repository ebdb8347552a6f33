"""How the API is set up, and what it is given to work with."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zeebe_fleet.workers.contract.api_ports import (
    Activities,
    Changes,
    Delivery,
    OutsideWorld,
    Requests,
    SpentTokens,
    Workflows,
)
from zeebe_fleet.workers.contract.cases import Cases
from zeebe_fleet.workers.contract.data_rows import DataRows
from zeebe_fleet.workers.contract.library import Library
from zeebe_fleet.workers.contract.ports import Engine
from zeebe_fleet.workers.contract.principal import ADMIN_ROLE, OPERATOR_ROLE, Principal
from zeebe_fleet.workers.contract.versions import Versions

PERSONAS: Mapping[str, Principal] = {
    "rita": Principal("rita", groups=frozenset({"reviewers"})),
    "sam": Principal("sam", groups=frozenset({"sales-managers"})),
    "alma": Principal("alma", groups=frozenset({"accountants"})),
    "paul": Principal("paul", groups=frozenset({"purchasing"})),
    "olga": Principal("olga", groups=frozenset({"operators"}), roles=frozenset({OPERATOR_ROLE})),
    "ada": Principal("ada", roles=frozenset({ADMIN_ROLE})),
}
"""Whom one may be on a machine of one's own; they have no passwords."""

if TYPE_CHECKING:
    from zeebe_fleet.graphql_api.known import KnownOperations


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may ask for."""

    body_bytes: int = 1_048_576
    service_body_bytes: int = 8_388_608
    """From the human-task adapter: all variables of a user task, of which the engine takes 4 MB."""
    values: int = 50_000
    """In the JSON of a request: each takes more room when it is read than when it is sent."""
    service_values: int = 4_194_304
    entries: int = 1_000
    """In the lists of variables whose type is not JSON: each is read one by one."""
    variables_bytes: int = 262_144
    characters: int = 32_768
    """Of a document, and so are the next: whatever does not belong into it is sent as a variable."""
    tokens: int = 2_000
    definitions: int = 64
    variable_definitions: int = 100
    selections: int = 500
    spreads: int = 64
    overlaps: int = 10_000
    """Pairs of fields of one name: they may have to be compared."""
    depth: int = 12
    aliases: int = 30
    complexity: int = 50_000
    """Fields that one operation may read, as far as can be told before."""


@dataclass(frozen=True, slots=True)
class ShareLimits:
    """How much one principal may use of a process, whatever each request may ask for."""

    under_way: int = 64
    """Requests that are read, wait or run; so many operations of all WebSockets may wait besides."""
    at_once: int = 50_000
    """Fields that operations may read that run at the same time: many small ones, or one of the largest."""
    subscriptions: int = 200
    sockets: int = 50
    requests: int = 500
    """That may come in a burst."""
    requests_per_s: float = 100.0
    rows: int = 50_000
    """Objects in answers, that may be read in a burst."""
    rows_per_s: float = 5_000.0
    bytes: int = 67_108_864
    bytes_per_s: float = 4_194_304.0
    reading_s: float = 5.0
    """Processor seconds that reading requests and unknown documents may take in a burst."""
    reading_per_s: float = 0.1
    body_bytes: int = 8_388_608
    """Of the bodies of requests under way."""
    operation_bytes: int = 16_777_216
    """That one operation may read and answer together."""
    held_bytes: int = 33_554_432
    """The same of all that run."""


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """How much there is for all principals of a process."""

    lasting: int = 600
    """Streams and WebSockets, each of which holds a connection."""
    under_way: int = 300
    """Requests, before each has less than its limit."""
    body_bytes: int = 67_108_864
    """Of bodies of requests under way, before each has less than its limit."""
    held_bytes: int = 134_217_728
    """That operations read and answer, before each has less than its limit."""


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """An OIDC provider, and what its claims mean here."""

    issuer: str
    client_id: str
    client_secret: str | Callable[[], str] = field(repr=False)
    """Or what reads it where it is kept."""
    scope: str = "openid profile email"
    subject_claim: str = "preferred_username"
    groups_claim: str = "groups"
    operator_groups: frozenset[str] = frozenset()
    admin_groups: frozenset[str] = frozenset()
    public_url: str = ""
    """Where people open the page; empty: as they ask for it."""
    ca_file: Path | None = None


Key = str | Callable[[], Sequence[str]]
"""A key, or what gives the one that is used now, and after it those that were before and are still good."""


def keys_of(key: Key) -> Sequence[str]:
    """Return what is good as a key, the one that is used now first."""
    if callable(key):
        return key()
    return (key,) if key else ()


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What differs from one installation to the next."""

    service_token: Key = field(default="", repr=False)
    """Bearer token of the service role; empty: nobody has it."""
    session_secret: Key = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Signs sessions; the same in every API process behind one proxy."""
    session_s: float = 12 * 3600.0
    oidc: OidcSettings | None = None
    """Who signs people in; without one they are personas."""
    personas: Mapping[str, Principal] = field(default_factory=lambda: PERSONAS)
    operate_url: str = ""
    """Base address of Operate, as people's browsers reach it; empty: there is none."""
    definitions_url: str = ""
    """Where people change definitions: the page of their Git repository; empty: nobody has said."""
    deployer_groups: frozenset[str] = frozenset()
    """Whose members may deploy a published version by starting it, beside operators."""
    allowed_origins: frozenset[str] = frozenset()
    """Whose pages may ask besides our own; with a bearer token, never with a cookie."""
    introspection: bool = True
    known: KnownOperations | None = None
    """All that is executed; nothing where anything may be asked, the schema as well."""
    limits: Limits = Limits()
    share: ShareLimits = ShareLimits()
    room: RoomLimits = RoomLimits()

    @property
    def is_https(self) -> bool:
        """Whether people come by TLS alone."""
        return self.oidc is not None and self.oidc.public_url.lower().startswith("https:")


@dataclass(frozen=True, slots=True)
class ApiServices:
    """The ports the API speaks to."""

    workflows: Workflows
    activities: Activities
    requests: Requests
    delivery: Delivery
    engine: Engine
    changes: Changes
    spent_tokens: SpentTokens
    outside_world: OutsideWorld | None = None
    """Only where the services are a sandbox of one's own."""
    versions: Versions | None = None
    """Only where there is a store of published definitions."""
    library: Library | None = None
    """What is published."""
    cases: Cases | None = None
    """Definitions of cases, as the records keep them."""
    data_rows: DataRows | None = None
    """Only where the app has data models that are open for reading."""
