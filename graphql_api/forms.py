"""Checks a result against a Camunda Form: required fields, types, bounds, patterns and choices.

Only what the form asks for is checked; other variables may come along.

Source: https://docs.camunda.io/docs/components/modeler/forms/camunda-forms-reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from zeebe_fleet.workers.contract.refusals import FieldError

Component = Mapping[str, Any]
_EMPTY: tuple[Any, ...] = (None, "", [])
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"[+\d][\d\s()./-]{2,}")
_PATTERN_BYTES = 2_000
"""A pattern is not tried on longer texts: it could take for ever."""


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
    """Yield the input fields of a form, those inside groups too."""
    for component in form.get("components") or ():
        if component.get("type") == "group":
            yield from fields_of(component)
        elif component.get("key") and component.get("type") in _CHECKS and not component.get("disabled"):
            yield component


def _at(result: Mapping[str, Any], key: str) -> Any:
    """Read a field; a dotted key leads into nested objects, as form-js writes them."""
    value: Any = result.get(key)
    if value is None and "." in key:
        value = result
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _problem(component: Component, data: Mapping[str, Any], value: Any) -> str:
    required = bool((component.get("validate") or {}).get("required"))
    if component["type"] == "checkbox" and required and value is not True:
        return "Must be ticked."
    if value in _EMPTY:
        # a condition decides whether the field is shown at all, and only the page evaluates it
        return "Must be filled in." if required and not component.get("conditional") else ""
    return _CHECKS[component["type"]](component, data, value)


def _text(component: Component, data: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, str):
        return "Must be a text."
    rules = component.get("validate") or {}
    if (least := _number_of(rules.get("minLength"))) is not None and len(value) < least:
        return f"Must have at least {least:g} characters."
    if (most := _number_of(rules.get("maxLength"))) is not None and len(value) > most:
        return f"Must have at most {most:g} characters."
    if rules.get("validationType") == "email" and not _EMAIL.fullmatch(value):
        return "Must be an email address."
    if rules.get("validationType") == "phone" and not _PHONE.fullmatch(value):
        return "Must be a phone number."
    return "" if _matches(rules.get("pattern"), value) else f"Must match {rules['pattern']}."


def _matches(pattern: Any, value: str) -> bool:
    if not pattern:
        return True
    try:
        return len(value) <= _PATTERN_BYTES and re.search(str(pattern), value) is not None
    except re.error:
        return True  # a JavaScript pattern that Python cannot read: the page checks it


def _number(component: Component, data: Mapping[str, Any], value: Any) -> str:
    if component.get("serializeToString") and isinstance(value, str):
        number = _number_of(value)
    else:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is None:
        return "Must be a number."
    rules = component.get("validate") or {}
    if (least := _number_of(rules.get("min"))) is not None and number < least:
        return f"Must be at least {least:g}."
    if (most := _number_of(rules.get("max"))) is not None and number > most:
        return f"Must be at most {most:g}."
    digits = component.get("decimalDigits")
    if isinstance(digits, int) and abs(number - round(number, digits)) > 1e-9:
        return f"Must have at most {digits} decimal digits."
    return ""


def _checkbox(component: Component, data: Mapping[str, Any], value: Any) -> str:
    return "" if isinstance(value, bool) else "Must be true or false."


def _choice(component: Component, data: Mapping[str, Any], value: Any) -> str:
    choices = _choices(component, data)
    return "" if choices is None or value in choices else "Must be one of the choices."


def _choice_list(component: Component, data: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, list):
        return "Must be a list of choices."
    choices = _choices(component, data)
    return "" if choices is None or all(one in choices for one in value) else "Must be some of the choices."


def _choices(component: Component, data: Mapping[str, Any]) -> list[Any] | None:
    """Return the values that can be chosen; `None` when only the page can know them."""
    offered: Any = component.get("values")
    if offered is None and component.get("valuesKey"):
        offered = data.get(component["valuesKey"])
    if not isinstance(offered, Sequence) or isinstance(offered, str):
        return None
    return [one.get("value") if isinstance(one, Mapping) else one for one in offered]


def _datetime(component: Component, data: Mapping[str, Any], value: Any) -> str:
    subtype = component.get("subtype", "date")
    read = {"date": date.fromisoformat, "time": time.fromisoformat}.get(subtype, datetime.fromisoformat)
    try:
        read(value)
    except (TypeError, ValueError):
        return f"Must be a {subtype} in ISO 8601."
    return ""


def _number_of(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


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
