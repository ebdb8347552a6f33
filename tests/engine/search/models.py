"""Processes for tests of the index: one calls another, with a listener, a subprocess and a multi-instance in it."""

from __future__ import annotations

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="http://example.com">
"""

RICH = (
    _HEAD
    + """
  <bpmn:process id="outer" name="The outer one" isExecutable="true">
    <bpmn:extensionElements><zeebe:versionTag value="v1" /></bpmn:extensionElements>
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="part" />
    <bpmn:subProcess id="part" name="A part">
      <bpmn:startEvent id="part-start" />
      <bpmn:sequenceFlow id="f2" sourceRef="part-start" targetRef="each" />
      <bpmn:serviceTask id="each" name="Each of them">
        <bpmn:extensionElements><zeebe:taskDefinition type="each" retries="3" /></bpmn:extensionElements>
        <bpmn:multiInstanceLoopCharacteristics isSequential="false">
          <bpmn:extensionElements>
            <zeebe:loopCharacteristics inputCollection="=[1, 2]" inputElement="item" />
          </bpmn:extensionElements>
        </bpmn:multiInstanceLoopCharacteristics>
      </bpmn:serviceTask>
      <bpmn:sequenceFlow id="f3" sourceRef="each" targetRef="part-end" />
      <bpmn:endEvent id="part-end" />
    </bpmn:subProcess>
    <bpmn:sequenceFlow id="f4" sourceRef="part" targetRef="call" />
    <bpmn:callActivity id="call">
      <bpmn:extensionElements><zeebe:calledElement processId="inner" /></bpmn:extensionElements>
    </bpmn:callActivity>
    <bpmn:sequenceFlow id="f5" sourceRef="call" targetRef="end" />
    <bpmn:endEvent id="end" />
  </bpmn:process>
  <bpmn:process id="inner" isExecutable="true">
    <bpmn:startEvent id="begin" />
    <bpmn:sequenceFlow id="g1" sourceRef="begin" targetRef="work" />
    <bpmn:serviceTask id="work">
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="work" retries="3" />
        <zeebe:taskHeaders><zeebe:header key="colour" value="blue" /></zeebe:taskHeaders>
      </bpmn:extensionElements>
    </bpmn:serviceTask>
    <bpmn:sequenceFlow id="g2" sourceRef="work" targetRef="done" />
    <bpmn:endEvent id="done" />
  </bpmn:process>
</bpmn:definitions>
"""
)
"""`outer` runs `each` twice within `part`, then calls `inner`, which has the task `work`."""

LISTENED = (
    _HEAD
    + """
  <bpmn:process id="listened" isExecutable="true">
    <bpmn:extensionElements>
      <zeebe:executionListeners>
        <zeebe:executionListener eventType="start" type="adopt" />
      </zeebe:executionListeners>
    </bpmn:extensionElements>
    <bpmn:startEvent id="only" />
  </bpmn:process>
</bpmn:definitions>
"""
)
"""A process whose own start listener is `adopt`."""
