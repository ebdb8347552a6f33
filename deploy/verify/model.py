"""Models that no other process has to do with: ids, job types, messages and signals bear a name of their own."""

from __future__ import annotations

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="test">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to_work" sourceRef="start" targetRef="work" />
    <bpmn:serviceTask id="work">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="{name}-work" retries="3" />
        <zeebe:taskHeaders><zeebe:header key="colour" value="blue" /></zeebe:taskHeaders>
      </bpmn:extensionElements>
    </bpmn:serviceTask>
    <bpmn:boundaryEvent id="refused" attachedToRef="work">
      <bpmn:extensionElements>
        <zeebe:ioMapping><zeebe:output source="=why" target="reason" /></zeebe:ioMapping>
      </bpmn:extensionElements>
      <bpmn:outgoing>from_refused</bpmn:outgoing>
      <bpmn:errorEventDefinition errorRef="error" />
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="to_waiting" sourceRef="work" targetRef="waiting" />
    <bpmn:intermediateCatchEvent id="waiting">
      <bpmn:messageEventDefinition messageRef="message" />
    </bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="to_signal" sourceRef="waiting" targetRef="listening" />
    <bpmn:intermediateCatchEvent id="listening">
      <bpmn:signalEventDefinition signalRef="signal" />
    </bpmn:intermediateCatchEvent>
    <bpmn:sequenceFlow id="to_last" sourceRef="listening" targetRef="last" />
    <bpmn:sequenceFlow id="from_refused" sourceRef="refused" targetRef="last" />
    <bpmn:serviceTask id="last">
      <bpmn:extensionElements><zeebe:taskDefinition type="{name}-last" /></bpmn:extensionElements>
    </bpmn:serviceTask>
  </bpmn:process>
  <bpmn:error id="error" errorCode="REFUSED" />
  <bpmn:signal id="signal" name="{name}-signal" />
  <bpmn:message id="message" name="{name}-message">
    <bpmn:extensionElements><zeebe:subscription correlationKey="=order" /></bpmn:extensionElements>
  </bpmn:message>
</bpmn:definitions>
"""
"""A task whose error is caught, a message, a signal, a last task."""

HEARD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="test">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:extensionElements>
      <zeebe:executionListeners>
        <zeebe:executionListener eventType="start" type="{name}-started" />
        <zeebe:executionListener eventType="end" type="{name}-ended" />
      </zeebe:executionListeners>
    </bpmn:extensionElements>
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to_end" sourceRef="start" targetRef="end" />
    <bpmn:endEvent id="end" />
  </bpmn:process>
</bpmn:definitions>
"""
"""A process that listeners hear of, and nothing in it."""

UNFINISHED = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="definitions" targetNamespace="test">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to_work" sourceRef="start" targetRef="typeless" />
    <bpmn:serviceTask id="typeless" />
  </bpmn:process>
</bpmn:definitions>
"""
"""A service task that says no job type."""
