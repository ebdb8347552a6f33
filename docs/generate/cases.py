"""The page on case definitions, from their JSON Schema."""

from __future__ import annotations

import json

from docs.generate.manifest import tables
from docs.generate.schemas import case_schema

_HEAD = """\
# Case definitions

<!-- Written by `make docs` from bpmn/tooling/case/definition.py. Do not edit. -->

`case.yaml` of a case, key by key; [cases](../how-to/cases.md) shows a whole one. What is not listed here is refused,
with its line. The rules on it are under [lint](lint.md#case-actions-can-be-filled-in), its JSON Schema is
[case.schema.json](../../bpmn/schemas/case.schema.json).
"""


def cases_page() -> str:
    """Return the page."""
    return "\n".join((_HEAD, *tables("case.yaml", json.loads(case_schema()))))
