"""Which workflow a workflow carries on: rows of it are open to whoever says so, so they must see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.workers.contract.job import PARENT_VARIABLE
from zeebe_fleet.workers.contract.refusals import InvalidVariables, WorkflowNotFound


async def check_parent(context: Context, variables: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """Let variables name only a parent that the principal may see.

    Args:
        before: variables as they are; who leaves the parent as it is names none.

    Raises:
        InvalidVariables: they name another one, or none that there is.
    """
    named = variables.get(PARENT_VARIABLE)
    if named in (None, "") or named == (before or {}).get(PARENT_VARIABLE) or context.policy.has_overview:
        return
    try:
        context.policy.check_seen(await context.workflow.load(UUID(str(named))))
    except (ValueError, WorkflowNotFound):
        raise InvalidVariables(
            f"{PARENT_VARIABLE} names no workflow that you may see.", "Give the id of a workflow that yours carries on."
        ) from None
