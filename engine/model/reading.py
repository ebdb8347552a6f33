"""BPMN read into executable processes, or refused in the words the engine's users know."""

from __future__ import annotations

from zeebe_fleet.engine.model import activities, markup, people, rules, schema
from zeebe_fleet.engine.model.diagram import Diagram, flow_nodes
from zeebe_fleet.engine.model.elements import Element, Flow, Model, Process
from zeebe_fleet.engine.model.events import Events
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.refusal import Problems
from zeebe_fleet.engine.model.tags import EVENTS, SUBPROCESSES
from zeebe_fleet.engine.model.values import Values

_INTERRUPTING = {"boundaryEvent": "cancelActivity", "startEvent": "isInterrupting"}


def read(name: str, content: bytes, most: int = markup.MAX_ELEMENTS) -> Model:
    """Read a BPMN file.

    Args:
        name: of the resource; a refusal begins with it.
        most: how many XML elements it may have.

    Raises:
        Refused: broken XML, against the schema, against a rule, or an expression that cannot be parsed.
    """
    root = markup.parse(name, content, most)
    schema.check(name, root, content.rstrip().count(b"\n") + 1)
    diagram = Diagram(root)
    problems = Problems(name)
    rules.check(diagram, problems)
    problems.check()
    values = Values(problems)
    reader = _Reader(diagram, values)
    processes = tuple(reader.process(process) for process in diagram.processes)
    problems.check()
    return Model(name, processes, tuple(process.id for process in diagram.skipped), tuple(values.unfit))


class _Reader:
    """Makes elements of nodes, first all of a process, then what connects them."""

    def __init__(self, diagram: Diagram, values: Values) -> None:
        self._diagram = diagram
        self._values = values
        self._events = Events(diagram, values)

    def process(self, node: Node) -> Process:
        forms = frozenset(form.get("id") for form in node.extensions("userTaskForm"))
        root = Element(node.id, "process", node.line, node.get("name"))
        elements = {root.id: root}
        activities.describe(root, node, self._values)
        self._fill(root, node, elements, forms)
        flows = self._flows(node, elements)
        self._connect(elements, flows)
        tag = node.extension("versionTag")
        none_start = next((one for one in root.children if one.tag == "startEvent" and one.event is None), None)
        version_tag = "" if tag is None else tag.get("value")
        return Process(node.id, root.name, version_tag, root, elements, flows, none_start)

    def _fill(self, scope: Element, node: Node, elements: dict[str, Element], forms: frozenset[str]) -> None:
        for child in flow_nodes(node):
            element = self._element(child, scope, forms)
            elements[element.id] = element
            scope.children.append(element)
            if child.tag in SUBPROCESSES:
                self._fill(element, child, elements, forms)

    def _element(self, node: Node, scope: Element, forms: frozenset[str]) -> Element:
        element = Element(node.id, node.tag, node.line, node.get("name"), scope)
        element.for_compensation = node.says("isForCompensation")
        element.triggered_by_event = node.says("triggeredByEvent")
        activities.describe(element, node, self._values)
        if node.tag in EVENTS:
            element.event = self._events.read(node)
            element.interrupting = node.says(_INTERRUPTING.get(node.tag, ""), default=True)
            form = node.extension("formDefinition") if node.tag == "startEvent" else None
            element.form_id = "" if form is None else form.get("formId")
        elif node.tag == "receiveTask":
            element.event = self._events.message(node)
        elif node.tag == "userTask":
            element.user_task = people.user_task(node, forms, self._values)
            element.job = None if element.user_task.native else people.USER_TASK_JOB
        return element

    def _flows(self, process: Node, elements: dict[str, Element]) -> dict[str, Flow]:
        flows: dict[str, Flow] = {}
        for node in process.walk():
            if node.tag == "sequenceFlow":
                flows[node.id] = self._flow(node, elements)
        return flows

    def _flow(self, node: Node, elements: dict[str, Element]) -> Flow:
        source, target = elements[node.ref("sourceRef")], elements[node.ref("targetRef")]
        written = node.first("conditionExpression")
        condition = None if written is None else self._values.required(written, written.text)
        flow = Flow(node.id, source, target, condition, node.line)
        source.outgoing.append(flow)
        target.incoming.append(flow)
        return flow

    def _connect(self, elements: dict[str, Element], flows: dict[str, Flow]) -> None:
        for element in elements.values():
            node = self._diagram.nodes[element.id]
            element.default = flows.get(node.ref("default"))
            if element.tag == "boundaryEvent":
                element.attached_to = elements[node.ref("attachedToRef")]
                element.attached_to.boundaries.append(element)
                handlers = (elements.get(target) for target in self._diagram.handlers.get(element.id, ()))
                element.handler = next((one for one in handlers if one is not None and one.for_compensation), None)
