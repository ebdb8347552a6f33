"""JSON Schemas of what is written in YAML, from the models that read it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from zeebe_fleet.bpmn.tooling.case.definition import CaseDefinition
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.rules import RULES
from zeebe_fleet.bpmn.tooling.scenarios.instructions import Case

LEVELS = ("off", "info", "warning", "error")
_NAME = r"^[^\s\d.·\-/\\:][^\s/\\:]*$"
"""What every editor's patterns can say of a name; the reader is stricter."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out titles that only repeat a key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Set none."""
        return False


def manifest_schema() -> str:
    """Return the schema of `manifest.yaml`, with the lint's rules by name."""
    schema = _schema(Manifest, "Process package")
    rules, waiver = (schema["$defs"][name]["properties"] for name in ("LintSettings", "Waiver"))
    known = {name: rule for name, rule in RULES.items() if rule.waivable}
    rules["rules"]["properties"] = {
        name: {"description": rule.said.what, "enum": [*LEVELS]} for name, rule in known.items()
    }
    rules["rules"]["additionalProperties"] = False
    waiver["rule"]["enum"] = [*known]
    waiver["reason"]["minLength"] = 1
    schema["properties"]["name"]["pattern"] = _NAME
    schema["$defs"]["Waiver"]["required"] = ["rule", "reason"]
    return _text(schema)


def case_schema() -> str:
    """Return the schema of `case.yaml`."""
    return _text(_schema(CaseDefinition, "Case definition"))


def scenarios_schema() -> str:
    """Return the schema of a scenario file: Camunda's shape, with the types that are run, ours among them."""
    made = TypeAdapter[Any](Case).json_schema(schema_generator=_WithoutTitles)
    definitions = made.pop("$defs")
    for name, one in definitions.items():
        if name.endswith("Selector"):
            one["minProperties"] = 1
    words = {"type": "string", "minLength": 1}
    case = {
        "description": "What is done, and what is expected.",
        "type": "object",
        "properties": {
            "name": {**words, "description": "Of the test case; no other of the file has it."},
            "description": {"type": "string", "description": "What it shows, for people."},
            "instructions": {"description": "One after the other.", "type": "array", "minItems": 1, "items": made},
            "metadata": {"description": "Camunda's own; passed over."},
        },
        "required": ["name", "instructions"],
        "additionalProperties": False,
    }
    file = {
        "type": "object",
        "properties": {
            "$schema": {"type": "string", "description": "This schema, or Camunda's."},
            "processId": {"type": "string", "description": "Camunda's own; passed over."},
            "testCases": {
                "description": "The test cases.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/TestCase"},
            },
        },
        "required": ["testCases"],
        "additionalProperties": False,
    }
    return _text({"$schema": _DIALECT, "$defs": {**definitions, "TestCase": case}, **file, "title": "Scenarios"})


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    made = model.model_json_schema(schema_generator=_WithoutTitles)
    return {"$schema": _DIALECT, **made, "title": title}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
