"""The Camunda that is played: what each version says of itself, and what its REST API has.

| played | gateway says | searches by REST | absent fields in REST | resources of REST v2 |
|-|-|-|-|-|
| 8.6 | 8.6.0 | none without a search engine beside it | left out | `RESOURCES` |
| 8.7 | 8.7.0 | none without a search engine beside it | left out | `RESOURCES` |
| 8.8 | 8.8.0 | yes | left out | `RESOURCES` |
| 8.9 | 8.9.0 | yes | null | `RESOURCES` |

Source: https://docs.camunda.io/docs/reference/announcements-release-notes/overview/, and the REST API's pages of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """One version of Camunda 8.

    Args:
        number: major and minor, to be compared.
        gateway: what Topology says.
        nulls: whether REST says what is absent as null, or leaves it out.
    """

    number: tuple[int, int]
    gateway: str
    nulls: bool

    @property
    def name(self) -> str:
        """As `--as` takes it."""
        return "{}.{}".format(*self.number)

    def has(self, since: tuple[int, int]) -> bool:
        """Tell whether something that came with a version is there."""
        return self.number >= since


VERSIONS: Mapping[str, Version] = {
    one.name: one
    for one in (
        Version((8, 6), "8.6.0", nulls=False),
        Version((8, 7), "8.7.0", nulls=False),
        Version((8, 8), "8.8.0", nulls=False),
        Version((8, 9), "8.9.0", nulls=True),
    )
}
DEFAULT = VERSIONS["8.9"]
SEARCH = (8, 8)
"""The first version that can be searched by REST."""
TASK_LISTENERS = (8, 8)
"""The first version whose user tasks have listeners; those before pass them over."""

RESOURCES: Mapping[str, tuple[int, int]] = {
    "authentication": (8, 8),
    "authorizations": (8, 8),
    "batch-operation-items": (8, 8),
    "batch-operations": (8, 8),
    "clock": (8, 6),
    "correlated-message-subscriptions": (8, 9),
    "decision-definitions": (8, 6),
    "decision-instances": (8, 8),
    "decision-requirements": (8, 8),
    "deployments": (8, 6),
    "documents": (8, 7),
    "element-instances": (8, 6),
    "expression": (8, 9),
    "groups": (8, 8),
    "incidents": (8, 6),
    "jobs": (8, 6),
    "license": (8, 6),
    "mapping-rules": (8, 8),
    "message-subscriptions": (8, 8),
    "messages": (8, 6),
    "process-definitions": (8, 8),
    "process-instances": (8, 6),
    "resources": (8, 6),
    "roles": (8, 8),
    "signals": (8, 6),
    "status": (8, 8),
    "system": (8, 8),
    "tenants": (8, 8),
    "topology": (8, 6),
    "user-tasks": (8, 6),
    "users": (8, 8),
    "variables": (8, 8),
}
"""First segments below `/v2` and the version each came with: what of them is not served answers 501, all else 404."""
