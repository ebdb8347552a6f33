"""What each change of a definition means to its version: one example for each rule of the table, and the check."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from zeebe_fleet.bpmn.tooling.artifact import artifact_of, case_artifact
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.bpmn.tooling.versioning import RULES, Change, Level, changes, check_version, least_version
from zeebe_fleet.workers.contract.artifacts import Artifact, Requirement
from zeebe_fleet.workers.contract.errors import DefinitionError

_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
  <bpmn:message id="m" name="paid"><bpmn:extensionElements><zeebe:subscription correlationKey="=order_id" />
    </bpmn:extensionElements></bpmn:message>
  <bpmn:signal id="s" name="stop" />
  <bpmn:signal id="told" name="told" />
  <bpmn:error id="failed" errorCode="FAILED" />
  <bpmn:process id="refund" isExecutable="true">
    <bpmn:extensionElements><zeebe:versionTag value="1.2.0" /></bpmn:extensionElements>
    <bpmn:startEvent id="start" />
    <bpmn:startEvent id="nightly"><bpmn:timerEventDefinition id="t"><bpmn:timeCycle>R/P1D</bpmn:timeCycle>
      </bpmn:timerEventDefinition></bpmn:startEvent>
    <bpmn:serviceTask id="book" name="Book"><bpmn:extensionElements><zeebe:taskDefinition type="books.book" />
      </bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:boundaryEvent id="undo_book" attachedToRef="book"><bpmn:compensateEventDefinition id="c" />
      </bpmn:boundaryEvent>
    <bpmn:serviceTask id="unbook" isForCompensation="true"><bpmn:extensionElements>
      <zeebe:taskDefinition type="books.unbook" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:association id="a" sourceRef="undo_book" targetRef="unbook" />
    <bpmn:userTask id="decide" name="Decide"><bpmn:extensionElements><zeebe:formDefinition formId="decide" />
      <zeebe:assignmentDefinition candidateGroups="clerks" /></bpmn:extensionElements></bpmn:userTask>
    <bpmn:exclusiveGateway id="which" />
    <bpmn:intermediateCatchEvent id="paid"><bpmn:messageEventDefinition id="d" messageRef="m" />
      </bpmn:intermediateCatchEvent>
    <bpmn:intermediateCatchEvent id="stopped"><bpmn:signalEventDefinition id="e" signalRef="s" />
      </bpmn:intermediateCatchEvent>
    <bpmn:callActivity id="check"><bpmn:extensionElements><zeebe:calledElement processId="credit" />
      </bpmn:extensionElements></bpmn:callActivity>
    <bpmn:endEvent id="end" />
    <bpmn:endEvent id="telling"><bpmn:signalEventDefinition id="g" signalRef="told" /></bpmn:endEvent>
    <bpmn:endEvent id="failing"><bpmn:errorEventDefinition id="h" errorRef="failed" /></bpmn:endEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="book" />
    <bpmn:sequenceFlow id="f2" sourceRef="book" targetRef="decide" />
    <bpmn:sequenceFlow id="f3" sourceRef="decide" targetRef="end" />
  </bpmn:process>
</bpmn:definitions>
"""
_MANIFEST = """
name: refund
version: 1.2.0
description: Pays back.
access: {start: {groups: [clerks, sales]}, see: everybody}
input:
  type: object
  required: [order_id]
  properties:
    order_id: {type: string, title: Order, maxLength: 20}
    reason: {enum: [broken, late]}
    customer: {type: object, properties: {name: {type: string}}}
    lines: {type: array, items: {type: [string, integer]}}
job_types:
  books.book:
    description: Books.
    errors: [NO_MONEY]
    input: {type: object, required: [order_id], properties: {order_id: {type: string}, note: {type: string}}}
    output: {type: object, properties: {booking: {type: string}}}
  books.unbook: {description: Unbooks.}
errors: {NO_MONEY: Nothing is left., LATE: {description: Too late., variables: {properties: {by: {}}}}}
data_models: [Booking]
human_tasks: {decide: {candidate_groups: [clerks], form: decide.form}}
"""
_FORM = """{"type": "default", "id": "decide", "components": [
  {"type": "text", "id": "t", "text": "# Decide"},
  {"type": "number", "id": "n", "key": "amount", "label": "Amount", "validate": {"required": true, "max": 100}},
  {"type": "textfield", "id": "c", "key": "comment", "label": "Comment"},
  {"type": "select", "id": "d", "key": "decision", "values": [{"label": "Yes", "value": "yes"}, {"label": "No",
   "value": "no"}]}]}
"""
_CASE = """
name: refund
version: 1.2.0
description: Pays back.
input: {type: object, properties: {amount: {type: number}}}
job_types: {books.pay: {description: Pays., errors: [NO_MONEY]}}
steps:
  - id: look
    kind: human
    candidate_groups: [clerks]
    fields: [{type: number, key: amount, label: Amount}]
    actions:
      - {id: approve, data: {type: object, properties: {why: {type: string}}}}
      - {id: decline}
  - {id: pay, kind: system, job_type: books.pay, inputs: {amount: "=amount", to: "=account"}}
  - {id: big, kind: decision, conditions: [{outcome: big, when: "=amount > 10"}], default: small}
  - {id: paid, kind: final, status: PAID}
  - {id: declined, kind: final, status: DECLINED}
transitions:
  - {from: look, action: approve, to: big}
  - {from: look, action: decline, to: declined}
  - {from: big, outcome: big, to: pay}
  - {from: big, outcome: small, to: pay}
  - {from: pay, to: paid}
  - {from: pay, error: NO_MONEY, to: declined}
"""
Replaced = tuple[str, str]
_BY_MANIFEST: list[tuple[str, str, list[Replaced]]] = [
    ("variable-required", "variable reason", [("required: [order_id]\n", "required: [order_id, reason]\n")]),
    ("variable-required", "variable urgent", [("required: [order_id]\n", "required: [order_id, urgent]\n")]),
    ("variable-removed", "variable reason", [("    reason: {enum: [broken, late]}\n", "")]),
    ("variable-removed", "variable customer.name", [("{name: {type: string}}", "{}")]),
    ("variable-narrowed", "variable order_id", [("type: string, title", "type: integer, title")]),
    ("variable-narrowed", "variable order_id", [("maxLength: 20", "maxLength: 10")]),
    ("variable-narrowed", "variable order_id", [("maxLength: 20", "maxLength: 20, minLength: 1")]),
    ("variable-narrowed", "variable order_id", [("maxLength: 20", 'maxLength: 20, pattern: "^O"')]),
    ("variable-narrowed", "variable order_id", [("title: Order", "title: Order, enum: [a]")]),
    ("variable-narrowed", "variable reason", [("[broken, late]", "[broken]")]),
    ("variable-narrowed", "variable lines[]", [("type: [string, integer]", "type: string")]),
    ("variable-narrowed", "variables", [("input:\n  type: object\n", "input:\n  additionalProperties: false\n")]),
    (
        "variable-narrowed",
        "variable customer",
        [("{type: object, properties: {name:", "{allOf: [{}], properties: {name:")],
    ),
    ("variable-added", "variable urgent", [("    reason:", "    urgent: {type: boolean}\n    reason:")]),
    ("variable-widened", "variable order_id", [("required: [order_id]\n", "required: []\n")]),
    ("variable-widened", "variable order_id", [("maxLength: 20", "maxLength: 200")]),
    ("variable-widened", "variable reason", [("[broken, late]", "[broken, late, other]")]),
    ("variable-widened", "variable lines[]", [("[string, integer]", "[string, number]")]),
    ("variable-described", "variable order_id", [("title: Order", "title: The order")]),
    ("job-error-removed", "job type books.book, error NO_MONEY", [("    errors: [NO_MONEY]\n", "")]),
    ("job-error-added", "job type books.unbook, error NO_MONEY", [("Unbooks.}", "Unbooks., errors: [NO_MONEY]}")]),
    ("job-input-removed", "job type books.book, input note", [(", note: {type: string}}", "}")]),
    ("job-input-removed", "job type books.book, input order_id", [("required: [order_id], p", "p")]),
    (
        "job-input-added",
        "job type books.book, input more",
        [("note: {type: string}", "note: {type: string}, more: {}")],
    ),
    ("job-output-narrowed", "job type books.book, output id", [("output: {type: object,", "output: {required: [id],")]),
    ("job-output-widened", "job type books.book, output id", [("{booking:", "{id: {}, booking:")]),
    ("job-described", "job type books.book, output", [("output: {", "output: {title: Booked, ")]),
    ("job-described", "job type books.unbook, output", [("Unbooks.}", "Unbooks., output: {required: [id]}}")]),
    ("people-changed", "human task decide", [("candidate_groups: [clerks]", "candidate_groups: [sales]")]),
    ("error-variables-removed", "error LATE, variable by", [("{properties: {by: {}}}", "{properties: {}}")]),
    ("error-variables-added", "error LATE, variable why", [("{by: {}}", "{by: {}, why: {}}")]),
    ("error-removed", "error NO_MONEY", [("errors: {NO_MONEY: Nothing is left., ", "errors: {")]),
    ("error-added", "error LOST", [("left.,", "left., LOST: Nowhere.,")]),
    ("access-narrowed", "access.start: group sales", [("[clerks, sales]", "[clerks]")]),
    ("access-narrowed", "access.see", [("see: everybody", "see: {groups: [clerks]}")]),
    ("access-widened", "access.start: group bosses", [("[clerks, sales]", "[clerks, sales, bosses]")]),
    ("access-widened", "access.start", [("start: {groups: [clerks, sales]}", "start: everybody")]),
    ("data-models-changed", "data model Other", [("[Booking]", "[Booking, Other]")]),
    ("content-changed", "refund", [("Pays back.", "Pays money back.")]),
]
_BY_MODEL: list[tuple[str, str, list[Replaced]]] = [
    ("job-type-removed", "job type books.send", [("books.book", "books.send")]),
    ("job-type-added", "job type books.new", [("books.book", "books.new")]),
    ("message-removed", "message paid", [('name="paid">', 'name="payed">')]),
    ("message-added", "message payed", [('name="paid">', 'name="payed">')]),
    ("message-removed", "signal stop", [('name="stop"', 'name="halt"')]),
    ("correlation-changed", "message paid", [("=order_id", "=customer_id")]),
    ("thrown-signal-removed", "signal told", [('name="told"', 'name="said"')]),
    ("thrown-signal-added", "signal said", [('name="told"', 'name="said"')]),
    ("thrown-error-added", "error LOST", [("FAILED", "LOST")]),
    (
        "thrown-error-removed",
        "error FAILED",
        [('errorEventDefinition id="h" errorRef="failed"', 'terminateEventDefinition id="h"')],
    ),
    ("start-timer-changed", "start timers", [("R/P1D", "R/PT1H")]),
    (
        "element-removed",
        "userTask decide",
        [
            ('id="decide" name', 'id="choose" name'),
            ('"decide" targetRef', '"choose" targetRef'),
            ('targetRef="decide"', 'targetRef="choose"'),
        ],
    ),
    (
        "element-kind-changed",
        "callActivity check",
        [("bpmn:callActivity", "bpmn:receiveTask"), ('<zeebe:calledElement processId="credit" />', "")],
    ),
    (
        "element-added",
        "endEvent other",
        [('<bpmn:endEvent id="end" />', '<bpmn:endEvent id="end" /><bpmn:endEvent id="other" />')],
    ),
    (
        "way-changed",
        "flow from decide to end",
        [('sourceRef="decide" targetRef="end"', 'sourceRef="decide" targetRef="which"')],
    ),
    ("way-changed", "exclusiveGateway which", [('<bpmn:exclusiveGateway id="which" />', "")]),
    (
        "undo-removed",
        "book",
        [
            ('<bpmn:association id="a" sourceRef="undo_book" targetRef="unbook" />', ""),
            ("<bpmn:compensateEventDefinition", "<bpmn:errorEventDefinition"),
        ],
    ),
    ("called-changed", "call of process scores", [('processId="credit"', 'processId="scores"')]),
    ("people-changed", "human task decide", [('candidateGroups="clerks"', 'assignee="=boss"')]),
    ("content-changed", "refund", [('name="Book"', 'name="Book it"')]),
]
_BY_FORM: list[tuple[str, str, list[Replaced]]] = [
    (
        "field-required",
        "human task decide, field comment",
        [('"Comment"}', '"Comment", "validate": {"required": true}}')],
    ),
    ("field-removed", "human task decide, field comment", [('"key": "comment"', '"key": "remark"')]),
    ("field-removed", "human task decide, field comment", [('"label": "Comment"', '"disabled": true')]),
    ("field-added", "human task decide, field remark", [('"key": "comment"', '"key": "remark"')]),
    ("field-narrowed", "human task decide, field amount", [('"max": 100', '"max": 50')]),
    ("field-narrowed", "human task decide, field comment", [("textfield", "checkbox")]),
    ("field-narrowed", "human task decide, field decision", [(', {"label": "No",\n   "value": "no"}', "")]),
    ("field-widened", "human task decide, field amount", [('"required": true, ', "")]),
    ("field-described", "human task decide", [("# Decide", "# Decide now")]),
]
_DECISION = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="rates" name="Rates" namespace="t">
  <decision id="rate" name="Rate">
    <decisionTable id="r" hitPolicy="FIRST">
      <input id="ri"><inputExpression id="re"><text>amount</text></inputExpression></input>
      <output id="ro" name="percent" typeRef="number" />
      <rule id="rr"><inputEntry id="ra"><text>&gt; 10</text></inputEntry>
        <outputEntry id="rb"><text>5</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <decision id="limits" name="Limits">
    <decisionTable id="l">
      <output id="low" name="low" /><output id="high" name="high" />
      <rule id="lr"><outputEntry id="la"><text>1</text></outputEntry><outputEntry id="lb"><text>2</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
"""
_MORE = (
    "<text>2</text></outputEntry>",
    '<text>2</text></outputEntry><outputEntry id="lc"><text>3</text></outputEntry>',
)
_BY_DECISION: list[tuple[str, str, list[Replaced]]] = [
    ("decision-removed", "decision rate", [('decision id="rate"', 'decision id="rates_of"')]),
    ("decision-added", "decision rates_of", [('decision id="rate"', 'decision id="rates_of"')]),
    ("decision-result-changed", "decision rate", [('"FIRST"', '"COLLECT"')]),
    ("decision-result-changed", "decision rate", [('typeRef="number"', 'typeRef="string"')]),
    ("decision-result-changed", "decision limits", [('name="low"', 'name="least"')]),
    (
        "decision-result-added",
        "decision limits",
        [('<output id="high"', '<output id="mid" name="mid" /><output id="high"'), _MORE],
    ),
    ("decision-input-changed", "decision rate, variable sum", [("<text>amount", "<text>sum")]),
    ("decision-input-changed", "decision rate, variable least", [("&gt; 10", "&gt; least")]),
    ("decision-rules-changed", "decision rate", [("<text>5", "<text>6")]),
    ("content-changed", "refund", [('name="Rates"', 'name="All rates"')]),
]
_BY_CASE: list[tuple[str, str, list[Replaced]]] = [
    ("step-removed", "step look", [("id: look", "id: see"), ("from: look", "from: see")]),
    ("step-added", "step see", [("id: look", "id: see"), ("from: look", "from: see")]),
    (
        "step-kind-changed",
        "step paid",
        [("{id: paid, kind: final, status: PAID}", "{id: paid, kind: human, actions: [{id: go}]}")],
    ),
    ("action-removed", "step look, action decline", [("      - {id: decline}\n", "")]),
    (
        "action-added",
        "step look, action ask",
        [("      - {id: decline}\n", "      - {id: decline}\n      - {id: ask}\n")],
    ),
    (
        "field-required",
        "step look, action approve, field why",
        [("properties: {why", "required: [why], properties: {why")],
    ),
    ("field-removed", "step look, field amount", [("key: amount", "key: sum")]),
    ("people-changed", "step look", [("[clerks]", "[sales]")]),
    ("job-type-removed", "job type books.pay", [("books.pay", "books.transfer")]),
    ("job-error-added", "job type books.pay, error LATE", [("errors: [NO_MONEY]", "errors: [NO_MONEY, LATE]")]),
    ("job-input-removed", "job type books.pay, input to", [(', to: "=account"', "")]),
    (
        "transition-removed",
        "transition from pay after error NO_MONEY",
        [("  - {from: pay, error: NO_MONEY, to: declined}\n", "")],
    ),
    (
        "transition-changed",
        "transition from big after outcome small",
        [("outcome: small, to: pay", "outcome: small, to: paid")],
    ),
    (
        "transition-added",
        "transition from look after action ask",
        [("  - {from: look", "  - {from: look, action: ask, to: look}\n  - {from: look")],
    ),
    ("status-removed", "status PAID", [("status: PAID", "status: DONE")]),
    ("status-added", "status DONE", [("status: PAID", "status: DONE")]),
    ("variable-narrowed", "variable amount", [("{type: number}}}\njob", "{type: integer}}}\njob")]),
    ("content-changed", "refund", [('"=amount > 10"', '"=amount > 20"')]),
]


Maker = Callable[[str, list[Replaced]], Artifact]


@pytest.fixture
def made(tmp_path: Path) -> Maker:
    """Makes the artifact of the example, with words replaced in one of its files."""

    def make(what: str, replaced: list[Replaced]) -> Artifact:
        texts = {"manifest": _MANIFEST, "model": _MODEL, "form": _FORM, "case": _CASE, "decision": _DECISION}
        for old, new in replaced:
            assert old in texts[what], f"{old!r} is not in the example"
            texts[what] = texts[what].replace(old, new)
        if what == "case":
            return case_artifact(yaml.safe_load(texts["case"]))
        folder = tmp_path / "refund"
        folder.mkdir(exist_ok=True)
        (folder / "manifest.yaml").write_text(texts["manifest"], "utf-8")
        (folder / "refund.bpmn").write_text(texts["model"], "utf-8")
        (folder / "decide.form").write_text(texts["form"], "utf-8")
        (folder / "rates.dmn").unlink(missing_ok=True)
        if what == "decision":
            (folder / "rates.dmn").write_text(texts["decision"], "utf-8")
        return artifact_of(load_package(folder))

    return make


_EXAMPLES = [
    (what, *example)
    for what, examples in (
        ("manifest", _BY_MANIFEST),
        ("model", _BY_MODEL),
        ("form", _BY_FORM),
        ("decision", _BY_DECISION),
        ("case", _BY_CASE),
    )
    for example in examples
]


@pytest.mark.parametrize(("what", "rule", "where", "replaced"), _EXAMPLES)
def test_change_is_found(made: Maker, what: str, rule: str, where: str, replaced: list[Replaced]) -> None:
    """Each by its rule, at its place; in a job type's new name, the new one alone."""
    found = changes(made(what, []), made(what, replaced))
    if rule == "job-type-removed" and what == "model":
        found = changes(made(what, replaced), made(what, []))
    assert (rule, where) in [(one.rule, one.where) for one in found], [str(one) for one in found]
    assert not [one for one in found if one.level > RULES[rule].level] or rule.endswith(("added", "changed"))


def test_every_rule_has_an_example() -> None:
    """Those that no example above can have are tried by themselves below."""
    by_themselves = {"kind-changed", "requirement-changed", "undo-changed"}
    assert set(RULES) == {example[1] for example in _EXAMPLES} | by_themselves


def test_same_definition_has_no_changes(made: Maker) -> None:
    """Its version alone, in manifest, case and version tag, is none."""
    assert changes(made("model", []), made("model", [])) == []
    assert changes(made("case", []), made("case", [("version: 1.2.0", "version: 1.2.1")])) == []


def test_kind_requirements_and_undoing_are_compared(made: Maker) -> None:
    """A process that became a case; a called process at another version; another handler."""
    process = made("model", [])
    assert [one.rule for one in changes(process, made("case", []))] == ["kind-changed"]
    pinned = [_requiring(process, version) for version in ("1.0.0", "1.1.0")]
    assert [one.rule for one in changes(*pinned)] == ["requirement-changed"]
    other = made("model", [('targetRef="unbook"', 'targetRef="check"')])
    assert ("undo-changed", "book") in [(one.rule, one.where) for one in changes(process, other)]


def _requiring(artifact: Artifact, version: str) -> Artifact:

    return dataclasses.replace(artifact, requires=(Requirement("credit", version, "0" * 64),))


@pytest.mark.parametrize(
    ("published", "level", "least"),
    [
        ("1.2.3", Level.MAJOR, "2.0.0"),
        ("1.2.3", Level.MINOR, "1.3.0"),
        ("1.2.3", Level.PATCH, "1.2.4"),
        ("1.2.3", Level.NONE, "1.2.4"),
        ("0.2.3", Level.MAJOR, "0.3.0"),
        ("0.2.3", Level.MINOR, "0.2.4"),
        ("0.2.3", Level.PATCH, "0.2.4"),
    ],
)
def test_least_version_follows_what_changed(published: str, level: Level, least: str) -> None:
    """Before 1.0.0 a breaking change is a minor one."""
    assert least_version(published, level) == least


@pytest.mark.parametrize(
    ("version", "newest", "rule", "said"),
    [
        ("1.2.1", "1.2.0", "variable-required", r"too low after 1\.2\.0: x: y.*Give it version 2\.0\.0"),
        ("1.3.0", "1.2.0", "variable-required", r"too low after 1\.2\.0.*variable-required: A variable must be given"),
        ("1.2.1", "1.2.0", "variable-added", r"too low after 1\.2\.0.*Give it version 1\.3\.0"),
        ("1.2.0", "1.2.0", "content-changed", r"published already, with other content: x: y.*Give it version 1\.2\.1"),
        ("1.1.9", "1.2.0", "content-changed", r"goes back: 1\.2\.0 is published"),
        ("0.9.0", "1.10.0", "content-changed", r"goes back: 1\.10\.0 is published"),
    ],
)
def test_version_that_goes_not_far_enough_is_refused(
    made: Maker, version: str, newest: str, rule: str, said: str
) -> None:
    """With the change, its rule, and the version it should have."""
    artifact = _at(made("case", []), version)
    with pytest.raises(DefinitionError, match=said):
        check_version(artifact, newest, [Change(rule, "x", "y")])


@pytest.mark.parametrize(
    ("version", "rule"),
    [("2.0.0", "step-removed"), ("1.3.0", "step-added"), ("1.2.1", "content-changed"), ("9.0.0", "")],
)
def test_version_that_goes_far_enough_is_taken(made: Maker, version: str, rule: str) -> None:
    """Further than needed is no fault."""
    check_version(_at(made("case", []), version), "1.2.0", [Change(rule, "x", "y")] if rule else [])


def _at(artifact: Artifact, version: str) -> Artifact:

    return dataclasses.replace(artifact, version=version)


_TEXT = {"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}
_NUMBER = {"$defs": {"a": {"type": "number"}}, "$ref": "#/$defs/a"}
_TREE = {"$defs": {"a": {"properties": {"l": {"$ref": "#/$defs/a"}, "r": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"}
_LEAFY = {**_TREE, "$defs": {"a": {"properties": {**_TREE["$defs"]["a"]["properties"], "leaf": {}}}}}  # type: ignore[index]


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        (_TEXT, {"type": "string"}, []),
        (_TEXT, _NUMBER, ["narrowed"]),
        (_TREE, _LEAFY, ["added"]),
        ({"const": 1}, {"enum": [1, 2]}, ["widened"]),
        ({"enum": [1]}, {"enum": ["1"]}, ["narrowed"]),
        ({"additionalProperties": {"type": "string"}}, {"additionalProperties": {"type": "number"}}, ["narrowed"]),
        ({"properties": {"a": False}}, {"properties": {"a": True}}, ["widened"]),
        ({"oneOf": [{"type": "string"}]}, {}, ["widened"]),
        ({"minimum": 1}, {"minimum": 2}, ["narrowed"]),
        ({"minimum": 2}, {"minimum": 1}, ["widened"]),
        ({"exclusiveMaximum": 2}, {"exclusiveMaximum": 1}, ["narrowed"]),
        ({"type": "integer"}, {"type": "number"}, ["widened"]),
        ({"type": "number"}, {"type": "integer"}, ["narrowed"]),
        ({"type": "string"}, {"type": ["string", "null"]}, ["widened"]),
        ({}, {"type": "string"}, ["narrowed"]),
        ({"properties": {"a": {}, "b": {}}}, {"properties": {"b": {}, "a": {}}}, ["described"]),
    ],
)  # fmt: skip
def test_schemas_are_compared_by_what_they_take(before: Any, after: Any, rules: list[str]) -> None:
    """References are followed, and what cannot be told to take as much takes less."""
    from zeebe_fleet.bpmn.tooling.versioning.schemas import differences

    assert {str(one.kind) for one in differences(before, after)} == set(rules)


def test_definition_that_is_none_is_refused_where_it_is_compared(made: Maker) -> None:
    """Whoever may sign could sign anything."""
    good = made("case", [])
    steps = [{key: value for key, value in step.items() if key != "job_type"} for step in good.case["steps"]]
    with pytest.raises(DefinitionError, match=r"refund_v1\.2\.0\.yaml: steps\.1\.job_type: it is missing"):
        changes(good, case_artifact({**good.case, "steps": steps}))
    process = made("model", [])
    with pytest.raises(DefinitionError, match=r"refund_v1\.2\.0\.yaml: its manifest is none: job_types"):
        changes(process, dataclasses.replace(process, manifest={**process.manifest, "job_types": 1}))
