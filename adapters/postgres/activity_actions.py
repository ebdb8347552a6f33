"""What a person decided in an activity, held against what the activity offered when it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        InvalidForm: the action requires something else to be filled in, or neither it nor the form asks for something.
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
    asked = offered[completion.action].get("data") or {}
    if beyond := _beyond(activity.form, asked, filled):
        raise InvalidForm([FieldError(name, "Is not asked for here.") for name in beyond])
    try:
        check_variables(activity.name, asked, filled)
    except InvalidVariables as error:
        wrong = [FieldError(one.path, _words(one, filled)) for one in error.errors]
        raise InvalidForm(wrong or [FieldError("", error.message)]) from None
    return {**filled, CASE_ACTION: completion.action}


def _beyond(form: Mapping[str, Any] | None, asked: Mapping[str, Any], filled: Mapping[str, Any]) -> list[str]:
    """Return what nobody was asked for: a case's variables lie in one scope, and its decisions read them all."""
    if form is None or asked.get("additionalProperties") is True:
        return []
    return sorted(filled.keys() - {*_names(form), *asked.get("properties", ()), *asked.get("required", ())})


def _names(form: Mapping[str, Any]) -> Iterator[str]:
    """Yield the variables that a form fills in, those of groups and lists under the name of the outermost path."""
    held = form.get("components")
    for component in held if isinstance(held, list) else ():
        if not isinstance(component, Mapping) or component.get("disabled"):
            continue
        if name := str(component.get("path") or component.get("key") or "").partition(".")[0]:
            yield name
        else:
            yield from _names(component)


def _words(wrong: VariableError, filled: Mapping[str, Any]) -> str:
    """Say it as a form does; what is empty need not be told how short it is."""
    is_empty = wrong.rule == "required" or filled.get(wrong.path, ...) in ("", None, [])
    return "Must be filled in." if is_empty else f"{wrong.message[:1].upper()}{wrong.message[1:]}."
