"""Decisions as Camunda evaluates them: read once, compiled to closures, evaluated with a trace of what was found.

`read` gives the `Requirements` of a DMN file, `evaluate` the outcome of one of its decisions with every decision that
was evaluated on the way, its inputs and the rules that matched.

Source: https://docs.camunda.io/docs/components/modeler/dmn/
Source: DMN 1.3, 8 (decision tables), 10.4 (boxed expressions)
"""

from __future__ import annotations

from zeebe_fleet.engine.dmn.evaluation import Evaluation, evaluate
from zeebe_fleet.engine.dmn.model import Decision, Requirements
from zeebe_fleet.engine.dmn.reading import read
from zeebe_fleet.engine.dmn.trace import EvaluatedDecision, EvaluatedInput, EvaluatedOutput, MatchedRule

__all__ = [
    "Decision",
    "EvaluatedDecision",
    "EvaluatedInput",
    "EvaluatedOutput",
    "Evaluation",
    "MatchedRule",
    "Requirements",
    "evaluate",
    "read",
]
