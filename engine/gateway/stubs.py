"""The gateway's messages: pyzeebe's, without the rest of pyzeebe.

Its package imports an OAuth stack, an HTTP client and a retry library: 30 MB and a seventh of a second, of which the
engine needs nothing. So the package is passed over, and the one generated module is loaded.
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
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {_PACKAGE!r}", name=_PACKAGE)
    loaded = f"{_PACKAGE}.proto.{name}"
    if loaded in sys.modules:
        return sys.modules[loaded]
    folder = f"{spec.submodule_search_locations[0]}/proto"
    found = importlib.util.spec_from_file_location(loaded, f"{folder}/{name}.py")
    if found is None or found.loader is None:
        raise ModuleNotFoundError(f"No module named {loaded!r}", name=loaded)
    module = importlib.util.module_from_spec(found)
    # Whoever loads pyzeebe afterwards must find this one: the messages can be registered only once.
    sys.modules[loaded] = module
    found.loader.exec_module(module)
    return module


pb: Any = _generated("gateway_pb2")
SERVICE: Any = pb.DESCRIPTOR.services_by_name["Gateway"]
