"""Every setting, read from the environment (`FLEET_…`) and from `.env`."""

from __future__ import annotations

import re
import secrets as randomness
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from zeebe_fleet.adapters.outbound_settings import ServiceSettings
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.secret_settings import database_address, named_secrets, referenced
from zeebe_fleet.deploy.setting_kinds import Line, SecretLine, SecretLines, Word, trimmed
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.job import DEFAULT_TENANT

SHIPPED_APP = "zeebe_fleet.bpmn.shipped"
"""The processes and tasks that come with the fleet; loaded only when named."""


class ZeebeSettings(BaseModel):
    """Where a remote engine is and how to be let in."""

    address: Word = Field(default="", description="Host and port of the gRPC gateway; empty for the local engine.")
    rest_address: Word = Field(default="", description="Base address of the REST API (8.8 and newer).")
    tls: bool = Field(default=False, description="Speak TLS.")
    ca_file: Path | None = Field(default=None, description="PEM file of the authority behind the certificate.")
    client_id: Word = Field(default="", description="OAuth client; empty for no credentials.")
    client_secret: SecretLine = Field(default=SecretStr(""), description="OAuth client secret.")
    authorization_server: Word = Field(default="", description="Address of the token endpoint.")
    audience: Line = Field(default="", description="Audience of the token.")
    scope: Line = Field(default="", description="Scope of the token.")
    tenant_id: Word = Field(default=DEFAULT_TENANT, description="Tenant of everything sent and taken.")
    timeout_s: float = Field(default=10.0, description="Deadline of a call, in seconds.")
    operate_url: Word = Field(
        default="",
        description="Base address of an Operate to ask for incidents, where the engine itself cannot (8.6, 8.7).",
    )
    operate_username: Line = Field(
        default="", description="Who signs in to that Operate; empty: the OAuth client does."
    )
    operate_password: SecretLine = Field(default=SecretStr(""), description="The password of that account.")


class OidcSection(BaseModel):
    """People's provider of OpenID Connect; without an issuer they are personas."""

    issuer: Word = Field(
        default="", description="The provider, as its tokens name it: https://login.example.com/realms/x."
    )
    client_id: Word = Field(default="", description="The client that was registered there for the page.")
    client_secret: SecretLine = Field(default=SecretStr(""), description="Its secret.")
    scope: Line = Field(default="openid profile email", description="What is asked for; some send groups for a scope.")
    subject_claim: Line = Field(
        default="preferred_username", description="Claim by which people are known, also as BPMN's assignee."
    )
    groups_claim: Line = Field(
        default="groups", description="Claim with the groups, BPMN's candidate groups; or its path: realm_access.roles."
    )
    operator_groups: list[str] = Field(default=[], description="Groups whose members see and repair every workflow.")
    admin_groups: list[str] = Field(default=[], description="Groups whose members may do anything.")
    public_url: Word = Field(
        default="",
        description="Where people open the page, at the root of a host; needed behind a proxy that ends TLS.",
    )
    ca_file: Path | None = Field(default=None, description="PEM file of the authority behind its certificate.")


class ShareSection(BaseModel):
    """How much one principal may use of an API process; the service role is not limited."""

    under_way: int = Field(default=64, description="Requests at once, those that wait included.")
    at_once: int = Field(default=50_000, description="Fields that operations may read which run at the same time.")
    subscriptions: int = Field(default=200, description="Subscriptions at once.")
    sockets: int = Field(default=50, description="WebSockets at once.")
    requests: int = Field(default=500, description="Requests in a burst.")
    requests_per_s: float = Field(default=100.0, gt=0, description="Requests per second in the long run.")
    rows: int = Field(default=50_000, description="Objects in answers, in a burst.")
    rows_per_s: float = Field(default=5_000.0, gt=0, description="Objects in answers per second in the long run.")
    bytes: int = Field(default=67_108_864, description="Bytes of answers in a burst.")
    bytes_per_s: float = Field(default=4_194_304.0, gt=0, description="Bytes of answers per second in the long run.")
    reading_s: float = Field(
        default=5.0, description="Processor seconds for reading requests and new documents, in a burst."
    )
    reading_per_s: float = Field(default=0.1, gt=0, description="The same per second in the long run: 0.1 is a tenth.")
    body_bytes: int = Field(default=8_388_608, description="Bytes of the bodies of requests at once.")
    operation_bytes: int = Field(
        default=16_777_216, description="Bytes that one operation may read and answer together."
    )
    held_bytes: int = Field(default=33_554_432, description="The same of all operations that run.")


class ApiSettingsSection(BaseModel):
    """The GraphQL API and the inbox."""

    host: Word = Field(default="127.0.0.1", description="Address to listen on; loopback only without OIDC.")
    port: int = Field(default=8080, description="Port to listen on; the next free one when taken locally.")
    url: Word = Field(default="", description="Where adapters and tasks find the API; derived from host and port.")
    service_token: SecretLines = Field(
        default_factory=lambda: SecretStr(randomness.token_urlsafe(32)),
        description="Credential of the service role; adapters and API must share it.",
    )
    session_key: SecretLines = Field(
        default_factory=lambda: SecretStr(randomness.token_urlsafe(32)), description="Signs login sessions."
    )
    session_s: float = Field(default=43_200.0, description="How long a login lasts, in seconds.")
    oidc: OidcSection = OidcSection()
    allowed_origins: list[Word] = Field(
        default=[], description="Other sites whose pages may ask, with a bearer token: https://app.example.com."
    )
    production: bool = Field(
        default=False,
        description="Execute known operations alone: the pages', the adapters', the fleet's own, and those of "
        "`operations`; the schema is not told, nor are names suggested.",
    )
    operations: Path | None = Field(
        default=None,
        description="File or folder with an application's operations, .graphql or a client's .json; for production.",
    )
    definitions_url: Word = Field(
        default="",
        description="Page of the Git repository in which people change definitions: https://git.example.com/x.",
    )
    deployer_groups: list[str] = Field(
        default=[],
        description="Groups whose members may have a published version deployed by starting it, beside operators.",
    )
    share: ShareSection = ShareSection()
    connections: int = Field(
        default=1_000,
        description="Connections of one process at once; beyond, the one that rests for longest makes room. Six in ten "
        "may be streams and WebSockets; beyond, whoever has most of them gives one up.",
    )
    operate_url: Word = Field(
        default="",
        description="Operate as browsers reach it: https://…/operate; that of Docker's engine when empty.",
    )
    sandbox_url: Word = Field(
        default="", description="Sandbox whose services the start page may put out of order; the local one in a demo."
    )

    def token_now(self) -> str:
        """Return the service's token as it is now: the first line, below which are those that were before it."""
        return self.service_token.get_secret_value().partition("\n")[0].strip()


class HealthSettings(BaseModel):
    """Liveness, readiness and metrics of each process."""

    host: Word = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
    port: int = Field(default=0, description="Port of /health/live, /health/ready and /metrics; 0 for none.")


class RecordsSettings(BaseModel):
    """The records, once what they tell of is over."""

    keep_days: float = Field(
        default=0.0,
        description="Days after its end for which a workflow is kept; the relay prunes older ones. 0: for ever.",
    )


class Settings(BaseSettings):
    """All of it; nested names are joined by two underscores: `FLEET_ZEEBE__ADDRESS`."""

    model_config = SettingsConfigDict(
        env_prefix="FLEET_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True
    )

    engine: Literal["auto", "builtin", "docker", "remote"] = Field(
        default="auto", description="Which engine; auto: remote where an address is set, else the one in the box."
    )
    app: Word = Field(default="", description="Module with the processes and tasks; from pyproject.toml when empty.")
    database_url: Line = Field(default="", description="postgresql:// address; empty for the local database.")
    database_url_file: Path | None = Field(default=None, description="File with that address; read at each connection.")
    database_password: SecretLine = Field(default=SecretStr(""), description="Password, where the address has none.")
    database_password_file: Path | None = Field(
        default=None, description="File with that password and nothing else; read at each connection."
    )
    secret_source: Word = Field(
        default="", description="An app's own source of secrets, as module:attribute; asked for what is not set."
    )
    state: Path = Field(default=Path(".fleet"), description="Folder of the local stack's data and logs.")
    human_tasks: Literal["deployed", "all"] = Field(
        default="deployed", description="Whether user tasks of processes that others deployed become activities too."
    )
    zeebe: ZeebeSettings = ZeebeSettings()
    api: ApiSettingsSection = ApiSettingsSection()
    health: HealthSettings = HealthSettings()
    records: RecordsSettings = RecordsSettings()
    artifacts: ArtifactsSection = ArtifactsSection()
    services: dict[str, ServiceSettings] = Field(default_factory=dict, description="Outside services by name.")
    secrets: dict[str, SecretStr] = Field(default_factory=dict, description="Credentials for tasks, by name.")
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines are written.")

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, read: Any) -> Any:
        """Drop line breaks around what was read, and find the secrets that are elsewhere."""
        if not isinstance(read, dict):
            return read
        found = trimmed(read)
        source = str(found.get("secret_source") or "").strip()
        found = referenced(cls, database_address(found, source), source)
        return {**found, "secrets": named_secrets(found["secrets"])} if "secrets" in found else found

    @field_validator("engine", mode="before")
    @classmethod
    def _no_longer_embedded(cls, engine: object) -> object:
        if engine == "embedded":
            raise ValueError("there is no embedded Zeebe any more: the engine in the box is called builtin")
        return engine

    @property
    def api_url(self) -> str:
        """Where adapters and tasks find the API."""
        return self.api.url or f"http://{self.api.host}:{self.api.port}"


def read_settings() -> Settings:
    """Read the settings as every command does.

    Raises:
        FleetError: some cannot be used; it names each variable, and no value.
    """
    try:
        return Settings()
    except SettingsError as error:
        section = next(iter(re.findall('field "([a-z_]+)"', str(error))), "").upper()
        raise FleetError(
            f"A setting whose name begins with FLEET_{section} is no JSON, and has to be.",
            "All settings are in docs/reference/settings.md.",
        ) from None
    except ValidationError as error:
        wrong = [f"{_variable(one['loc'])}{one['msg'].removeprefix('Value error, ')}." for one in error.errors()]
        raise FleetError(" ".join(wrong), "All settings are in docs/reference/settings.md.") from None


def _variable(place: tuple[int | str, ...]) -> str:
    """Return what a message begins with that does not name its variable itself."""
    return f"FLEET_{'__'.join(map(str, place)).upper()}: " if place else ""


def on_the_local_stack(app: str, state: Path) -> Settings:
    """Settings of an app as on a machine where no engine, database, service or secret is set."""
    return Settings().model_copy(
        update={
            "engine": "builtin",
            "app": app,
            "database_url": "",
            "secret_source": "",
            "state": state,
            "zeebe": ZeebeSettings(),
            "api": ApiSettingsSection(port=0),
            "artifacts": ArtifactsSection(),
            "services": {},
            "secrets": {},
        }
    )
