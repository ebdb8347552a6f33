"""What an engine can do, told from its version."""

from __future__ import annotations

import re
from typing import Any

from zeebe_fleet.workers.contract.ports import Capabilities

OLDEST = (0, 0)


def version_of(text: str) -> tuple[int, int]:
    """Read major and minor from `8.6.0` or `8.8.0-alpha3`; `(0, 0)` when it is no version."""
    match = re.match(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else OLDEST


def capabilities_of(topology: Any, *, rest: bool, operate: bool = False) -> Capabilities:
    """Tell what the engine behind a gateway can do.

    Args:
        topology: the answer to Topology.
        rest: whether its REST address is known.
        operate: whether there is an Operate to ask.
    """
    version = version_of(topology.gatewayVersion)
    return Capabilities(
        version=topology.gatewayVersion,
        partitions=topology.partitionsCount,
        execution_listeners=version >= (8, 6),
        job_streams=version >= (8, 4),
        incident_search=operate or (rest and version >= (8, 8)),
        user_task_listeners=version >= (8, 8),
    )
