"""What has been done and can be undone is not interrupted.

Why: The engine never compensates an interrupted activity, and its effect may have been done.
Fix: Set `cancelActivity="false"`, or catch inside.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", alone="warning")
def what_can_be_undone_is_not_interrupted(subject: Subject) -> Iterator[Finding]:
    for event in subject.of_kind("boundaryEvent"):
        if event.get("cancelActivity") == "false" or xml.is_compensation(event):
            continue
        host = subject.host(event)
        inside = subject.undone_within(host)
        own_outcome = bool(xml.children(event, "errorEventDefinition"))
        if inside or (host.get("id") in subject.undone and not own_outcome):
            yield subject.wrong(
                event,
                "It interrupts work that could then not be undone.",
                'Set cancelActivity="false", or catch inside.',
            )
