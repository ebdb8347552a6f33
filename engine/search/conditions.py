"""Filters become SQL, the same way for every field of a kind.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/orchestration-cluster-api-rest-data-fetching/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from zeebe_fleet.engine.search.entities import Entity, Field, Kind, Since

Condition = tuple[str, list[Any]]
_TESTS: Mapping[str, str] = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_ALWAYS = ("$eq", "$neq", "$exists", "$in")
OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    Kind.KEY: (*_ALWAYS, "$notIn"),
    Kind.TEXT: (*_ALWAYS, "$notIn", "$like"),
    Kind.STATE: (*_ALWAYS, "$like"),
    Kind.NUMBER: (*_ALWAYS, *_TESTS),
    Kind.TIME: (*_ALWAYS, *_TESTS),
    Kind.FLAG: ("$eq",),
}
MOST_ALTERNATIVES = 100
MOST_VALUES = 1_000
MOST_WILD = 10
"""With more of them a pattern may take for ever."""


class InvalidSearch(Exception):
    """A search asks for what cannot be; says so in a sentence that quotes nothing."""


def matching(entity: Entity, wanted: Mapping[str, Any], version: Since) -> Condition:
    """Return what holds of the rows that a filter wants.

    Fields that the version does not have are ignored, as the real one does.

    Raises:
        InvalidSearch: a value is none of its field, or an operator is unknown.
    """
    fields = entity.of(version)
    found: list[Condition] = [(entity.only, [])]
    inside: dict[str, list[Condition]] = {}
    for name, condition in wanted.items():
        if condition is None:
            continue
        if name == "$or" and entity.has_or:
            found.append(_any(entity, condition, version))
        elif name in entity.variables:
            found.append(_variables(entity.variables[name], name, condition))
        elif name in fields and fields[name].found:
            field = fields[name]
            (inside.setdefault(field.inside, []) if field.inside else found).append(_field(field, condition))
    found += [_inside(source, conditions) for source, conditions in inside.items()]
    return _all(found)


def _all(conditions: Sequence[Condition]) -> Condition:
    return " AND ".join(sql for sql, _ in conditions), [value for _, values in conditions for value in values]


def _inside(source: str, conditions: Sequence[Condition]) -> Condition:
    sql, values = _all(conditions)
    return f"EXISTS (SELECT 1 FROM {source} AND {sql})", values


def _any(entity: Entity, alternatives: Any, version: Since) -> Condition:
    listed = _objects(alternatives, "$or")
    found = [matching(entity, {**one, "$or": None}, version) for one in listed]
    if not found:
        return "1", []
    return f"({' OR '.join(f'({sql})' for sql, _ in found)})", [value for _, values in found for value in values]


def _variables(scope: str, called: str, wanted: Any) -> Condition:
    told, values = list[str](), list[Any]()
    for one in _objects(wanted, called):
        if not isinstance(one.get("name"), str):
            raise InvalidSearch("Each of the filter's variables must have a name and a value.")
        sql, more = _field(Field("variables.value", Kind.TEXT, "w.value"), one.get("value"))
        told.append(
            f"EXISTS (SELECT 1 FROM variable w WHERE w.process_instance_key = p.key AND w.scope_key = {scope}"
            f" AND w.name = ? AND {sql})"
        )
        values += [one["name"], *more]
    return " AND ".join(told) or "1", values


def _objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InvalidSearch(f"The value for {name} must be an array of objects.")
    if len(value) > MOST_ALTERNATIVES:
        raise InvalidSearch(f"The value for {name} may have {MOST_ALTERNATIVES} entries at most.")
    return value


def _field(field: Field, condition: Any) -> Condition:
    asked = _asked(condition) if isinstance(condition, dict) else {"$eq": condition}
    told, values = list[str](), list[Any]()
    for operator, operand in asked.items():
        if operator not in OPERATORS[field.kind]:
            allowed = ", ".join(OPERATORS[field.kind])
            raise InvalidSearch(f"The filter of {field.name} has an operator that is none of {allowed}.")
        sql, more = (_operation if not field.each else _among)(field, operator, operand)
        told.append(sql)
        values += more
    return " AND ".join(told) or "1", values


def _asked(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the operators that say something: beside another, Camunda's Java client sends empty lists of the rest."""
    said = {operator: operand for operator, operand in condition.items() if operand not in (None, [])}
    return said or condition


def _among(field: Field, operator: str, operand: Any) -> Condition:
    """A condition on one of a list: it holds if it holds of any; of what is excluded, if none is that."""
    if operator == "$exists":
        return f"json_array_length({field.each}) {'>' if _flag(field, operand) else '='} 0", []
    turned = {"$neq": "$eq", "$notIn": "$in"}.get(operator)
    sql, values = _operation(field, turned or operator, operand)
    return f"{'NOT ' if turned else ''}EXISTS (SELECT 1 FROM json_each({field.each}) l WHERE {sql})", values


def _operation(field: Field, operator: str, operand: Any) -> Condition:
    sql = field.sought or field.sql
    if operator == "$exists":
        return f"{sql} IS {'NOT ' if _flag(field, operand) else ''}NULL", []
    if operator in ("$in", "$notIn"):
        listed = [_value(field, one) for one in _listed(field, operand)]
        marks = ", ".join("?" * len(listed))
        return (f"{sql} IN ({marks})" if operator == "$in" else f"ifnull({sql} NOT IN ({marks}), 1)"), listed
    value = _value(field, operand)
    if operator == "$like":
        return f"{sql} GLOB ?", [_glob(value)]
    if operator == "$eq":
        return f"{sql} = ?", [value]
    if operator == "$neq":
        return f"{sql} IS NOT ?", [value]
    return f"{sql} {_TESTS[operator]} ?", [value]


def _listed(field: Field, operand: Any) -> list[Any]:
    if not isinstance(operand, list) or len(operand) > MOST_VALUES:
        raise InvalidSearch(f"The filter of {field.name} wants an array of up to {MOST_VALUES} values.")
    return operand


def _flag(field: Field, operand: Any) -> bool:
    if not isinstance(operand, bool):
        raise InvalidSearch(f"The filter of {field.name} wants true or false.")
    return operand


def _value(field: Field, given: Any) -> Any:
    """Read a value as its kind of field has it in the index."""
    kind = field.kind
    if kind is Kind.FLAG:
        return int(_flag(field, given))
    if kind is Kind.KEY:
        return _key(field, given)
    if kind is Kind.NUMBER and isinstance(given, int) and not isinstance(given, bool) and abs(given) < 1 << 63:
        return given
    if kind is Kind.TIME and isinstance(given, str):
        return _time_ms(field, given)
    if kind in (Kind.TEXT, Kind.STATE) and isinstance(given, str):
        return given.encode("utf-8", "replace").decode()
    raise InvalidSearch(f"The value for {field.name} must be {kind.value}.")


def _key(field: Field, given: Any) -> int:
    """Keys are numbers in strings; older clients send the number."""
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if not (isinstance(text, str) and text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20):
        raise InvalidSearch(f"The value for {field.name} must be a key: a number of up to 19 digits.")
    return max(-(1 << 63), min(int(text), (1 << 63) - 1))


def _time_ms(field: Field, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidSearch(f"The value for {field.name} must be a date and time as ISO 8601 writes it.") from None


def _glob(pattern: str) -> str:
    r"""Write a pattern as SQLite has it: `*` is any text, `?` one character, a backslash takes them as they are."""
    parts = re.findall(r"\\.|.", pattern, re.S)
    if parts.count("*") > MOST_WILD:
        raise InvalidSearch(f"A pattern may have {MOST_WILD} asterisks at most.")
    return "".join(one if one in ("*", "?") else _plain(one[-1]) for one in parts)


def _plain(character: str) -> str:
    return f"[{character}]" if character in "*?[" else character
