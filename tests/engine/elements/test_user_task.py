"""User tasks that are a job: what their headers say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.core.acting import Acting, process
from tests.engine.model.writing import element, flows

TYPE = "io.camunda.zeebe:userTask"


def headers(*inside: str, **given: Any) -> dict[str, str]:
    """Return the headers of a user task's job, without their prefix."""
    acting = Acting()
    acting.begun(process(element("userTask", "ask", *inside), flows("start", "ask")), **given)
    found: dict[str, str] = json.loads(acting.take(TYPE).headers)
    return {name.removeprefix("io.camunda.zeebe:"): text for name, text in found.items()}


@pytest.mark.parametrize(
    ("written", "given", "wanted"),
    [
        ('<zeebe:assignmentDefinition assignee="jo" />', {}, {"assignee": "jo"}),
        ('<zeebe:assignmentDefinition assignee="=who" />', {"who": "jo"}, {"assignee": "jo"}),
        ('<zeebe:assignmentDefinition assignee="=who" />', {"who": None}, {}),
        (
            '<zeebe:assignmentDefinition candidateGroups="a, b" candidateUsers="=list" />',
            {"list": ["x", "y"]},
            {"candidateGroups": '["a","b"]', "candidateUsers": '["x","y"]'},
        ),
        (
            '<zeebe:taskSchedule dueDate="2027-01-15T08:00:00Z" followUpDate="=due" />',
            {"due": "2027-01-15T08:00:00+01:00[Europe/Berlin]"},
            {"dueDate": "2027-01-15T08:00:00Z", "followUpDate": "2027-01-15T08:00:00+01:00[Europe/Berlin]"},
        ),
        ('<zeebe:formDefinition formKey="f" />', {}, {"formKey": "f"}),
        ('<zeebe:taskHeaders><zeebe:header key="k" value="v" /></zeebe:taskHeaders>', {}, {"k": "v"}),
    ],
)
def test_user_task_says_in_headers_whom_it_is_for(written: str, given: dict[str, Any], wanted: dict[str, str]) -> None:
    """B40: lists as JSON text without blanks, dates as they are written; what is null is left out."""
    assert headers(written, **given) == wanted


def test_user_task_of_nobody_has_no_headers() -> None:
    """B40: nothing is made up."""
    assert headers() == {}


@pytest.mark.parametrize(
    ("written", "given", "told"),
    [
        ('<zeebe:assignmentDefinition assignee="=who" />', {"who": 1}, "'who' to be 'STRING', but was 'NUMBER'"),
        ('<zeebe:assignmentDefinition candidateUsers="=who" />', {"who": [1]}, "'who' to be 'ARRAY of STRING'"),
        ('<zeebe:taskSchedule dueDate="=who" />', {"who": "soon"}, "'who' to be 'DATE_TIME', but was 'STRING'"),
    ],
)
def test_user_task_with_a_wrong_value_is_an_incident(written: str, given: dict[str, Any], told: str) -> None:
    """B40, B48: evaluated again when it is resolved."""
    acting = Acting()
    instance = acting.begun(process(element("userTask", "ask", written), flows("start", "ask")), **given)
    assert acting.told()[:2] == ("EXTRACT_VALUE_ERROR", "ask")
    assert told in acting.incident().message
    acting.set(instance, who=None)
    acting.resolve()

    assert json.loads(acting.take(TYPE).headers) == {}
