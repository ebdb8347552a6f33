"""Expressions, times and paths that cannot be read are told at the element where they are written."""

from __future__ import annotations

import pytest

from tests.engine.model.test_rules import errors, refusal
from tests.engine.model.writing import boundary, definition, element, flow, message, started, work
from zeebe_fleet.engine.feel import Expression
from zeebe_fleet.engine.model import read
from zeebe_fleet.engine.model.times import is_cycle, is_date, is_duration


def test_expression_that_cannot_be_parsed_is_told_with_its_text() -> None:
    """As it is written behind the `=`, blanks and all."""
    text = refusal(started(element("serviceTask", "work", '<zeebe:taskDefinition type="= a +" />')))

    assert text.startswith(
        "'model.bpmn': - Element: work > extensionElements > taskDefinition\n"
        "    - ERROR: failed to parse expression ' a +'"
    )


def test_every_wrong_expression_is_told_at_once() -> None:
    """The modeller corrects all of them in one go."""
    mapping = '<zeebe:ioMapping><zeebe:input source="=b +" target="x" /></zeebe:ioMapping>'

    found = errors(refusal(started(element("serviceTask", "w", '<zeebe:taskDefinition type="=a +" />', mapping))))

    assert list(found) == [
        "w > extensionElements > taskDefinition",
        "w > extensionElements > ioMapping > input",
    ]


@pytest.mark.parametrize(
    ("bpmn", "path"),
    [
        (
            started(
                element("exclusiveGateway", "g", attributes='default="g-a"'),
                element("endEvent", "a"),
                element("endEvent", "b"),
                flow("g", "a"),
                flow("g", "b", "static"),
            ),
            "g-b > conditionExpression",
        ),
        (
            started(
                element("intermediateCatchEvent", "c", definition("message", messageRef="m")),
                beside=message("m", "static"),
            ),
            "m > extensionElements > subscription",
        ),
        (
            started(
                work(
                    "w",
                    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
                    '<zeebe:loopCharacteristics inputCollection="static" />'
                    "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>",
                )
            ),
            "w > multiInstanceLoopCharacteristics > extensionElements > loopCharacteristics",
        ),
    ],
    ids=["condition", "correlation key", "input collection"],
)
def test_text_where_only_an_expression_can_stand_is_refused(bpmn: str, path: str) -> None:
    """A forgotten `=` would never be true, or correlate nothing."""
    assert errors(refusal(bpmn)) == {
        path: [
            "Expected expression but found static value 'static'. An expression must start with '=' (e.g. '=static')."
        ]
    }


@pytest.mark.parametrize("target", ["", "a..b", "1a", "a-b", "order.null"])
def test_target_that_is_no_path_is_refused(target: str) -> None:
    """A variable of that name could never be read."""
    mapping = f'<zeebe:ioMapping><zeebe:output source="=x" target="{target}" /></zeebe:ioMapping>'

    found = errors(refusal(started(work("w", mapping))))

    assert list(found) == ["w > extensionElements > ioMapping > output"]
    assert found["w > extensionElements > ioMapping > output"][0].startswith("Expected path expression")


@pytest.mark.parametrize(
    ("kind", "text"), [("timeDuration", "PTS5"), ("timeDate", "tomorrow"), ("timeDate", "2026-01-01T00:00:00")]
)
def test_time_that_is_none_is_refused(kind: str, text: str) -> None:
    """At deployment, not when the timer should be set."""
    time = f"<bpmn:{kind}>{text}</bpmn:{kind}>"

    found = errors(refusal(started(work("w"), boundary("b", "w", definition("timer", "", time)))))

    assert list(found) == ["b > timerEventDefinition"]
    assert text in found["b > timerEventDefinition"][0]


@pytest.mark.parametrize("text", ["PT5S", "P1DT2H", "P1Y2M", "P2W", "-PT1H", "PT0.5S", "PT-5S"])
def test_duration_is_known(text: str) -> None:
    """As ISO 8601 writes it."""
    assert is_duration(text)


@pytest.mark.parametrize("text", ["", "P", "PT", "5S", "P1S", "PT5", "PT5S ", "P1DT"])
def test_what_is_no_duration_is_known(text: str) -> None:
    """A half-written one is none."""
    assert not is_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29T10:00:00Z",
        "2026-11-29T10:00Z",
        "2026-11-29T10:00:00.5+02:00",
        "2026-11-29T10:00:00+01:00[Europe/Berlin]",
    ],
)
def test_date_is_known(text: str) -> None:
    """With its offset, and its zone where it has one."""
    assert is_date(text)


@pytest.mark.parametrize(
    "text", ["R/PT5S", "R3/PT10H", "R-1/P1D", "R5/2026-11-29T10:00:00Z/P1D", "0 0 9-17 * * MON-FRI", "@daily"]
)
def test_cycle_is_known(text: str) -> None:
    """Repeated intervals, and cron of six fields."""
    assert is_cycle(text)


@pytest.mark.parametrize("text", ["", "10", "R", "R3", "R/tomorrow/PT1S", "* * * * *", "@sometimes", "R/PT5S/"])
def test_what_is_no_cycle_is_known(text: str) -> None:
    """Five fields are another cron."""
    assert not is_cycle(text)


def test_blank_before_the_equals_sign_does_not_matter() -> None:
    """Modellers write ` = x` too."""
    process = read(
        "m", started(element("serviceTask", "w", '<zeebe:taskDefinition type=" = x" />')).encode()
    ).processes[0]

    job = process.elements["w"].job
    assert job is not None
    assert isinstance(job.type, Expression)
    assert job.type.text == " x"
