"""Where the engine is and how to reach it: plaintext, TLS, OAuth client credentials, SaaS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.job import DEFAULT_TENANT

MAX_RECEIVED_BYTES = 64 * 1024 * 1024
"""An activation answer that the client refuses leaves its jobs leased to nobody; gateways send 4 MB by default."""
CHANNEL_OPTIONS = (
    # As the Java client does it; gateways refuse more frequent pings.
    ("grpc.keepalive_time_ms", 45_000),
    ("grpc.max_receive_message_length", MAX_RECEIVED_BYTES),
    ("grpc.max_send_message_length", -1),
    # The default grows to two minutes: an engine that was away for a while would stay away for longer.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


Secret = str | Callable[[], str]
"""A secret, or what reads it where it is kept."""


def read_secret(secret: Secret) -> str:
    """Return a secret as it is now."""
    return secret() if callable(secret) else secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """Credentials for the client-credentials grant.

    Args:
        authorization_server: address of the token endpoint itself.
        audience: sent when given; SaaS and Keycloak's audience mappers want it.
        scope: sent when given; Microsoft Entra wants `<app id>/.default`.

    Source: RFC 6749, section 4.4.
    """

    client_id: str
    client_secret: Secret = field(repr=False)
    authorization_server: str
    audience: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperateAccess:
    """How to reach an Operate.

    Args:
        url: the address that `/v1/incidents/search` lies below.
        username: for a session; without one, the engine's OAuth client is used.
    """

    url: str
    username: str = ""
    password: Secret = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConnection:
    """How to reach one engine.

    Args:
        address: host and port of the gRPC gateway.
        rest_address: base address of the REST API; only 8.8 and newer are asked there.
        tls: speak TLS; implied by `ca_file`.
        ca_file: PEM file of the authority that signed the gateway's certificate; without one, the usual ones.
        oauth: credentials; without them no token is sent.
        tenant_id: tenant of everything sent and taken.
        timeout_s: deadline of a call, and what a long poll gets on top of its own wait.
        operate: an Operate to ask for incidents, where the engine itself cannot say.
    """

    address: str
    rest_address: str = ""
    tls: bool = False
    ca_file: Path | None = None
    oauth: OAuthClient | None = None
    tenant_id: str = DEFAULT_TENANT
    timeout_s: float = 10.0
    operate: OperateAccess | None = None

    @classmethod
    def saas(
        cls, cluster_id: str, region: str, client_id: str, client_secret: str, *, timeout_s: float = 10.0
    ) -> EngineConnection:
        """Return the connection to a Camunda 8 SaaS cluster.

        Source: https://docs.camunda.io/docs/guides/setup-client-connection-credentials/
        """
        return cls(
            address=f"{cluster_id}.{region}.zeebe.camunda.io:443",
            rest_address=f"https://{region}.zeebe.camunda.io/{cluster_id}",
            tls=True,
            oauth=OAuthClient(
                client_id=client_id,
                client_secret=client_secret,
                authorization_server="https://login.cloud.camunda.io/oauth/token",
                audience="zeebe.camunda.io",
            ),
            timeout_s=timeout_s,
        )

    def channel(self) -> Any:
        """Open a channel; it connects when it is first used, and reconnects by itself.

        It belongs to the event loop that is running now.
        """
        if not (self.tls or self.ca_file):
            return grpc.aio.insecure_channel(self.address, CHANNEL_OPTIONS)
        credentials = grpc.ssl_channel_credentials(self._authority())
        return grpc.aio.secure_channel(self.address, credentials, CHANNEL_OPTIONS)

    def _authority(self) -> bytes | None:
        if self.ca_file is None:
            return None
        try:
            return self.ca_file.read_bytes()
        except OSError as error:
            raise DefinitionError(
                f"The engine's CA file {self.ca_file} cannot be read: {error.strerror}.",
                "Name a PEM file, or none to use the system's authorities.",
            ) from error
