"""How a bucket is reached: what `FLEET_ARTIFACTS__…` says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def _nothing() -> str:
    return ""


@dataclass(frozen=True)
class S3Access:
    """Endpoint and credentials; where no key is said, what the environment of AWS gives is used."""

    endpoint: str = ""
    """Of a server that is not Amazon's: https://s3.example.com."""
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: Callable[[], str] = field(default=_nothing, repr=False)
    """Asked for whenever a request is signed: it may be renewed meanwhile."""
    session_token: Callable[[], str] = field(default=_nothing, repr=False)
    ca_file: Path | None = None
    """PEM file of the authority behind the endpoint's certificate."""
    timeout_s: float = 10.0
    """Of one request."""
