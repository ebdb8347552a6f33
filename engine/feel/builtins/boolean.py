"""Boolean functions, and those for missing values.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-boolean/
"""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.limits import FeelFailure


@builtin("not", "negand: boolean")
def negation(negand: bool) -> bool:
    """Return the other truth value."""
    return not negand


@builtin("is defined", "value: any")
def is_defined(value: Any) -> bool:
    """Tell whether a value is not null; a missing variable is null."""
    return value is not None


@builtin("get or else", "value: any", "default: any")
def get_or_else(value: Any, default: Any) -> Any:
    """Return the value, or the default for null."""
    return default if value is None else value


@builtin("assert", "value: any", "condition: any")
def affirm(value: Any, condition: Any) -> Any:
    """Return the value if the condition holds.

    Raises:
        FeelFailure: It does not.
    """
    if condition is not True:
        raise FeelFailure("The condition is not fulfilled")
    return value


@builtin("assert", "value: any", "condition: any", "cause: any")
def affirm_because(value: Any, condition: Any, cause: Any) -> Any:
    """Return the value if the condition holds.

    Raises:
        FeelFailure: It does not, in the words of the cause.
    """
    if condition is not True:
        raise FeelFailure(cause if type(cause) is str else "The condition is not fulfilled")
    return value
