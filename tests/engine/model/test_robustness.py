"""Whatever is deployed is read or refused; nothing else happens."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.adapters.test_zeebe_deployment import (
    BAD_EXPRESSION,
    DANGLING_FLOW,
    NAMELESS_COMPENSATION,
    NO_JOB_TYPE,
    NOT_CLOSED,
)
from tests.chaos import models
from tests.engine.model.refused import CASES
from tests.engine.model.test_rules import refusal
from zeebe_fleet.adapters.zeebe.deployment import explain
from zeebe_fleet.engine.model import Refused, read, unknown_type_text
from zeebe_fleet.workers.contract.errors import EngineRejected
from zeebe_fleet.workers.contract.ports import Resource

ROOT = Path(__file__).parents[3]
SEEDS = [
    *(file.read_text() for file in sorted((ROOT / "bpmn").rglob("*.bpmn"))),
    *(case.model for case in CASES),
    models.order("x"),
    models.compensated_multi_instance("x"),
]
ATTRIBUTE = re.compile(r' ([\w:]+)="([^"]*)"')
TAG = re.compile(r"<bpmn:(\w+)")


@pytest.mark.parametrize("seed", range(8))
def test_mutated_model_is_read_or_refused(seed: int) -> None:
    """Attributes lost, exchanged and made up, elements renamed, bytes cut: no other exception ever comes out."""
    chance = random.Random(seed)
    outcomes = {True: 0, False: 0}
    for _ in range(150):
        text = chance.choice(SEEDS)
        for _ in range(chance.randint(1, 3)):
            text = mutated(text, chance)
        answer = answered(text.encode())
        assert answer.startswith(("read", "'model.bpmn': "))
        outcomes[answer == "read"] += 1

    assert min(outcomes.values()) > 0


def mutated(text: str, chance: random.Random) -> str:
    """Change one thing in a model."""
    kind = chance.randrange(5)
    attributes = list(ATTRIBUTE.finditer(text))
    if kind == 0:
        lost = chance.choice(attributes)
        return text[: lost.start()] + text[lost.end() :]
    if kind == 1:
        one, other = chance.choice(attributes), chance.choice(attributes)
        return text[: one.start(2)] + other[2] + text[one.end(2) :]
    if kind == 2:
        one, other = chance.choice(TAG.findall(text)), chance.choice(TAG.findall(text))
        return text.replace(f"bpmn:{one}", f"bpmn:{other}")
    if kind == 3:
        one = chance.choice(attributes)
        return text[: one.start(2)] + chance.choice(["", "=", "= a +", "null", "a.b", "t:x", " "]) + text[one.end(2) :]
    at = chance.randrange(len(text))
    return text[:at] + text[at + chance.randint(0, 3) :]


def answered(content: bytes) -> str:
    """Return `read`, or why a model is refused."""
    try:
        read("model.bpmn", content)
    except Refused as refused:
        return str(refused)
    return "read"


@pytest.mark.parametrize(
    ("bpmn", "words"),
    [
        (NO_JOB_TYPE, "Element: work (model.bpmn:7)\n    - ERROR: Must have exactly one 'zeebe:taskDefinition'"),
        (BAD_EXPRESSION, "Element: work > extensionElements > taskDefinition (model.bpmn:7)"),
        (BAD_EXPRESSION, "failed to parse expression ' a +'"),
        (DANGLING_FLOW, "no ID/IDREF binding for IDREF 'nowhere'. (model.bpmn:6)"),
        (NOT_CLOSED, 'must be terminated by the matching end-tag "</bpmn:process>". (model.bpmn:6)'),
        (NAMELESS_COMPENSATION, "Give every compensateEventDefinition an id"),
    ],
)
def test_adapter_finds_the_place_in_a_refusal(bpmn: str, words: str) -> None:
    """The words are those that the adapter reads file, element and line from."""
    rejection = EngineRejected(f"Expected to deploy new resources:\n{refusal(bpmn)}")

    assert words in str(explain(rejection, [Resource("model.bpmn", bpmn.encode())]))


def test_file_of_unknown_kind_is_named() -> None:
    """Its ending says nothing."""
    assert unknown_type_text("notes.txt") == "'notes.txt': unknown resource type"
