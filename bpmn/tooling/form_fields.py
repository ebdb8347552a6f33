"""What a form reads of a process's variables, and what it writes.

Source: https://docs.camunda.io/docs/components/modeler/forms/camunda-forms-reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zeebe_fleet.bpmn.tooling.feel_reads import Path, reads_of
from zeebe_fleet.engine.feel import FeelSyntaxError

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LISTED = ("components", "values", "columns")
_HOLDERS = frozenset(("group", "dynamiclist"))
_SILENT = frozenset(
    ("text", "html", "image", "table", "spacer", "separator", "button", "iframe", "documentPreview", "group")
)
_ONE_OF = frozenset(("radio", "select"))
_SOME_OF = frozenset(("checklist", "taglist"))
_TYPES: dict[str, dict[str, Any]] = {
    "textfield": {"type": "string"},
    "textarea": {"type": "string"},
    "datetime": {"type": "string"},
    "number": {"type": "number"},
    "checkbox": {"type": "boolean"},
    "dynamiclist": {"type": "array"},
    "filepicker": {"type": "array"},
}


@dataclass(slots=True)
class FormFields:
    """What a form does with variables.

    Args:
        writes: JSON Schemas by variable; `{}` where anything may be.
        reads: variables that its texts and expressions name, each with the parts they go on to.
        wrong: expressions that are none: the field, and what is wrong.
        twice: keys that two fields write, which are both shown.
    """

    writes: dict[str, dict[str, Any]] = field(default_factory=dict)
    reads: list[Path] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


def fields_of(form: Mapping[str, Any]) -> FormFields:
    """Look through a form; what it reads of its own fields is left out."""
    found = FormFields()
    always: set[str] = set()
    for component, within in _components(form):
        kind, path = _kind(component), _path(component, within)
        if path and kind not in _SILENT:
            name = path.partition(".")[0]
            schema = _schema(component, kind) if path == name else {"type": "object"}
            found.writes[name] = schema if found.writes.get(name, schema) == schema else {}
            if not component.get("conditional"):
                found.twice += [path] if path in always else []
                always.add(path)
        _read(component, kind, within, found)
    found.reads = [path for path in found.reads if path[0] not in found.writes]
    return found


def _kind(component: Mapping[str, Any]) -> str:
    return str(component.get("type", ""))


def _path(component: Mapping[str, Any], within: str) -> str:
    own = component.get("path") if _kind(component) in _HOLDERS else component.get("key")
    return ".".join(part for part in (within, str(own)) if part) if own else ""


def _components(holder: Mapping[str, Any], within: str = "") -> Iterator[tuple[Mapping[str, Any], str]]:
    held = holder.get("components")
    for one in held if isinstance(held, list) else ():
        if isinstance(one, Mapping):
            yield one, within
            path = str(one.get("path") or "") if _kind(one) in _HOLDERS else ""
            yield from _components(one, ".".join(part for part in (within, path) if part))


def _schema(component: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return what a field writes: left empty, it may write null, whatever else it says."""
    values = component.get("values")
    offered = [one.get("value") for one in values if isinstance(one, Mapping)] if isinstance(values, list) else []
    if kind in _ONE_OF:
        return {"enum": [*offered, None]} if offered else {}
    if kind in _SOME_OF:
        return {"type": ["array", "null"], "items": {"enum": offered} if offered else {}}
    if kind == "number" and component.get("serializeToString"):
        return {"type": ["string", "null"]}
    written = _TYPES.get(kind, {})
    return {"type": [written["type"], "null"]} if "type" in written else {}


def _read(component: Mapping[str, Any], kind: str, within: str, found: FormFields) -> None:
    label = str(component.get("label") or component.get("key") or component.get("id") or kind)
    # in a list each row is looked at by itself, and only the page knows what a row has
    is_in_list = kind == "dynamiclist" or bool(within)
    for text in _texts(component):
        for expression in _expressions(text):
            try:
                reads = reads_of(expression)
            except FeelSyntaxError as error:
                found.wrong.append((label, str(error)))
            else:
                found.reads += [] if is_in_list else [path for path in reads.paths if path[0] not in ("this", "parent")]
    if isinstance(key := component.get("valuesKey"), str) and key and not is_in_list:
        found.reads.append(tuple(key.split(".")))


def _texts(component: Mapping[str, Any]) -> Iterator[str]:
    ahead: list[Any] = [value for name, value in component.items() if name not in _LISTED]
    while ahead:
        one = ahead.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            ahead += one.values()


def _expressions(text: str) -> Iterator[str]:
    written = text.strip()
    if written.startswith("=") and len(written) > 1:
        yield written[1:]
        return
    for inner in _TEMPLATE.findall(text) if "{{#loop" not in text else ():
        expression = inner.strip().removeprefix("#if ").strip()
        if expression and expression[0] not in "#/^":
            yield expression.removeprefix("=")
