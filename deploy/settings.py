"""Every setting, read from the environment (`FLEET_…`) and from `.env`."""

from __future__ import annotations

import secrets as randomness
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from zeebe_fleet.adapters.outbound_settings import ServiceSettings
from zeebe_fleet.workers.contract.job import DEFAULT_TENANT

SHIPPED_APP = "zeebe_fleet.bpmn.shipped"
"""The processes and tasks that come with the fleet; loaded only when named."""


class ZeebeSettings(BaseModel):
    """Where a remote engine is and how to be let in."""

    address: str = Field(default="", description="Host and port of the gRPC gateway; empty for the local engine.")
    rest_address: str = Field(default="", description="Base address of the REST API (8.8 and newer).")
    tls: bool = Field(default=False, description="Speak TLS.")
    ca_file: Path | None = Field(default=None, description="PEM file of the authority behind the certificate.")
    client_id: str = Field(default="", description="OAuth client; empty for no credentials.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="OAuth client secret.")
    authorization_server: str = Field(default="", description="Address of the token endpoint.")
    audience: str = Field(default="", description="Audience of the token.")
    scope: str = Field(default="", description="Scope of the token.")
    tenant_id: str = Field(default=DEFAULT_TENANT, description="Tenant of everything sent and taken.")
    timeout_s: float = Field(default=10.0, description="Deadline of a call, in seconds.")
    operate_url: str = Field(
        default="",
        description="Base address of an Operate to ask for incidents, where the engine itself cannot (8.6, 8.7).",
    )
    operate_username: str = Field(default="", description="Who signs in to that Operate; empty: the OAuth client does.")
    operate_password: SecretStr = Field(default=SecretStr(""), description="The password of that account.")


class OidcSection(BaseModel):
    """People's provider of OpenID Connect; without an issuer they are personas."""

    issuer: str = Field(
        default="", description="The provider, as its tokens name it: https://login.example.com/realms/x."
    )
    client_id: str = Field(default="", description="The client that was registered there for the page.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="Its secret.")
    scope: str = Field(default="openid profile email", description="What is asked for; some send groups for a scope.")
    subject_claim: str = Field(
        default="preferred_username", description="Claim by which people are known, also as BPMN's assignee."
    )
    groups_claim: str = Field(default="groups", description="Claim with a list of groups: BPMN's candidate groups.")
    operator_groups: list[str] = Field(default=[], description="Groups whose members see and repair every workflow.")
    admin_groups: list[str] = Field(default=[], description="Groups whose members may do anything.")
    public_url: str = Field(default="", description="Where people open the page; needed behind a proxy that ends TLS.")
    ca_file: Path | None = Field(default=None, description="PEM file of the authority behind its certificate.")


class ApiSettingsSection(BaseModel):
    """The GraphQL API and the inbox."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; loopback only without OIDC.")
    port: int = Field(default=8080, description="Port to listen on; the next free one when taken locally.")
    url: str = Field(default="", description="Where adapters and tasks find the API; derived from host and port.")
    service_token: SecretStr = Field(
        default_factory=lambda: SecretStr(randomness.token_urlsafe(32)),
        description="Credential of the service role; adapters and API must share it.",
    )
    session_key: SecretStr = Field(
        default_factory=lambda: SecretStr(randomness.token_urlsafe(32)), description="Signs login sessions."
    )
    session_s: float = Field(default=43_200.0, description="How long a login lasts, in seconds.")
    oidc: OidcSection = OidcSection()
    operate_url: str = Field(
        default="",
        description="Operate as browsers reach it: https://…/operate; that of Docker's engine when empty.",
    )
    sandbox_url: str = Field(
        default="", description="Sandbox whose services the start page may put out of order; the local one in a demo."
    )


class HealthSettings(BaseModel):
    """Liveness, readiness and metrics of each process."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 in a container.")
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
    app: str = Field(default="", description="Module with the processes and tasks; from pyproject.toml when empty.")
    database_url: str = Field(default="", description="postgresql:// address; empty for the local database.")
    state: Path = Field(default=Path(".fleet"), description="Folder of the local stack's data and logs.")
    human_tasks: Literal["deployed", "all"] = Field(
        default="deployed", description="Whether user tasks of processes that others deployed become activities too."
    )
    zeebe: ZeebeSettings = ZeebeSettings()
    api: ApiSettingsSection = ApiSettingsSection()
    health: HealthSettings = HealthSettings()
    records: RecordsSettings = RecordsSettings()
    services: dict[str, ServiceSettings] = Field(default_factory=dict, description="Outside services by name.")
    secrets: dict[str, SecretStr] = Field(default_factory=dict, description="Credentials for tasks, by name.")
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines are written.")

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


def on_the_local_stack(app: str, state: Path) -> Settings:
    """Settings of an app as on a machine where no engine, database, service or secret is set."""
    return Settings().model_copy(
        update={
            "engine": "builtin",
            "app": app,
            "database_url": "",
            "state": state,
            "zeebe": ZeebeSettings(),
            "api": ApiSettingsSection(port=0),
            "services": {},
            "secrets": {},
        }
    )
