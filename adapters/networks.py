"""Which addresses an outside service may have: those of the internet, and such as its settings name.

A name in a service's address, or whoever answers for it, could lead calls with credentials to neighbours of this
machine, to the machine itself, or to the place where a cloud gives out its keys.

Source: https://www.iana.org/assignments/iana-ipv4-special-registry, and the same of IPv6
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*named: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, named))


_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""Where names of IPv4 are looked up in a network that has none: judged by the address inside."""
_CLOSED = _networks(
    "100.64.0.0/10",
    "168.63.129.16/32",  # what a cloud tells its machines, at an address of the internet
    "192.0.0.0/24",
    "192.88.99.0/24",
    "2001::/23",
    "2002::/16",
    "3fff::/20",
)
"""Besides those that Python knows as private: shared, metadata, and with an address of IPv4 inside."""
_OWN = _networks("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
_METADATA = IPv6Network("fd00:ec2::/32")
_LOOPBACK = _networks("127.0.0.0/8", "::1/128")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def read_networks(said: str) -> tuple[Network, ...]:
    """Read networks or addresses, with commas or blanks in between.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(ip_network(one) for one in said.replace(",", " ").split())


def named_by(host: str) -> tuple[Network, ...]:
    """Return what a service's own address names: a private address in full, or `localhost`.

    What lies on the link or inside another address is said by itself, if it is meant.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    address = literal(host)
    if address is None or address in _METADATA or not _within(address, _OWN):
        return ()
    return (ip_network(address),)


def literal(host: str) -> Address | None:
    """Return the address that a host is, if it is one.

    Raises:
        ValueError: it is one in a way that only some understand: `127.1`, `0x7f000001`.
    """
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        socket.inet_aton(host)
    except (OSError, ValueError):
        return None
    raise ValueError("write the IP address in full")


def is_open(address: Address, named: Iterable[Network]) -> bool:
    """Tell whether a service may be there."""
    return _within(address, named) or _is_public(address)


def _is_public(address: Address) -> bool:
    if address.is_multicast or _within(address, _CLOSED):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_reserved
    if address in _TRANSLATED:
        return _is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL_UNICAST and address.is_global and (int(address) >> 32) & 0xFFFF_FFFF not in _ISATAP


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
