"""Where outside services are; apart from the client, which a process without outside services never loads."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from zeebe_fleet.adapters.networks import Network, is_open, literal, named_by, read_networks
from zeebe_fleet.adapters.outbound_paths import leads_elsewhere


class ServiceSettings(BaseModel):
    """Where an outside service is and how to be let in."""

    base_url: str
    """Address of the service, without credentials and query: `https://kyc.example.com/v1`."""
    token_secret: str = ""
    """Name of the secret sent as bearer token with every call; empty when the task brings its own headers."""
    timeout_s: float = Field(default=20.0, gt=0)
    """For a whole call, quick tries included; keep it well below the task's lease."""
    networks: str = ""
    """Private networks that it may be found in: `10.20.0.0/16, 192.168.7.4`. An address in `base_url` names itself."""

    @property
    def named_networks(self) -> tuple[Network, ...]:
        """Where it may be besides the internet."""
        return (*read_networks(self.networks), *named_by(urlsplit(self.base_url).hostname or ""))

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, base_url: str) -> str:
        base_url = base_url.strip()
        if any(not character.isprintable() or character.isspace() for character in base_url):
            raise ValueError("it has a blank or a line break inside")
        try:
            url = urlsplit(base_url)
            usable = url.port != 0 and url.hostname
        except ValueError:
            raise ValueError("not an address") from None
        if url.scheme not in ("http", "https") or not usable or {*"?#@\\"} & {*base_url}:
            raise ValueError("write it as https://host/path, without credentials and query")
        if leads_elsewhere(url.path or "/"):
            raise ValueError("its path holds dots, or what could be read as such")
        literal(url.hostname or "")
        return base_url

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, networks: str) -> str:
        try:
            read_networks(networks)
        except ValueError:
            raise ValueError("write them as 10.20.0.0/16, with commas in between") from None
        return networks

    @model_validator(mode="after")
    def _may_be_there(self) -> Self:
        address = literal(urlsplit(self.base_url).hostname or "")
        if address is not None and not is_open(address, self.named_networks):
            raise ValueError("the address of base_url lies where no service is looked for; name it in networks as well")
        return self
