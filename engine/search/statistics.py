"""How many instances each element has, of one process instance or of all of a definition.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/specifications/get-process-definition-statistics/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeebe_fleet.engine.search.conditions import matching
from zeebe_fleet.engine.search.entities import PROCESS_INSTANCES, Since
from zeebe_fleet.engine.search.query import Read, bounded

Item = dict[str, Any]
_COUNTED = (
    "SELECT a.element_id, sum(a.state = 'ACTIVE' AND NOT a.stuck), sum(a.state = 'TERMINATED'),"
    " sum(a.state = 'ACTIVE' AND a.stuck), sum(a.state = 'COMPLETED') FROM (SELECT n.element_id, n.state, EXISTS"
    " (SELECT 1 FROM incident i WHERE i.instance_key = n.key AND i.state = 'ACTIVE') AS stuck"
    " FROM element_instance n {}) a GROUP BY a.element_id ORDER BY a.element_id"
)
_NAMES = ("elementId", "active", "canceled", "incidents", "completed")


def of_instance(process_instance_key: int, read: Read) -> list[Item]:
    """Count the elements of a process instance."""
    return _items(read(_COUNTED.format("WHERE n.process_instance_key = ?"), [process_instance_key]))


def of_definition(definition_key: int, wanted: Mapping[str, Any], version: Since, read: Read) -> list[Item]:
    """Count the elements of a definition's instances.

    Args:
        wanted: filter of process instances.
    """
    condition, values = bounded(
        matching(PROCESS_INSTANCES, wanted, version), ("n.definition_key = ?", [definition_key])
    )
    joined = "JOIN process_instance p ON p.key = n.process_instance_key JOIN definition d ON d.key = p.definition_key"
    return _items(read(_COUNTED.format(f"{joined} WHERE {condition}"), values))


def _items(rows: list[tuple[Any, ...]]) -> list[Item]:
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]
