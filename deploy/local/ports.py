"""TCP ports on the loopback interface: the usual one, or another when it is taken."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection, Mapping

_LOOPBACK = "127.0.0.1"
# Below what systems give to outgoing connections: a port remembered for the next start must not be lent to one.
_RANGE = range(20_000, 32_000)


def choose_ports(
    defaults: Mapping[str, int], remembered: Mapping[str, int], avoid: Collection[int] = ()
) -> dict[str, int]:
    """Choose a port for each name: the one of last time, else the default, else any that is free.

    Args:
        avoid: ports given to somebody else of ours, or just found to be taken.
    """
    chosen: dict[str, int] = {}
    for name, default in defaults.items():
        used = {*avoid, *chosen.values()}
        wanted = [remembered[name]] if name in remembered else []
        usable = (port for port in [*wanted, default] if port not in used and is_free(port))
        chosen[name] = next(usable, None) or any_free_port(used)
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        # As servers do; otherwise the connections of a stack stopped a moment ago would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
        return True


def any_free_port(used: Collection[int] = ()) -> int:
    """A port that nobody listens on."""
    while True:
        port = random.choice(_RANGE)
        if port not in used and is_free(port):
            return port
