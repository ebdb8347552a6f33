"""Which elements begin once at most."""

from __future__ import annotations

import pytest

from tests.bpmn.test_parse import flow, process, service, undo
from zeebe_fleet.bpmn.tooling.parse import read_model

LOOP = '<bpmn:multiInstanceLoopCharacteristics id="loop" />'


def gateway(element_id: str, kind: str = "exclusive") -> str:
    """Return a gateway."""
    return f'<bpmn:{kind}Gateway id="{element_id}" />'


def boundary(element_id: str, host: str, definition: str = "", *, interrupting: bool = True) -> str:
    """Return a boundary event; a timer, by default."""
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition>"
    return (
        f'<bpmn:boundaryEvent id="{element_id}" attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}">'
        f"{definition or timer}</bpmn:boundaryEvent>"
    )


CYCLE = "<bpmn:timerEventDefinition><bpmn:timeCycle>R3/PT1S</bpmn:timeCycle></bpmn:timerEventDefinition>"
TASKS = service("a") + service("b") + service("c")
LOOPED = TASKS + gateway("x") + flow("a", "b", "x", "c") + flow("x", "b")
ERROR = '<bpmn:errorEventDefinition id="error" />'
MODELS = {
    "a sequence": (TASKS + flow("a", "b", "c"), "abc"),
    "a choice that meets again": (
        gateway("x") + TASKS + gateway("m") + flow("x", "a", "m", "c") + flow("x", "b", "m"),
        "abc",
    ),
    "a loop": (LOOPED, "ac"),
    "a loop by a boundary event": (TASKS + boundary("e", "b") + flow("a", "b", "c") + flow("e", "a"), "c"),
    "two tokens that join": (
        gateway("f", "parallel") + TASKS + gateway("j", "parallel") + flow("f", "a", "j", "c") + flow("f", "b", "j"),
        "abc",
    ),
    "two tokens that merge": (
        gateway("f", "parallel") + TASKS + gateway("m") + flow("f", "a", "m", "c") + flow("f", "b", "m"),
        "ab",
    ),
    "two tokens that merge in a task": (
        gateway("f", "parallel") + TASKS + flow("f", "a", "c") + flow("f", "b", "c"),
        "ab",
    ),
    "a fork without a gateway": (service("s") + TASKS + flow("s", "a", "c") + flow("s", "b", "c"), "ab"),
    "a token that passes the join by": (
        gateway("f", "inclusive")
        + gateway("j", "parallel")
        + gateway("m")
        + TASKS
        + flow("f", "a", "j", "m", "c")
        + flow("f", "b", "j")
        + flow("f", "m"),
        "ab",
    ),
    "a timer beside": (TASKS + boundary("e", "a", interrupting=False) + flow("a", "b") + flow("e", "c"), "abc"),
    "a timer beside that comes back": (
        TASKS + boundary("e", "a", interrupting=False) + flow("a", "b") + flow("e", "b"),
        "ac",
    ),
    "a timer beside that repeats": (
        TASKS + boundary("e", "a", CYCLE, interrupting=False) + flow("a", "b") + flow("e", "c"),
        "ab",
    ),
    "a timer that interrupts": (TASKS + boundary("e", "a") + flow("a", "b", "c") + flow("e", "c"), "abc"),
    "a subprocess in a loop": (
        f'<bpmn:subProcess id="s">{service("b")}</bpmn:subProcess>'
        + service("a")
        + gateway("x")
        + service("c")
        + flow("a", "s", "x", "c")
        + flow("x", "s"),
        "ac",
    ),
    "the runs of a multi-instance": (
        service("a", inside=LOOP) + service("b") + service("c") + flow("a", "b", "c"),
        "abc",
    ),
    "a multi-instance in another": (
        f'<bpmn:subProcess id="s">{LOOP.replace("loop", "outer")}'
        f"{service('a', inside=LOOP)}{service('b')}</bpmn:subProcess>{service('c')}" + flow("s", "c"),
        "bc",
    ),
    "what an event subprocess does again and again": (
        TASKS
        + flow("a", "b")
        + '<bpmn:subProcess id="s" triggeredByEvent="true"><bpmn:startEvent id="e" isInterrupting="false" />'
        + f"{service('d')}{flow('e', 'd')}</bpmn:subProcess>",
        "abc",
    ),
}


@pytest.mark.parametrize(("body", "once"), MODELS.values(), ids=MODELS.keys())
def test_once_follows_the_tokens(body: str, once: str) -> None:
    """Only what cannot begin a second time by the model counts as once."""
    model = read_model(process(body))
    assert {element_id for element_id in "abc" if element_id in model.once} == set(once)


def test_handler_is_once_where_its_host_is() -> None:
    """A loop undoes each of its runs."""
    body = service("one") + undo("one", "take_one") + service("many") + undo("many", "take_many") + gateway("x")
    model = read_model(process(body + flow("one", "many", "x", "many")))
    assert "take_one" in model.once
    assert "take_many" not in model.once


IN_TURN = {
    "a loop": (LOOPED, "b"),
    "a loop of two": (TASKS + gateway("x") + flow("a", "b", "x", "c") + flow("x", "a"), "ab"),
    "a loop by an error of its own": (TASKS + boundary("e", "b", ERROR) + flow("a", "b", "c") + flow("e", "b"), "b"),
    "a loop by a timer that interrupts": (TASKS + boundary("e", "b") + flow("a", "b", "c") + flow("e", "a"), "a"),
    "a task in a loop that something interrupts": (LOOPED + boundary("e", "b") + flow("e", "c"), ""),
    "a timer beside that comes back": (
        TASKS + boundary("e", "b", interrupting=False) + flow("a", "b", "c") + flow("e", "a"),
        "",
    ),
    "two tokens in a loop": (
        gateway("f", "parallel") + TASKS + gateway("x") + flow("f", "a", "c") + flow("f", "b", "c", "x", "f"),
        "",
    ),
    "a loop in a subprocess": (
        f'<bpmn:subProcess id="s">{gateway("x")}{service("b")}{flow("b", "x", "b")}</bpmn:subProcess>',
        "",
    ),
    "a multi-instance in a loop": (
        service("a")
        + service("b", inside=LOOP)
        + service("c")
        + gateway("x")
        + flow("a", "b", "x", "c")
        + flow("x", "b"),
        "",
    ),
}


@pytest.mark.parametrize(("body", "in_turn"), IN_TURN.values(), ids=IN_TURN.keys())
def test_in_turn_is_what_one_token_comes_back_to(body: str, in_turn: str) -> None:
    """Nothing that could be under way twice, or be left unfinished by the model."""
    model = read_model(process(body))
    assert {element_id for element_id in "abc" if element_id in model.in_turn} == set(in_turn)


def test_handler_is_never_in_turn() -> None:
    """A loop undoes all its runs at once."""
    body = service("many") + undo("many", "take_many") + gateway("x")
    assert read_model(process(body + flow("many", "x", "many"))).in_turn == {"many", "x"}
