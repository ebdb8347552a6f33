"""Context functions.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-context/
"""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.feel.builtins.signatures import builtin

Context = dict[str, Any]


@builtin("get value", "m: context", "key: any")
@builtin("get value", "context: context", "key: any")
@builtin("get value", "context: context", "keys: any")
def get_value(context: Context, key: Any) -> Any:
    """Return an entry, or one of a context within; null if it is missing."""
    if type(key) is str:
        return context.get(key)
    if not _keys(key):
        return None
    value: Any = context
    for name in key:
        value = value.get(name) if type(value) is dict else None
    return value


@builtin("get entries", "context: context")
@builtin("get entries", "m: context")
def get_entries(context: Context) -> list[Context]:
    """Return the entries as a list of contexts."""
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context put", "context: context", "key: any", "value: any")
@builtin("context put", "context: context", "keys: any", "value: any")
@builtin("put", "context: context", "key: any", "value: any")
def context_put(context: Context, key: Any, value: Any) -> Context | None:
    """Return the context with an entry more, or one more in a context within."""
    if type(key) is str:
        return context | {key: value}
    return _put_within(context, key, value) if _keys(key) else None


@builtin("context merge", "contexts: list", varargs=True)
@builtin("put all", "contexts: list", varargs=True)
def context_merge(contexts: list[Any]) -> Context | None:
    """Return a context with the entries of all; later ones win."""
    merged: Context = {}
    for context in contexts:
        if type(context) is not dict:
            return None
        merged.update(context)
    return merged


@builtin("context", "entries: list")
def context_of(entries: list[Any]) -> Context | None:
    """Make a context of a list of contexts with key and value."""
    made: Context = {}
    for entry in entries:
        if type(entry) is not dict or type(entry.get("key")) is not str or "value" not in entry:
            return None
        made[entry["key"]] = entry["value"]
    return made


def _keys(keys: Any) -> bool:
    return type(keys) is list and bool(keys) and all(type(key) is str for key in keys)


def _put_within(context: Context, keys: list[str], value: Any) -> Context:
    contexts = [context]
    for key in keys[:-1]:
        within = contexts[-1].get(key)
        contexts.append(within if type(within) is dict else {})
    for key, around in zip(reversed(keys), reversed(contexts), strict=True):
        value = around | {key: value}
    changed: Context = value
    return changed
