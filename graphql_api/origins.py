"""Whose pages may ask: those of the public address, and of other origins by setting, with a bearer token only.

Source: RFC 6454; https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from zeebe_fleet.graphql_api.settings import ApiSettings
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import FleetError

_PORTS = {"http": 80, "https": 443}
_PREFLIGHT_S = "600"

Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Origins:
    """Origins that count as ours, and those that may ask as strangers do.

    Args:
        public: of the public address; nothing where it is whatever host was asked for.
        allowed: others.
    """

    public: Origin | None
    allowed: frozenset[Origin]

    @classmethod
    def of(cls, settings: ApiSettings) -> Self:
        """Read them from settings.

        Raises:
            FleetError: the public address or an origin is none, or has what it cannot have.
        """
        public = settings.oidc.public_url if settings.oidc else ""
        return cls(
            check_public_url(public) if public else None,
            frozenset(_allowed(one) for one in settings.allowed_origins),
        )

    def is_own(self, origin: str, host: str) -> bool:
        """Tell whether a page of this origin is one of ours.

        Args:
            host: the Host header; counts where there is no public address.
        """
        asking = origin_of(origin)
        if asking is None:
            return False
        return asking == (self.public or origin_of(f"{asking[0]}://{host}"))

    def allows(self, origin: str) -> bool:
        """Tell whether a page of another origin may ask, with a token of its own."""
        return origin_of(origin) in self.allowed


def origin_of(address: str) -> Origin | None:
    """Return scheme, host and port of an address, the port even where it is the scheme's own; nothing for none."""
    parts = _split(address)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def check_public_url(address: str) -> Origin:
    """Check the address at which people open the page.

    Raises:
        FleetError: it is none, or has a path: the page, its cookies and the way back from a provider stand at a root.
    """
    origin, parts = origin_of(address), _split(address)
    if origin is None or parts is None or "@" in address or parts.query or parts.fragment:
        raise FleetError(
            f"FLEET_API__OIDC__PUBLIC_URL is no address of a page: {shown(address)!r}.",
            "Write https://fleet.example.com.",
        )
    if parts.path.strip("/"):
        raise FleetError(
            f"FLEET_API__OIDC__PUBLIC_URL has a path, {parts.path!r}; the page works at the root of a host only.",
            f"Give it a host name of its own, for example https://fleet.{parts.hostname}.",
        )
    return origin


def shared_headers(origin: str) -> dict[str, str]:
    """Return what lets a page of another origin read an answer; no cookie may come with it."""
    return {"access-control-allow-origin": origin, "vary": "origin"}


def preflight_headers(wanted: str) -> dict[str, str]:
    """Return what lets such a page ask.

    Args:
        wanted: the names of headers that it means to send; clients have some of their own.
    """
    return {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": wanted or "authorization, content-type",
        "access-control-max-age": _PREFLIGHT_S,
    }


def _allowed(address: str) -> Origin:
    origin, parts = origin_of(address), _split(address)
    if origin is None or parts is None or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise FleetError(
            f"FLEET_API__ALLOWED_ORIGINS holds what is no origin: {shown(address)!r}.", "Write https://app.example.com."
        )
    return origin


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address.strip().lower())
        _ = parts.port
    except ValueError:
        return None
    return parts
