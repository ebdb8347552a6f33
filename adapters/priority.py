"""How urgent a user task is: jobs do not tell, the model does, by a number or an expression."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import structlog

from zeebe_fleet.workers.contract.ports import DEFAULT_PRIORITY

_HIGHEST = 100

log = structlog.get_logger("fleet.human_tasks")


def priority_of(written: str, variables: Mapping[str, Any]) -> int:
    """Return 0 to 100; what gives no such number is logged, and the task is as urgent as most.

    Source: `zeebe:priorityDefinition`, Camunda 8.6, "User tasks": 50 unless said.
    """
    found = _evaluated(written[1:], variables) if written.startswith("=") else _number(written)
    if found is not None and 0 <= found <= _HIGHEST:
        return int(found)
    if written:
        log.warning("human_tasks.no_priority", written=written)
    return DEFAULT_PRIORITY


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() else None


def _evaluated(expression: str, variables: Mapping[str, Any]) -> int | None:
    from zeebe_fleet.engine import feel  # most models need none

    try:
        found = feel.parse(expression).evaluate(
            lambda name: feel.from_json(json.dumps(variables[name])) if name in variables else feel.MISSING,
            time.time_ns() // 1_000_000,
        )
    except (feel.FeelSyntaxError, feel.FeelFailure):
        return None
    is_number = isinstance(found, int | float | Decimal) and not isinstance(found, bool)
    return int(found) if is_number and found == int(found) else None
