"""The gateway's generated stubs: pyzeebe's, without the rest of pyzeebe.

Its package imports an OAuth stack, an HTTP client and a retry library: 10 MB and a third of a second for every process
of the fleet, which has its own. So the package is passed over, and only the two generated modules are loaded.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

_PACKAGE = "pyzeebe"


def _generated(name: str) -> Any:
    if _PACKAGE in sys.modules:
        return importlib.import_module(f"{_PACKAGE}.proto.{name}")
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {_PACKAGE!r}", name=_PACKAGE)
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    try:
        return importlib.import_module(f"{_PACKAGE}.proto.{name}")
    finally:
        # Whoever wants pyzeebe itself imports it whole.
        del sys.modules[_PACKAGE]


pb: Any = _generated("gateway_pb2")
GatewayStub: Any = _generated("gateway_pb2_grpc").GatewayStub
