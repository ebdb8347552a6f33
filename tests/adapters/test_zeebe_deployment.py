"""A model that the engine refuses, and what the modeller is told."""

from __future__ import annotations

import pytest

from zeebe_fleet.adapters.zeebe import ZeebeEngine
from zeebe_fleet.workers.contract.errors import EngineRejected
from zeebe_fleet.workers.contract.ports import Resource

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="test">
"""
NO_JOB_TYPE = f"""{HEAD}<bpmn:process id="p" isExecutable="true">
<bpmn:startEvent id="start" />
<bpmn:sequenceFlow id="flow" sourceRef="start" targetRef="work" />
<bpmn:serviceTask id="work" />
</bpmn:process></bpmn:definitions>"""
BAD_EXPRESSION = f"""{HEAD}<bpmn:process id="p" isExecutable="true">
<bpmn:startEvent id="start" />
<bpmn:sequenceFlow id="flow" sourceRef="start" targetRef="work" />
<bpmn:serviceTask id="work"><bpmn:extensionElements>
<zeebe:taskDefinition type="= a +" /></bpmn:extensionElements></bpmn:serviceTask>
</bpmn:process></bpmn:definitions>"""
DANGLING_FLOW = f"""{HEAD}<bpmn:process id="p" isExecutable="true">
<bpmn:startEvent id="start" />
<bpmn:sequenceFlow id="flow" sourceRef="start" targetRef="nowhere" />
</bpmn:process></bpmn:definitions>"""
NOT_CLOSED = f"""{HEAD}<bpmn:process id="p" isExecutable="true">
<bpmn:startEvent id="start" />
</bpmn:definitions>"""
NAMELESS_COMPENSATION = f"""{HEAD}<bpmn:process id="p" isExecutable="true">
<bpmn:startEvent id="start" />
<bpmn:sequenceFlow id="flow" sourceRef="start" targetRef="undo" />
<bpmn:intermediateThrowEvent id="undo"><bpmn:compensateEventDefinition /></bpmn:intermediateThrowEvent>
</bpmn:process></bpmn:definitions>"""
GOOD = f"""{HEAD}<bpmn:process id="good" isExecutable="true"><bpmn:startEvent id="work" /></bpmn:process>
</bpmn:definitions>"""


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (NO_JOB_TYPE, "Element: work (model.bpmn:7)\n    - ERROR: Must have exactly one 'zeebe:taskDefinition'"),
        (BAD_EXPRESSION, "Element: work > extensionElements > taskDefinition (model.bpmn:7)"),
        (BAD_EXPRESSION, "failed to parse expression ' a +'"),
        (DANGLING_FLOW, "no ID/IDREF binding for IDREF 'nowhere'. (model.bpmn:6)"),
        (NOT_CLOSED, 'must be terminated by the matching end-tag "</bpmn:process>". (model.bpmn:6)'),
        (NAMELESS_COMPENSATION, "Give every compensateEventDefinition an id"),
        ("no model at all", "'model.bpmn': "),
    ],
)
async def test_rejection_names_file_element_and_line(engine: ZeebeEngine, model: str, words: str) -> None:
    """In the engine's own words, with the place to look at."""
    with pytest.raises(EngineRejected) as rejection:
        await engine.deploy([Resource("model.bpmn", model.encode())])

    assert words in str(rejection.value)


async def test_rejection_names_the_line_of_the_file_that_is_wrong(engine: ZeebeEngine) -> None:
    """Two files with an element of the same id: the place is in the one the engine refuses."""
    with pytest.raises(EngineRejected) as rejection:
        await engine.deploy([Resource("good.bpmn", GOOD.encode()), Resource("bad.bpmn", NO_JOB_TYPE.encode())])

    assert "Element: work (bad.bpmn:7)" in rejection.value.message
    assert "good.bpmn:" not in rejection.value.message


async def test_rejection_of_something_that_is_no_resource_says_so(engine: ZeebeEngine) -> None:
    """The engine knows files by their ending."""
    with pytest.raises(EngineRejected, match=r"'notes.txt': unknown resource type"):
        await engine.deploy([Resource("notes.txt", b"hello")])
