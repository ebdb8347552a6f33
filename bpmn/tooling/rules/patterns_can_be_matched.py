"""Patterns in expressions are matched in linear time: looking around and referring back are refused.

Why: A pattern that looks around or refers back can take for ever on a text that somebody sends; the engine in the box
    refuses it when it runs.
Fix: Write the pattern without it; the finding says how.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.engine import feel
from zeebe_fleet.engine.feel.pattern_classes import UnfitPattern

_WITH_PATTERNS = ("matches", "replace", "split", "extract")


@rule(severity="error", alone="warning")
def patterns_can_be_matched(subject: Subject) -> Iterator[Finding]:
    for element in subject.process.iter(etree.Element):
        for text in (*element.attrib.values(), element.text or ""):
            expression = str(text).strip()
            if expression.startswith("=") and any(f"{name}(" in expression for name in _WITH_PATTERNS):
                for wrong in _unfit(expression[1:]):
                    yield subject.wrong(
                        subject.owner(element), f"A pattern cannot be matched. {wrong}", wrong.suggestion
                    )


def _unfit(expression: str) -> tuple[UnfitPattern, ...]:
    try:
        return feel.parse(expression).unfit
    except feel.FeelSyntaxError:
        return ()
