"""Asks a part of the stack, over HTTP on this machine, whether it is there."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

LOOPBACK = "127.0.0.1"
_TIMEOUT_S = 2.0


def told(port: int, path: str) -> bytes | None:
    """Return what a server says to a GET, None if it says nothing or nothing good; no proxy is asked."""
    with suppress(HTTPException, OSError), closing(HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_S)) as http:
        http.request("GET", path)
        answer = http.getresponse()
        body = answer.read()
        return body if 200 <= answer.status < 300 else None
    return None


def accepts(port: int) -> bool:
    """Tell whether a server takes connections."""
    with suppress(OSError):
        socket.create_connection((LOOPBACK, port), timeout=_TIMEOUT_S).close()
        return True
    return False
