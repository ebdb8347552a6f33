"""Addresses as they are shown: where they lead, without who signs in there, and without what their query says."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_CREDENTIALS = re.compile(r"""((?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://)?[^\s"'<>()]*:[^\s"'<>()]*@""")


def shown(address: str) -> str:
    """Return an address as people, logs and errors may read it.

    A password can hold what ends a host's name elsewhere: whatever stands before the last @ is left out.
    """
    scheme, has_scheme, rest = address.partition("://")
    if not has_scheme:
        scheme, rest = "", address
    place = re.split("[?#]", rest.rpartition("@")[2])[0]
    return f"{scheme}://{place}" if has_scheme and _SCHEME.fullmatch(scheme) else place


def without_userinfo(text: str) -> str:
    """Return what somebody said, without the credentials of the addresses in it."""
    return _CREDENTIALS.sub(lambda found: found[1] or "", text) if "@" in text else text
