"""Paths below a service's own address, whatever an outside answer or a variable put into them.

Servers and the proxies before them take percent-encoding off once or twice, read backslashes as slashes, drop what
follows a semicolon and fold other scripts' dots. So a path is looked at in each of these readings, and refused where it
leads up in any of them.

Source: RFC 3986, sections 3.3, 5.2.4 and 7.3
"""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

_ENCODED = re.compile("%[0-9A-Fa-f]{2}")
_READINGS = 8
"""Whatever still changes after so many decodings means no good."""


def leads_elsewhere(path: str) -> bool:
    """Tell whether a path, with or without a query, could be read as one outside of where it begins."""
    if not path.startswith("/") or "#" in path or not _is_plain(path):
        return True
    reading = path.partition("?")[0]
    for _ in range(_READINGS):
        if _climbs(reading):
            return True
        decoded = _decoded(reading)
        if decoded is None:
            return True
        if decoded == reading:
            return False
        reading = decoded
    return True


def _climbs(path: str) -> bool:
    folded = normalize("NFKC", path)
    if not _is_plain(folded) or "\\" in folded or folded.startswith("//"):
        return True
    return any(_name(segment) in (".", "..") for segment in folded.split("/"))


def _name(segment: str) -> str:
    """Return a segment without its parameters and the blanks that some servers drop."""
    return segment.partition(";")[0].strip()


def _is_plain(text: str) -> bool:
    """Tell whether there is no control character in it, nor half of a character, nor one that cannot be seen."""
    return all(character.isprintable() or character == " " for character in text)


def _decoded(path: str) -> str | None:
    """Take percent-encoding off once; nothing where it is none, or no UTF-8: an overlong dot is another's dot."""
    if len(_ENCODED.findall(path)) != path.count("%"):
        return None
    try:
        return unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return None
