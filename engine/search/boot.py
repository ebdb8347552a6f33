"""The run of the operating system: what was not synced in another one may be lost."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.platform == "darwin":
    import ctypes

UNKNOWN = "?"
_MAC_NAME = b"kern.bootsessionuuid"
_LONGEST = 64


def name() -> str:
    """Name this run of the operating system; `UNKNOWN` where it does not say."""
    try:
        return _name() or UNKNOWN
    except (OSError, AttributeError):
        return UNKNOWN


if sys.platform == "darwin":

    def _name() -> str:
        text, length = ctypes.create_string_buffer(_LONGEST), ctypes.c_size_t(_LONGEST)
        if ctypes.CDLL(None).sysctlbyname(_MAC_NAME, text, ctypes.byref(length), None, ctypes.c_size_t(0)) != 0:
            return ""
        return text.value.decode("ascii", "replace")

else:

    def _name() -> str:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
