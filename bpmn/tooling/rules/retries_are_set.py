"""How often a job is tried is said, not left to a default.

Why: What is left out is three in the engine, and nobody who reads the model knows it.
Fix: Write `retries="3"`, or what suits the task, in its `zeebe:taskDefinition`.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", alone="off")
def retries_are_set(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes:
        for definition in xml.extension(node, "taskDefinition"):
            retries = definition.get("retries", "")
            if not (retries.startswith("=") or (retries.isdecimal() and int(retries) > 0)):
                yield subject.wrong(node, f"Its retries are {retries!r}.", "Set retries to 1 or more.")
