"""Connections to outside services: to addresses that were looked at, and to no others.

A name is looked up once a call, and what was found is what is connected to: nobody can answer with another address
between the look and the connection. The name stays in the Host header and in TLS, where the certificate is held to it.
Behind a proxy it is the proxy that looks names up, and that has to know where it may lead.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from zeebe_fleet.adapters.networks import Address, is_open, literal
from zeebe_fleet.adapters.outbound_settings import ServiceSettings
from zeebe_fleet.workers.contract.errors import PermanentError

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
FOUND = "zeebe_fleet.addresses"
"""Extension of a request: the list of what its host was found to be, filled by the first try."""
_LIMITS = httpx.Limits(max_connections=256, max_keepalive_connections=64)


async def look_up(host: str, port: int) -> Sequence[Address]:
    """Return the addresses of a name, as the system knows them.

    Raises:
        OSError: it knows none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(one[4][0])) for one in found))


def transport_to(
    name: str, settings: ServiceSettings, trusted: Callable[[], ssl.SSLContext], resolve: Resolve
) -> httpx.AsyncBaseTransport:
    """Return the way to a service: by the environment's proxy, if there is one for it, else straight."""
    verify: ssl.SSLContext | bool = trusted() if settings.base_url.startswith("https:") else False
    if proxy := _proxy(settings.base_url):
        return httpx.AsyncHTTPTransport(verify=trusted(), limits=_LIMITS, proxy=proxy)
    return Pinned(name, settings, httpx.AsyncHTTPTransport(verify=verify, limits=_LIMITS, trust_env=False), resolve)


class Pinned(httpx.AsyncBaseTransport):
    """Sends each request to an address of its host that the service may have.

    Args:
        inner: connects; it is never given a name.
    """

    def __init__(self, name: str, settings: ServiceSettings, inner: httpx.AsyncBaseTransport, resolve: Resolve) -> None:
        self._name = name
        self._named = settings.named_networks
        self._inner = inner
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Try one address after the other.

        Raises:
            PermanentError: the host has none where the service may be.
        """
        found: list[Address] = request.extensions.setdefault(FOUND, [])
        if not found:
            found.extend(await self._look(request.url))
        for address in found[:-1]:
            try:
                return await self._inner.handle_async_request(_to(address, request))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_to(found[-1], request))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()

    async def _look(self, url: httpx.URL) -> Sequence[Address]:
        host, port = url.raw_host.decode("ascii").strip("[]"), url.port or {"https": 443}.get(url.scheme, 80)
        if (given := literal(host)) is not None:
            found: Sequence[Address] = [given]
        else:
            try:
                found = await self._resolve(host, port)
            except OSError as error:
                raise httpx.ConnectError("the name is unknown") from error
        allowed = [address for address in found if is_open(address, self._named)]
        if not allowed:
            said = ", ".join(map(str, found)) or "no address"
            raise PermanentError(
                f"The service {self._name} is found at {said}, where it may not be.",
                f"If that is right, name the network in FLEET_SERVICES__{self._name.upper()}__NETWORKS.",
            )
        return allowed


def _to(address: Address, request: httpx.Request) -> httpx.Request:
    """Return the request as it goes to an address; name and certificate stay those of its host."""
    name = request.url.raw_host.decode("ascii")
    sent_to = request.url.copy_with(host=str(address))
    tls = {} if name.strip("[]") == str(address) else {"sni_hostname": name}
    return httpx.Request(
        request.method,
        sent_to,
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, **tls},
    )


def _proxy(base_url: str) -> str:
    """Return the proxy that the environment names for an address; none for one on this machine."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    address = literal(host)
    if host == "localhost" or (address is not None and address.is_loopback) or proxy_bypass(host):
        return ""
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all") or ""
    return found if "://" in found or not found else f"http://{found}"
