"""The JSON Schema of what a process starts with, looked over before anybody starts it.

Source: https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.patterns import check_pattern, patterns_of
from zeebe_fleet.bpmn.tooling.plain_schema import is_plain
from zeebe_fleet.workers.contract.errors import DefinitionError

_SUGGESTION = "See https://json-schema.org/draft/2020-12 for what it may say."


def check_schema(schema: Mapping[str, Any], where: str) -> None:
    """Refuse a schema that could not be held against variables.

    Args:
        where: what a refusal begins with: the file and the field.

    Raises:
        DefinitionError: it is none, leads out of itself, or has a pattern that cannot be matched.
    """
    for path, pattern in patterns_of(schema):
        check_pattern(pattern, f"{where}.{path}")
    if not schema:
        return
    _check_words(schema, where)
    keywords = list(_keywords(schema))
    names = {keyword for keyword, _ in keywords}
    anchors = {f"#{value}" for keyword, value in keywords if keyword in ("$anchor", "$dynamicAnchor")}
    for keyword, value in keywords:
        if keyword in ("$ref", "$dynamicRef") and not (
            value in anchors if _is_name(value) else _is_within(schema, value)
        ):
            raise DefinitionError(
                f"{where}: {keyword} {str(value)[:100]!r} leads to nothing in it.",
                "Write what it means under $defs, and refer to it as '#/$defs/name'.",
            )
    if {"unevaluatedProperties", "patternProperties"} <= names:
        raise DefinitionError(
            f"{where}: unevaluatedProperties beside patternProperties are not known here.",
            "Write additionalProperties.",
        )


def _check_words(schema: Mapping[str, Any], where: str) -> None:
    if is_plain(schema):
        return
    from jsonschema import Draft202012Validator, FormatChecker, SchemaError  # slow to import, and rarely wanted

    try:
        # a pattern was looked at: what Python takes for one does not matter
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(()))
    except SchemaError as error:
        path = ".".join(map(str, error.absolute_path))
        told = f"{where}{f'.{path}' if path else ''}: not JSON Schema: {error.message[:200]}."
        raise DefinitionError(told, _SUGGESTION) from None
    except RecursionError:
        raise DefinitionError(f"{where}: nested too deep.", "Nest less.") from None


def _keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    ahead = [schema]
    while ahead:
        part = ahead.pop()
        if isinstance(part, Mapping):
            yield from part.items()
            ahead += part.values()
        elif isinstance(part, list):
            ahead += part


def _is_name(reference: Any) -> bool:
    return isinstance(reference, str) and reference not in ("#", "") and not reference.startswith("#/")


def _is_within(schema: Any, reference: Any) -> bool:
    if not isinstance(reference, str):
        return True  # a property of that name
    part: Any = schema
    for step in reference[2:].split("/") if len(reference) > 1 else ():
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(part, list) and name.isdecimal() and int(name) < len(part):
            part = part[int(name)]
        elif isinstance(part, Mapping) and name in part:
            part = part[name]
        else:
            return False
    return True
