"""Processes for tests of the index: one calls another, with a listener, a subprocess and a multi-instance in it."""

from __future__ import annotations

from tests.engine.model.writing import HEAD, START, TAIL, definition, element, flows, listener, message


def _task(name: str, *inside: str, attributes: str = "") -> str:
    return element(
        "serviceTask", name, f'<zeebe:taskDefinition type="{name}" retries="3" />', *inside, attributes=attributes
    )


def _process(name: str, *parts: str, attributes: str = "") -> str:
    return element("process", name, *parts, attributes=f'isExecutable="true" {attributes}')


_TWICE = """
<bpmn:multiInstanceLoopCharacteristics isSequential="false">
  <bpmn:extensionElements>
    <zeebe:loopCharacteristics inputCollection="=[1, 2]" inputElement="item" />
  </bpmn:extensionElements>
</bpmn:multiInstanceLoopCharacteristics>
"""
_PART = element(
    "subProcess",
    "part",
    element("startEvent", "part-start"),
    _task("each", _TWICE, attributes='name="Each of them"'),
    element("endEvent", "part-end"),
    flows("part-start", "each", "part-end"),
    attributes='name="A part"',
)
_OUTER = _process(
    "outer",
    '<zeebe:versionTag value="v1" />',
    START,
    _PART,
    element("callActivity", "call", '<zeebe:calledElement processId="inner" />'),
    element("endEvent", "end"),
    flows("start", "part", "call", "end"),
    attributes='name="The outer one"',
)
_INNER = _process(
    "inner",
    element("startEvent", "begin"),
    _task("work", '<zeebe:taskHeaders><zeebe:header key="colour" value="blue" /></zeebe:taskHeaders>'),
    element("endEvent", "done"),
    flows("begin", "work", "done"),
)

RICH = f"{HEAD}{_OUTER}{_INNER}{TAIL}"
"""`outer` runs `each` twice within `part`, then calls `inner`, which has the task `work`."""

LISTENED = f"{HEAD}{_process('listened', listener('start', 'adopt'), element('startEvent', 'only'))}{TAIL}"
"""A process whose own start listener is `adopt`."""

_CATCH = element("intermediateCatchEvent", "wait", definition("message", messageRef="m"))
WAITING = f"{HEAD}{_process('waiting', START, _CATCH, flows('start', 'wait'))}{message('m')}{TAIL}"
"""A process that waits for the message `m`."""
