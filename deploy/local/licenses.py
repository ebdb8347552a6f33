"""What the user of each engine distribution has to be told."""

from __future__ import annotations

_COMMUNITY = "under the Zeebe Community License 1.1 (source-available; not to be offered as a commercial service)"
_CAMUNDA = "under the Camunda License 1.0: free for development, test and other non-production use only"


def notice(engine_version: str) -> str:
    """One line on the license of a Zeebe distribution, by its version such as `8.6.0`."""
    major, minor = (int(number) for number in engine_version.split(".")[:2])
    terms = _CAMUNDA if (major, minor) >= (8, 6) else _COMMUNITY
    return f"Zeebe {engine_version} is used {terms}. Production needs a license from Camunda, or your own Camunda 8."


def operate_notice(version: str) -> str:
    """One line on the license of Operate, and of the OpenSearch below it."""
    return f"Operate {version} is used {_CAMUNDA}; OpenSearch under the Apache License 2.0."
