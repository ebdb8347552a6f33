"""Which variables each element of a process gives, and of what shape, as far as model, manifest and forms say it.

Source: https://docs.camunda.io/docs/components/concepts/variables/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element, is_expression
from zeebe_fleet.bpmn.tooling.expressions import starts_process
from zeebe_fleet.bpmn.tooling.form_fields import FormFields, fields_of
from zeebe_fleet.bpmn.tooling.jobs import error_codes, heard
from zeebe_fleet.bpmn.tooling.manifest import DeclaredError
from zeebe_fleet.bpmn.tooling.shapes import ANYTHING, Shape, shape, variables_of
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES

ALWAYS = frozenset((*RESERVED_VARIABLES, "camunda"))
"""Names that are there without anybody giving them."""
OPEN = ""
"""The name of what nobody knows: some variables, whatever they are called."""
_PAYLOADS = ("messageEventDefinition", "signalEventDefinition")
_COUNTS = ("numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances", "numberOfTerminatedInstances")
_NUMBER = shape({"type": "integer"})


@dataclass(frozen=True, slots=True, eq=False)
class Gift:
    """A variable that something gives.

    Args:
        name: of the variable, or `OPEN`.
        shape: of its values, where it is known.
        source: the expression that makes it, and is asked for its shape; evaluated at `node`.
    """

    name: str
    shape: Shape = ANYTHING
    source: str = ""
    node: Element | None = None


UNKNOWN = Gift(OPEN)


def gifts_of(schema: Mapping[str, Any] | None) -> list[Gift]:
    """Return what an object of this schema gives; nothing is known without one."""
    if not schema:
        return [UNKNOWN]
    named, is_open = variables_of(schema)
    return [*(Gift(name, one) for name, one in named.items()), *([UNKNOWN] if is_open else [])]


class Giving:
    """What the elements of a process give.

    Args:
        subject: the package; without a manifest little is known.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._fields: dict[str, FormFields] = {}

    def at_start(self) -> list[Gift]:
        """Return what an instance begins with."""
        found = gifts_of(self._subject.manifest.input)
        found += [gift for job_type in heard(self._subject.process) for gift in self._by_job(job_type)]
        if any(starts_process(start) and _waits_for_payload(start) for start in self._subject.of_kind("startEvent")):
            found.append(UNKNOWN)
        return found

    def by(self, node: Element) -> list[Gift]:
        """Return what an element gives to the scope around it when it ends."""
        mapped = xml.extension(node, "ioMapping/output")
        if mapped:
            found = [_mapped(node, one) for one in mapped]
        else:
            own = {gift.name for gift in self.local(node)}
            found = [gift for gift in self.within(node) if gift.name not in own]
        return [*found, *_collected(node)]

    def within(self, node: Element) -> list[Gift]:
        """Return what an element's work gives, which its output mappings see."""
        return [*self._by_work(node), *(gift for job_type in heard(node) for gift in self._by_job(job_type))]

    def local(self, node: Element) -> list[Gift]:
        """Return what only an element, and what is in it, sees."""
        found = [_mapped(node, one) for one in xml.extension(node, "ioMapping/input")]
        for loop in xml.children(node, "multiInstanceLoopCharacteristics"):
            found += [Gift("loopCounter", _NUMBER), *(Gift(name, _NUMBER) for name in _COUNTS)]
            for said in xml.extension(loop, "loopCharacteristics"):
                found += [Gift(name) for name in (said.get("inputElement"), said.get("outputCollection")) if name]
        if xml.kind(node) == "adHocSubProcess":
            found.append(Gift("adHocSubProcessElements"))
            # a job that says what is active says with which variables
            found += [UNKNOWN] if xml.extension(node, "taskDefinition") else []
        return found

    def fields(self, task: Element) -> FormFields | None:
        """Return what a user task's form reads and writes; nothing when it is not of this package."""
        element_id = task.get("id", "")
        if element_id not in self._fields:
            human_task = self._subject.package.model.human_tasks.get(element_id)
            if human_task is None or human_task.form is None:
                return None
            self._fields[element_id] = fields_of(human_task.form)
        return self._fields[element_id]

    def _by_work(self, node: Element) -> Iterator[Gift]:
        kind = xml.kind(node)
        for definition in xml.extension(node, "taskDefinition"):
            yield from self._by_job(definition.get("type", ""))
        for script in xml.extension(node, "script"):
            yield Gift(script.get("resultVariable", ""), ANYTHING, script.get("expression", ""), node)
        for decision in xml.extension(node, "calledDecision"):
            facts = self._subject.decisions.get(decision.get("decisionId", "").strip())
            yield Gift(decision.get("resultVariable", ""), facts.gives if facts else ANYTHING)
        if kind == "userTask":
            yield from self._by_people(node)
        elif kind == "callActivity":
            yield from self._by_called(node)
        elif kind == "receiveTask" or (_waits_for_payload(node) and not starts_process(node)):
            yield UNKNOWN
        elif kind in ("boundaryEvent", "startEvent") and xml.children(node, "errorEventDefinition"):
            yield from self._by_error(node)

    def _by_job(self, job_type: str) -> list[Gift]:
        contract = self._subject.manifest.job_types.get(job_type)
        return gifts_of(contract.output if contract else None)

    def _by_people(self, task: Element) -> Iterator[Gift]:
        fields = self.fields(task)
        if fields is None or xml.extension(task, "taskListeners"):
            yield UNKNOWN
        for name, schema in (fields.writes if fields else {}).items():
            yield Gift(name, shape(schema))

    def _by_called(self, call: Element) -> Iterator[Gift]:
        for called in xml.extension(call, "calledElement"):
            if called.get("propagateAllChildVariables", "true") == "true":
                yield UNKNOWN

    def _by_error(self, event: Element) -> Iterator[Gift]:
        """Return what comes with an error, where the manifest says it of every code that is caught."""
        declared = self._subject.manifest.errors
        for code in error_codes(self._subject.document, event):
            said = declared.get(code)
            yield from gifts_of(said.variables if isinstance(said, DeclaredError) else None)


def _mapped(node: Element, mapping: Element) -> Gift:
    name, dot, _ = mapping.get("target", "").partition(".")
    source = mapping.get("source", "")
    if dot or not is_expression(source):
        return Gift(name, ANYTHING if dot else shape({"type": "string"}))
    return Gift(name, ANYTHING, source, node)


def _collected(node: Element) -> Iterator[Gift]:
    for loop in xml.children(node, "multiInstanceLoopCharacteristics"):
        for said in xml.extension(loop, "loopCharacteristics"):
            if name := said.get("outputCollection"):
                yield Gift(name, shape({"type": "array"}))
    for said in xml.extension(node, "adHoc"):
        if name := said.get("outputCollection"):
            yield Gift(name, shape({"type": "array"}))


def _waits_for_payload(node: Element) -> bool:
    catches = xml.kind(node) in ("startEvent", "intermediateCatchEvent", "boundaryEvent")
    return catches and any(xml.children(node, definition) for definition in _PAYLOADS)
