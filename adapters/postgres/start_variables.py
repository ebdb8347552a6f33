"""Variables held against what a process says it starts with; values are not repeated in what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import ValidationError

from zeebe_fleet.adapters.json_schema import UnfitSchema, errors_of
from zeebe_fleet.workers.contract.refusals import InvalidVariables, VariableError


def check_variables(process_name: str, schema: Mapping[str, Any] | None, variables: Mapping[str, Any]) -> None:
    """See that variables fit a schema; without one, whatever they are does.

    Raises:
        InvalidVariables: they do not, and where.
    """
    if not schema:
        return
    try:
        wrong = list(dict.fromkeys(told for error in errors_of(schema, variables) for told in _told(error)))
    except UnfitSchema as error:
        raise InvalidVariables(
            f"{process_name} cannot start with these variables: {error}.",
            "Have the input schema of its manifest corrected and deployed, or send less.",
        ) from None
    if wrong:
        raise InvalidVariables(
            f"{process_name} cannot start with these variables: {_said(wrong)}.",
            "See processDefinitions { inputSchema } for what it takes.",
            wrong,
        )


def _told(error: ValidationError) -> Iterator[VariableError]:
    """Say which rule is broken and where, never the value: it may be personal data."""
    path = error.json_path.removeprefix("$").lstrip(".")
    if error.validator == "required":
        there: Any = error.instance
        required: Any = error.validator_value
        for name in required:
            if name not in there:
                yield VariableError(f"{path}.{name}" if path else name, "required", "missing")
    elif error.validator in ("additionalProperties", "unevaluatedProperties"):
        yield VariableError(path, error.validator, "has properties that are not known")
    else:
        yield VariableError(path, str(error.validator), f"must be of {error.validator} {error.validator_value!r}")


def _said(wrong: Sequence[VariableError]) -> str:
    return "; ".join(
        f"{one.path} missing" if one.rule == "required" else f"{one.path or 'variables'}: {one.message}"
        for one in wrong
    )
