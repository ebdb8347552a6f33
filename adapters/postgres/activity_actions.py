"""What a person decided in an activity, held against what the activity offered when it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeebe_fleet.adapters.postgres.start_variables import check_variables
from zeebe_fleet.adapters.postgres.tables import Activity
from zeebe_fleet.workers.contract.api_ports import Completion
from zeebe_fleet.workers.contract.cases import CASE_ACTION, CASE_VARIABLES
from zeebe_fleet.workers.contract.refusals import (
    ActionNotOffered,
    FieldError,
    InvalidForm,
    InvalidVariables,
    VariableError,
)


def result_of(activity: Activity, completion: Completion) -> dict[str, Any]:
    """Return what the process is given: what was filled in, and the action that was chosen.

    Raises:
        ActionNotOffered: the activity has no such action, or has some and none was chosen.
        InvalidForm: the action requires something else to be filled in.
        InvalidVariables: the fleet sets some of it itself.
    """
    offered: dict[str, Mapping[str, Any]] = {one["id"]: one for one in activity.actions or ()}
    filled = dict(completion.result)
    if not offered and completion.action is None:
        return filled
    if completion.action not in offered:
        raise ActionNotOffered(completion.action, list(offered))
    if taken := sorted(filled.keys() & set(CASE_VARIABLES)):
        raise InvalidVariables(f"The fleet sets {', '.join(taken)} itself.", "Leave reserved names out.")
    try:
        check_variables(activity.name, offered[completion.action].get("data"), filled)
    except InvalidVariables as error:
        wrong = [FieldError(one.path, _words(one, filled)) for one in error.errors]
        raise InvalidForm(wrong or [FieldError("", error.message)]) from None
    return {**filled, CASE_ACTION: completion.action}


def _words(wrong: VariableError, filled: Mapping[str, Any]) -> str:
    """Say it as a form does; what is empty need not be told how short it is."""
    is_empty = wrong.rule == "required" or filled.get(wrong.path, ...) in ("", None, [])
    return "Must be filled in." if is_empty else f"{wrong.message[:1].upper()}{wrong.message[1:]}."
