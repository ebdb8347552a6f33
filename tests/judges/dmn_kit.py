"""The test kit of the DMN standard: each of its decisions evaluated here, by Camunda's engine, and as the kit expects.

A file of the kit of which one decision cannot be read is not refused whole, as the kit counts decision by decision.
Names with blanks are put between backticks, without which neither engine reads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lxml import etree

from tests.judges.agreement import Answer, same
from zeebe_fleet.engine import dmn, feel
from zeebe_fleet.engine.model import Refused
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.refusal import Problems

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NAMED = {"variable", "formalParameter", "itemDefinition", "parameter", "itemComponent", "column", "inputData"}
_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')
_TEMPORAL = {"date": "date", "time": "time", "dateTime": "date and time", "duration": "duration"}
_NOW_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Case:
    """One decision of one test of the kit."""

    case_id: str
    file: Path
    decision: dmn.Decision
    variables: Mapping[str, Any]
    expected: Any
    is_error: bool
    is_unread: bool

    def question(self) -> dict[str, Any]:
        """Return what the judge is asked."""
        return {"file": str(self.file), "decision": self.decision.decision_id, "variables": dict(self.variables)}

    def ours(self) -> Answer:
        """Evaluate it here."""
        if self.is_unread:
            return {"failure": "it cannot be read"}
        known = {name: feel.from_json(json.dumps(value)) for name, value in self.variables.items()}
        found = dmn.evaluate(self.decision, known, _NOW_MS)
        return {"failure": found.failure} if found.failure else {"value": json.loads(feel.to_json(found.output))}

    def is_expected(self, answer: Answer) -> bool:
        """Tell whether an answer is the kit's."""
        value = answer.get("value")
        return value is None if self.is_error else same(value, self.expected)


def cases(folder: Path, written: Path) -> Iterator[Case]:
    """Yield the cases of a fetched copy of the kit.

    Args:
        written: where its files are put with their names between backticks.
    """
    for file in sorted((folder / "TestCases").rglob("*.xml")):
        root = etree.parse(str(file)).getroot()
        if "non-compliant" in file.parts or _local(root) != "testCases":
            continue
        model = file.parent / (_text(root, "modelName") or "")
        target = written / model.name
        target.write_bytes(_escaped(model.read_bytes()))
        decisions, unread = _decisions(target)
        for decision, test, result in _wanted(root, decisions):
            yield _case(file, target, decision, test, result, is_unread=_stands_on(decision, unread))


def _decisions(file: Path) -> tuple[Mapping[str, dmn.Decision], set[str]]:
    """Return the decisions of a file by their names, and the ids of all in it that cannot be read."""
    unread: set[str] = set()

    def add(_: Problems, node: Node, error: str) -> None:
        while node.local not in ("decision", "businessKnowledgeModel") and node.parent is not None:
            node = node.parent
        unread.add(node.id)

    with patch.object(Problems, "check", lambda _: None), patch.object(Problems, "add", add):
        try:
            read = dmn.read(file.name, file.read_bytes())
        except Refused:
            return {}, unread
    return {one.name: one for one in read.decisions.values()}, unread


def _stands_on(decision: dmn.Decision, unread: set[str]) -> bool:
    if decision.decision_id in unread or any(one.knowledge_id in unread for one in decision.knowledge):
        return True
    return any(_stands_on(one, unread) for one in decision.requires)


def _wanted(root: Any, decisions: Mapping[str, dmn.Decision]) -> Iterator[tuple[dmn.Decision, Any, Any]]:
    for test in _inside(root, "testCase"):
        if test.get("type") in ("decisionService", "bkm"):
            continue
        for result in _inside(test, "resultNode"):
            if (decision := decisions.get(result.get("name"))) is not None:
                yield decision, test, result


def _case(file: Path, target: Path, decision: dmn.Decision, test: Any, result: Any, *, is_unread: bool) -> Case:
    expected = next(iter(_inside(result, "expected")), None)
    return Case(
        f"{file.parent.name} {test.get('id')} {result.get('name')}",
        target,
        decision,
        {one.get("name"): _value(one) for one in _inside(test, "inputNode")},
        None if expected is None else _value(expected),
        result.get("errorResult") == "true",
        is_unread,
    )


def _value(node: Any) -> Any:
    """Read a value of the kit, as JSON has it."""
    for held in _inside(node, "list"):
        return None if held.get(_NIL) == "true" else [_value(one) for one in _inside(held, "item")]
    if components := _inside(node, "component"):
        return {one.get("name"): _value(one) for one in components}
    written = next(iter(_inside(node, "value")), None)
    if written is None or written.get(_NIL) == "true":
        return None
    kind, text = (written.get(_TYPE) or "xsd:string").rpartition(":")[2], written.text or ""
    if kind == "boolean":
        return text.strip() == "true"
    if kind in ("decimal", "double", "integer", "int", "long", "float"):
        number = Decimal(text.strip())
        return int(number) if number == int(number) else float(number)
    return _temporal(_TEMPORAL[kind], text) if kind in _TEMPORAL else text


def _temporal(function: str, text: str) -> Any:
    value = feel.parse(f'{function}("{text}")').evaluate(lambda _: feel.MISSING, _NOW_MS)
    return text if value is None else json.loads(feel.to_json(value))


def _escaped(content: bytes) -> bytes:
    root = etree.fromstring(content)
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    names = {node.get("name") or "" for node in nodes if _local(node) in _NAMED}
    odd = sorted((name for name in names if " " in name or "-" in name), key=len, reverse=True)
    if not odd:
        return content
    pattern = re.compile(rf"(?<![\w`])({'|'.join(map(re.escape, odd))})(?![\w`])")
    for node in nodes:
        if _local(node) == "text" and node.text:
            parts = _QUOTED.split(node.text)
            node.text = "".join(part if at % 2 else pattern.sub(r"`\1`", part) for at, part in enumerate(parts))
    return bytes(etree.tostring(root))


def _local(node: Any) -> str:
    return str(etree.QName(node).localname)


def _inside(node: Any, name: str) -> list[Any]:
    return [child for child in node if isinstance(child.tag, str) and _local(child) == name]


def _text(node: Any, name: str) -> str | None:
    return next((child.text for child in _inside(node, name)), None)
