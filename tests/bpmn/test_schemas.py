"""The published schemas: what editors complete and check manifests and case definitions by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import zeebe_fleet.bpmn
from zeebe_fleet.bpmn.tooling.rules import RULES

SHIPPED = Path(zeebe_fleet.bpmn.__path__[0])
SCHEMAS = SHIPPED / "schemas"
SCAFFOLD = SHIPPED.parent / "deploy/scaffold"
MANIFESTS = [*sorted(SHIPPED.glob("*/manifest.yaml")), *sorted(SCAFFOLD.rglob("manifest.yaml"))]
CASES = [*sorted(SHIPPED.glob("*/case.yaml")), *sorted(SCAFFOLD.rglob("case.yaml"))]
LEAST = {"name": "p", "version": "1.0.0", "description": "A process."}


def schema(name: str) -> dict[str, Any]:
    """Return a published schema."""
    read: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return read


def errors(name: str, said: Any) -> list[str]:
    """Return what a schema has against something."""
    return [error.message for error in Draft202012Validator(schema(name)).iter_errors(said)]


def keys(part: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every key of a schema and of what it consists of, with what is said of it."""
    for owner, one in {"": part, **part["$defs"]}.items():
        yield from ((f"{owner}.{key}", value) for key, value in one["properties"].items())


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.parent.name)
def test_manifest_schema_takes_what_ships(file: Path) -> None:
    """Ours and those that a user begins with; each names the schema in its first line."""
    text = file.read_text("utf-8")
    assert errors("manifest", yaml.safe_load(text)) == []
    assert text.startswith("# yaml-language-server: $schema=../")


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.parent.name)
def test_case_schema_takes_what_ships(file: Path) -> None:
    """Likewise."""
    assert errors("case", yaml.safe_load(file.read_text("utf-8"))) == []


@pytest.mark.parametrize("name", ["manifest", "case"])
def test_schema_describes_every_key(name: str) -> None:
    """An editor shows it beside the key."""
    assert [key for key, value in keys(schema(name)) if not (value.get("description") or "$ref" in value)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"nmae": "p"},
        {"version": "1.0"},
        {"name": "a/b"},
        {"job_types": {"a.b": {"errors": []}}},
        {"lint": {"rules": {"everything-is-maned": "off"}}},
        {"lint": {"rules": {"everything-is-named": "bad"}}},
        {"lint": {"waivers": [{"rule": "everything-is-named"}]}},
    ],
    ids=str,
)
def test_manifest_schema_refuses_what_the_reader_or_the_lint_refuses(wrong: dict[str, Any]) -> None:
    """Unknown keys and rules, values that are none of theirs, a waiver without a reason."""
    assert errors("manifest", LEAST) == []
    assert errors("manifest", LEAST | wrong) != []


def test_manifest_schema_knows_the_rules() -> None:
    """By name, with what each asks, for the editor to complete."""
    known = schema("manifest")["$defs"]["LintSettings"]["properties"]["rules"]["properties"]
    assert {name: rule.said.what for name, rule in RULES.items() if rule.waivable} == {
        name: said["description"] for name, said in known.items()
    }
