"""A Camunda Form as a schema of what people fill in, so that two of them can be compared.

Source: https://docs.camunda.io/docs/components/modeler/forms/camunda-forms-reference/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_BOUNDS = {
    "minLength": "minLength",
    "maxLength": "maxLength",
    "min": "minimum",
    "max": "maximum",
    "pattern": "pattern",
    "validationType": "format",
}
_FOREVER = 50
"""Groups within groups."""


def form_schema(form: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a form, by key, as properties; texts and layout are its description."""
    fields = list(_fields(form or {}, "", 0))
    properties = {key: _property(field) for key, field in fields}
    required = sorted({key for key, field in fields if _mapping(field.get("validate")).get("required") is True})
    shown = [part for part in _parts(form or {}) if not part.get("key")]
    return {"type": "object", "properties": properties, "required": required, "description": shown}


def _fields(part: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for component in _parts(part):
        key = component.get("key") or component.get("path")
        below = f"{path}.{key}" if path and key else str(key or path)
        if component.get("key") and not component.get("disabled") and not component.get("readonly"):
            yield below, component
        if depth < _FOREVER:
            yield from _fields(component, below, depth + 1)


def _property(field: Mapping[str, Any]) -> dict[str, Any]:
    rules = _mapping(field.get("validate"))
    found: dict[str, Any] = {"type": str(field.get("type", ""))}
    found |= {word: rules[said] for said, word in _BOUNDS.items() if rules.get(said) is not None}
    values = field.get("values")
    if isinstance(values, list):
        found["enum"] = [one.get("value") for one in values if isinstance(one, Mapping)]
    rest = {word: value for word, value in field.items() if word not in ("components", "validate", "values", "id")}
    return found | {"title": str(field.get("label", "")), "description": rest}


def _parts(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = part.get("components")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
