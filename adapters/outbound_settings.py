"""Where outside services are; apart from the client, which a process without outside services never loads."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator


class ServiceSettings(BaseModel):
    """Where an outside service is and how to be let in."""

    base_url: str
    """Address of the service, without credentials and query: `https://kyc.example.com/v1`."""
    token_secret: str = ""
    """Name of the secret sent as bearer token with every call; empty when the task brings its own headers."""
    timeout_s: float = Field(default=20.0, gt=0)
    """For a whole call, quick tries included; keep it well below the task's lease."""

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, base_url: str) -> str:
        base_url = base_url.strip()
        if any(not character.isprintable() or character.isspace() for character in base_url):
            raise ValueError("it has a blank or a line break inside")
        try:
            url = urlsplit(base_url)
            usable = url.port != 0
        except ValueError:
            raise ValueError("not an address") from None
        if url.scheme not in ("http", "https") or not (usable and url.hostname) or url.query or "@" in url.netloc:
            raise ValueError("write it as https://host/path, without credentials and query")
        return base_url
