"""What Zeebe's extensions say of an element: its job, its mappings, its listeners, what it calls.

Source: Camunda's documentation, components/modeler/bpmn and components/concepts (variables, execution-listeners).
"""

from __future__ import annotations

from zeebe_fleet.engine.model.elements import (
    AdHoc,
    Binding,
    CalledElement,
    Element,
    IoMapping,
    JobDefinition,
    Loop,
)
from zeebe_fleet.engine.model.mapping import path
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.tags import JOB_WORKED
from zeebe_fleet.engine.model.values import Values

RETRIES = "3"
_BINDINGS: dict[str, Binding] = {"deployment": "deployment", "versionTag": "versionTag"}


def describe(element: Element, node: Node, values: Values) -> None:
    """Fill in what any element can have."""
    if held := node.first("extensionElements"):
        for extension in held.children:
            if reader := _EXTENSIONS.get(extension.tag):
                reader(element, extension, values)
    if loop := node.first("multiInstanceLoopCharacteristics"):
        element.loop = _loop(loop, values)
    if node.tag == "adHocSubProcess":
        element.ad_hoc = _ad_hoc(node, values)


def job(node: Node, values: Values) -> JobDefinition:
    """Read a job type and its retries from a task definition or a listener."""
    return JobDefinition(values.attribute(node, "type"), values.read(node, node.attributes.get("retries", RETRIES)))


def binding(node: Node) -> Binding:
    """Return which version of something is meant."""
    return _BINDINGS.get(node.get("bindingType"), "latest")


def _job(element: Element, node: Node, values: Values) -> None:
    if element.tag in JOB_WORKED:
        element.job = job(node, values)


def _headers(element: Element, node: Node, _: Values) -> None:
    written = ((one.get("key"), one.get("value")) for one in node.all("zeebe:header"))
    element.headers = {key: value for key, value in written if key and value}


def _properties(element: Element, node: Node, _: Values) -> None:
    element.properties = {one.get("name"): one.get("value") for one in node.all("zeebe:property")}


def _mappings(element: Element, node: Node, values: Values) -> None:
    element.inputs = tuple(_mapping(one, values) for one in node.all("zeebe:input"))
    element.outputs = tuple(_mapping(one, values) for one in node.all("zeebe:output"))


def _mapping(node: Node, values: Values) -> IoMapping:
    return IoMapping(values.attribute(node, "source"), path(node, node.get("target"), values))


def _listeners(element: Element, node: Node, values: Values) -> None:
    written = [(one.get("eventType"), job(one, values)) for one in node.all("zeebe:executionListener")]
    element.start_listeners = tuple(listener for event, listener in written if event == "start")
    element.end_listeners = tuple(listener for event, listener in written if event == "end")


def _called(element: Element, node: Node, values: Values) -> None:
    element.called = CalledElement(
        values.attribute(node, "processId"),
        node.says("propagateAllParentVariables", default=True),
        node.says("propagateAllChildVariables", default=True),
        binding(node),
        node.get("versionTag"),
    )


def _script(element: Element, node: Node, values: Values) -> None:
    element.script = values.expression_at(node, "expression")
    element.script_result = node.get("resultVariable")


def _decision(element: Element, node: Node, values: Values) -> None:
    element.decision_id = values.attribute(node, "decisionId")
    element.decision_result = node.get("resultVariable")
    element.decision_binding = binding(node)
    element.decision_version_tag = node.get("versionTag")


def _loop(node: Node, values: Values) -> Loop | None:
    written = node.extension("loopCharacteristics")
    if written is None:
        return None
    condition = node.first("completionCondition")
    return Loop(
        sequential=node.says("isSequential"),
        input_collection=values.required(written, written.get("inputCollection")) or "",
        input_element=written.get("inputElement"),
        output_collection=written.get("outputCollection"),
        output_element=values.expression_at(written, "outputElement"),
        completion_condition=None if condition is None else values.required(condition, condition.text),
    )


def _ad_hoc(node: Node, values: Values) -> AdHoc:
    written = node.extension("adHoc")
    condition = node.first("completionCondition")
    return AdHoc(
        active_elements=values.expression_at(written, "activeElementsCollection"),
        completion_condition=None if condition is None else values.required(condition, condition.text),
        cancel_remaining=node.says("cancelRemainingInstances", default=True),
        output_collection="" if written is None else written.get("outputCollection"),
        output_element=values.expression_at(written, "outputElement"),
    )


_EXTENSIONS = {
    "zeebe:taskDefinition": _job,
    "zeebe:taskHeaders": _headers,
    "zeebe:properties": _properties,
    "zeebe:ioMapping": _mappings,
    "zeebe:executionListeners": _listeners,
    "zeebe:calledElement": _called,
    "zeebe:script": _script,
    "zeebe:calledDecision": _decision,
}
