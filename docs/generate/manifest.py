"""The page on the manifest, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.generate.schemas import LEVELS, manifest_schema

_HEAD = """\
# Manifest

<!-- Written by `make docs` from bpmn/tooling/manifest.py. Do not edit. -->

`manifest.yaml` of a process package, key by key; [processes](../how-to/processes.md#the-manifest) shows a whole one.
What is not listed here is refused.

Editors with a YAML language server complete and check it by its JSON Schema,
[manifest.schema.json](../../bpmn/schemas/manifest.schema.json). `fleet new` puts the schema beside the packages, in
`.schemas/`, and names it in the first line of a manifest; that of
[case definitions](../../bpmn/schemas/case.schema.json) lies there too:

```yml
# yaml-language-server: $schema=../.schemas/manifest.schema.json
```
"""


def manifest_page() -> str:
    """Return the page."""
    return "\n".join((_HEAD, *tables("manifest.yaml", json.loads(manifest_schema()))))


def tables(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of the keys of a schema, and of each part that it has."""
    yield from _table(name, schema)
    for name, part in schema["$defs"].items():
        yield from _table(name, part)


def _table(name: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{part['description']}\n"
    yield "| key | type | |"
    yield "|---|---|---|"
    for key, value in part["properties"].items():
        needed = "" if key not in part.get("required", ()) else ", required"
        told = " ".join(value.get("description", "").split()).replace("|", "\\|")
        yield f"| `{key}` | {_type(value)}{needed} | {told} |"
    yield ""


def _type(value: Mapping[str, Any]) -> str:
    """Write what a value is, with a link to what it consists of."""
    if reference := value.get("$ref", ""):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value or "oneOf" in value:
        kinds = [one for one in value.get("anyOf", value.get("oneOf", ())) if one.get("type") != "null"]
        return " or ".join(map(_type, kinds))
    if "const" in value:
        return f"`{value['const']}`"
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}"
    if value.get("type") == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"by name: {_type(value['additionalProperties'])}"
    if "enum" in value and len(value["enum"]) <= len(LEVELS):
        return " or ".join(f"`{one}`" for one in value["enum"])
    kind = str(value.get("type", "any"))
    return "text" if kind == "string" else kind
