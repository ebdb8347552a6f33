"""What a decision reads, and of what shape its result is, as far as its table says it.

Source: DMN 1.3, 8.2.8 (hit policies) and 8.3; the results of tables as Camunda's engine gives them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.bpmn.tooling.decision_cells import Cell, cells_of
from zeebe_fleet.bpmn.tooling.document import Element, kind, line_of
from zeebe_fleet.bpmn.tooling.feel_reads import Path, reads_of, reads_of_tests
from zeebe_fleet.bpmn.tooling.feel_shapes import shape_of
from zeebe_fleet.bpmn.tooling.shapes import ANYTHING, Shape, shape, types_of
from zeebe_fleet.engine.feel import FeelSyntaxError

_READ = frozenset(("inputExpression", "inputEntry", "outputEntry", "defaultOutputEntry", "literalExpression"))
_LISTS = frozenset(("COLLECT", "RULE ORDER"))
_TYPES = {
    "boolean": "boolean",
    **dict.fromkeys(("number", "integer", "long", "double"), "number"),
    **dict.fromkeys(("string", "date", "time", "dateTime", "dayTimeDuration", "yearMonthDuration"), "string"),
}
"""Of FEEL, and what becomes of them in a variable."""
_MANY = 100
"""Values of one output that are listed."""
_NOTHING = {"type": "null"}


@dataclass(frozen=True, slots=True)
class Form:
    """What the result of a decision looks like.

    Args:
        kind: a value, a list, or a context.
        outputs: of a table with several, and of a context: names with the types that are written for them; of one value
            its type, under no name.
    """

    kind: str
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """A decision.

    Args:
        line: where it stands.
        requires: other decisions of its file that it stands on, by id.
        reads: variables, with the parts they are asked for, of it and of all that it stands on.
        cells: those that list values of a variable.
        gives: the shape of its result.
        form: of its result, for whoever compares two versions of it.
        text: all that it says, without how it is drawn.
        version_tag: empty where it has none.
    """

    line: int
    requires: tuple[str, ...]
    reads: tuple[Path, ...]
    cells: tuple[Cell, ...]
    gives: Shape
    form: Form
    text: str
    version_tag: str


def facts_of(root: Element) -> dict[str, DecisionFacts]:
    """Return the facts of a file's decisions, by id."""
    nodes = {node.get("id", ""): node for node in _children(root, "decision") if node.get("id")}
    names = {node_id: _result_name(node) for node_id, node in nodes.items()}
    requires = {node_id: tuple(_required(node, nodes)) for node_id, node in nodes.items()}
    bound = {node_id: {names[one] for one in requires[node_id]} | _known(root) for node_id in nodes}
    own = {node_id: tuple(_reads(node, bound[node_id])) for node_id, node in nodes.items()}
    return {
        node_id: DecisionFacts(
            line_of(node),
            requires[node_id],
            tuple(dict.fromkeys(path for one in _all(node_id, requires) for path in own[one])),
            tuple(_cells(node, bound[node_id])),
            _gives(node),
            _form(node),
            " ".join(f"{kind(one)}{sorted(one.items())}{(one.text or '').strip()}" for one in node.iter("{*}*")),
            "".join(one.get("value", "") for one in node.iterfind("{*}extensionElements/{*}versionTag")),
        )
        for node_id, node in nodes.items()
    }


def _all(decision_id: str, requires: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return a decision and all that it stands on."""
    found = [decision_id]
    for one in found:
        found += [other for other in dict.fromkeys(requires[one]) if other not in found]
    return found


def _required(node: Element, nodes: Mapping[str, Element]) -> Iterator[str]:
    for link in (one for held in _children(node, "informationRequirement") for one in held.iter("{*}requiredDecision")):
        decision_id = link.get("href", "").rpartition("#")[2]
        if decision_id in nodes:
            yield decision_id


def _known(root: Element) -> set[str]:
    """Return the names of business knowledge models: what is called, not read."""
    return {one.get("name", "") for one in _children(root, "businessKnowledgeModel")}


def _result_name(node: Element) -> str:
    named = [one.get("name", "") for one in _children(node, "variable")]
    return next(filter(None, named), node.get("id", ""))


def _reads(node: Element, bound: set[str]) -> Iterator[Path]:
    given = {one.get("name", "") for entry in node.iter("{*}contextEntry") for one in _children(entry, "variable")}
    given |= {one.get("name", "") for one in node.iter("{*}formalParameter")} | bound
    for text in node.iter("{*}text"):
        around = text.getparent()
        written = (text.text or "").strip()
        if around is None or kind(around) not in _READ or written in ("", "-"):
            continue
        with suppress(FeelSyntaxError):
            read = (reads_of_tests if kind(around) == "inputEntry" else reads_of)(written.removeprefix("="))
            yield from (path for path in read.paths if path[0] not in given)


def _cells(node: Element, bound: set[str]) -> Iterator[Cell]:
    for table in _children(node, "decisionTable"):
        yield from (cell for cell in cells_of(table) if cell.path[0] not in bound)


def _form(node: Element) -> Form:
    for table in _children(node, "decisionTable"):
        is_list = (table.get("hitPolicy") or "UNIQUE") in _LISTS and not table.get("aggregation")
        outputs = _children(table, "output")
        names = {one.get("name", "") if len(outputs) > 1 else "": one.get("typeRef", "") for one in outputs}
        return Form("list" if is_list else "value", names)
    for context in _children(node, "context"):
        return Form("context", {one.get("name", ""): one.get("typeRef", "") for one in context.iter("{*}variable")})
    said = "".join(one.get("typeRef", "") for one in _children(node, "variable"))
    return Form("list" if _children(node, "list") or _children(node, "relation") else "value", {"": said})


def _gives(node: Element) -> Shape:
    for table in _children(node, "decisionTable"):
        return _of_table(table)
    for expression in _children(node, "literalExpression"):
        typed = [_typed(one.get("typeRef", "")) for one in _children(node, "variable")]
        found = shape_of(_text(expression), lambda _: None)
        return found or (shape({"anyOf": [typed[0], _NOTHING]}) if typed and typed[0] else ANYTHING)
    return ANYTHING


def _of_table(table: Element) -> Shape:
    policy, aggregation = table.get("hitPolicy") or "UNIQUE", table.get("aggregation", "")
    outputs, rules = _children(table, "output"), _children(table, "rule")
    cells = [_children(rule, "outputEntry") for rule in rules]
    columns = [
        _column([_text(one[at]) for one in cells if at < len(one)], output.get("typeRef", ""))
        for at, output in enumerate(outputs)
    ]
    if not outputs:
        return ANYTHING
    result = _result(outputs, columns)
    if policy == "COLLECT" and aggregation:
        result = {"COUNT": {"type": "integer"}, "SUM": {"type": "number"}}.get(aggregation, {})
    elif policy in _LISTS:
        result = {"type": "array", "items": result}
    otherwise = _otherwise(outputs)
    return shape({"anyOf": [result, otherwise]}) if result and otherwise else ANYTHING


def _result(outputs: list[Element], columns: list[dict[str, Any]]) -> dict[str, Any]:
    if len(outputs) == 1:
        return columns[0]
    names = [one.get("name", "") for one in outputs]
    return {"type": "object", "properties": dict(zip(names, columns, strict=True))}


def _otherwise(outputs: list[Element]) -> dict[str, Any]:
    """Return the schema of what a table gives when no rule matches; empty when that is not known."""
    said = [[_text(one) for one in _children(output, "defaultOutputEntry")] for output in outputs]
    if not any(said):
        return _NOTHING
    if not all(said):
        return {}
    return _result(
        outputs, [_column(one, output.get("typeRef", "")) for one, output in zip(said, outputs, strict=True)]
    )


def _column(texts: list[str], type_ref: str) -> dict[str, Any]:
    """Return the schema of an output: of its cells where all are plain, else of the type it says."""
    shapes = [shape_of(text, lambda _: None) for text in texts]
    known = [one for one in shapes if one is not None and types_of(one)]
    if not known or len(known) < len(shapes):
        return _typed(type_ref)
    values = {(type(one.says["const"]), one.says["const"]) for one in known if "const" in one.says}
    if all("const" in one.says for one in known) and len(values) <= _MANY:
        return {"enum": [value for _, value in sorted(values, key=lambda pair: (pair[0].__name__, str(pair[1])))]}
    return {"type": sorted({one for found in known for one in types_of(found)})}


def _typed(type_ref: str) -> dict[str, Any]:
    said = _TYPES.get(type_ref.removeprefix("feel:"))
    return {"type": [said, "null"]} if said else {}


def _children(node: Element, name: str) -> list[Element]:
    return [child for child in node.iterchildren("{*}*") if kind(child) == name]


def _text(node: Element) -> str:
    return next(((one.text or "").strip() for one in _children(node, "text")), "")
