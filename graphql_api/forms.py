"""Checks a result against a Camunda Form: required fields, types, bounds, patterns and choices.

Only what the form asks for is checked; other variables may come along.

Source: https://docs.camunda.io/docs/components/modeler/forms/camunda-forms-reference/
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from zeebe_fleet.engine.feel.linear import TooLongToMatch, is_found
from zeebe_fleet.engine.feel.pattern_classes import PatternError
from zeebe_fleet.workers.contract.refusals import FieldError

Component = Mapping[str, Any]
_EMPTY: tuple[Any, ...] = (None, "", [])
_PHONE = re.compile(r"[+\d][\d\s()./-]{2,}")
_EMAIL_CHARACTERS = 320
"""Source: RFC 5321, 4.5.3.1: 64 before the @, 255 behind it."""
_PHONE_CHARACTERS = 100
_DIGITS = 300
"""Behind the point; more than a number has."""


def form_errors(form: Mapping[str, Any] | None, data: Mapping[str, Any], result: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong with a result; empty when it fits.

    Args:
        form: Camunda Forms JSON; without one, everything fits.
        data: what the form was shown with; choices may come from here (`valuesKey`).
        result: what was filled in.
    """
    return [
        FieldError(key, message)
        for component in fields_of(form or {})
        for key in [str(component["key"])]
        for message in [_problem(component, data, _at(result, key))]
        if message
    ]


def fields_of(form: Mapping[str, Any]) -> Iterator[Component]:
    """Yield the input fields of a form, those inside groups too; what is no component is none."""
    left = _components(form)
    while left:
        component = left.pop()
        kind = component.get("type")
        if kind == "group":
            left += _components(component)
        elif component.get("key") and isinstance(kind, str) and kind in _CHECKS and not component.get("disabled"):
            yield component


def _components(holder: Mapping[str, Any]) -> list[Component]:
    """Return what a form or a group holds, the last first."""
    held = holder.get("components")
    return [one for one in reversed(held) if isinstance(one, Mapping)] if isinstance(held, list) else []


def _rules(component: Component) -> Mapping[str, Any]:
    rules = component.get("validate")
    return rules if isinstance(rules, Mapping) else {}


def _at(result: Mapping[str, Any], key: str) -> Any:
    """Read a field; a dotted key leads into nested objects, as form-js writes them."""
    value: Any = result.get(key)
    if value is None and "." in key:
        value = result
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _problem(component: Component, data: Mapping[str, Any], value: Any) -> str:
    required = bool(_rules(component).get("required"))
    if component["type"] == "checkbox" and required and value is not True:
        return "Must be ticked."
    if value in _EMPTY:
        # a condition decides whether the field is shown at all, and only the page evaluates it
        return "Must be filled in." if required and not component.get("conditional") else ""
    return _CHECKS[component["type"]](component, data, value)


def _text(component: Component, data: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, str):
        return "Must be a text."
    rules = _rules(component)
    if (least := _number_of(rules.get("minLength"))) is not None and len(value) < least:
        return f"Must have at least {least:g} characters."
    if (most := _number_of(rules.get("maxLength"))) is not None and len(value) > most:
        return f"Must have at most {most:g} characters."
    if rules.get("validationType") == "email" and not _is_email(value):
        return "Must be an email address."
    if rules.get("validationType") == "phone" and not _is_phone(value):
        return "Must be a phone number."
    return _unmatched(str(rules["pattern"]), value) if rules.get("pattern") else ""


def _is_email(value: str) -> bool:
    if len(value) > _EMAIL_CHARACTERS or any(map(str.isspace, value)):
        return False
    name, _, host = value.partition("@")
    return bool(name) and "@" not in host and "." in host[1:-1]


def _is_phone(value: str) -> bool:
    return len(value) <= _PHONE_CHARACTERS and _PHONE.fullmatch(value) is not None


def _unmatched(pattern: str, value: str) -> str:
    """Say what is wrong with a text for a pattern, which is found anywhere in it, as form-js finds it."""
    try:
        return "" if is_found(pattern, value) else f"Must match {pattern}."
    except TooLongToMatch:
        return f"Is too long to be matched with {pattern}."
    except PatternError as error:
        return f"Cannot be checked: the form's pattern {pattern[:100]} has to be written another way. {error}"


def _number(component: Component, data: Mapping[str, Any], value: Any) -> str:
    if component.get("serializeToString") and isinstance(value, str):
        number = _number_of(value)
    else:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is None:
        return "Must be a number."
    rules = _rules(component)
    if (least := _number_of(rules.get("min"))) is not None and number < least:
        return f"Must be at least {least:g}."
    if (most := _number_of(rules.get("max"))) is not None and number > most:
        return f"Must be at most {most:g}."
    digits = component.get("decimalDigits")
    if isinstance(digits, int) and 0 <= digits <= _DIGITS and abs(number - round(number, digits)) > 1e-9:
        return f"Must have at most {digits} decimal digits."
    return ""


def _checkbox(component: Component, data: Mapping[str, Any], value: Any) -> str:
    return "" if isinstance(value, bool) else "Must be true or false."


def _choice(component: Component, data: Mapping[str, Any], value: Any) -> str:
    return "" if _all_offered([value], _choices(component, data)) else "Must be one of the choices."


def _choice_list(component: Component, data: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, list):
        return "Must be a list of choices."
    return "" if _all_offered(value, _choices(component, data)) else "Must be some of the choices."


def _all_offered(chosen: Sequence[Any], offered: Sequence[Any] | None) -> bool:
    return offered is None or {_said(one) for one in chosen} <= {_said(one) for one in offered}


def _said(value: Any) -> Any:
    """Return what can be looked up: many may be chosen of many."""
    return value if isinstance(value, str | int | float | None) else ("", json.dumps(value, sort_keys=True))


def _choices(component: Component, data: Mapping[str, Any]) -> list[Any] | None:
    """Return the values that can be chosen; `None` when only the page can know them."""
    offered: Any = component.get("values")
    if offered is None and isinstance(key := component.get("valuesKey"), str):
        offered = data.get(key)
    if not isinstance(offered, Sequence) or isinstance(offered, str):
        return None
    return [one.get("value") if isinstance(one, Mapping) else one for one in offered]


def _datetime(component: Component, data: Mapping[str, Any], value: Any) -> str:
    subtype = str(component.get("subtype", "date"))
    read = {"date": date.fromisoformat, "time": time.fromisoformat}.get(subtype, datetime.fromisoformat)
    try:
        read(value)
    except (TypeError, ValueError):
        return f"Must be a {subtype} in ISO 8601."
    return ""


def _number_of(value: Any) -> float | None:
    try:
        number = None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is None or math.isfinite(number) else None


_CHECKS = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "checkbox": _checkbox,
    "select": _choice,
    "radio": _choice,
    "checklist": _choice_list,
    "taglist": _choice_list,
    "datetime": _datetime,
}
