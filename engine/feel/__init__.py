"""FEEL as Camunda speaks it: parsed once, compiled to closures.

`parse` gives an `Expression`, `parse_unary_tests` the tests of a decision table's cell. What fails is null, as in
Camunda's engine; only text that is no FEEL (`FeelSyntaxError`), `assert`, calls out of range and passed bounds
(`FeelFailure`) are errors. `from_json` and `to_json` lead from the engine's variables to values and back.
"""

from __future__ import annotations

from zeebe_fleet.engine.feel.expression import Expression, UnaryTests, parse, parse_unary_tests
from zeebe_fleet.engine.feel.json import from_json, to_json
from zeebe_fleet.engine.feel.limits import FeelFailure
from zeebe_fleet.engine.feel.syntax import FeelSyntaxError
from zeebe_fleet.engine.feel.temporal import DateTime, DaysTime, Time, YearsMonths, epoch_ms
from zeebe_fleet.engine.feel.text import text_of
from zeebe_fleet.engine.feel.values import MISSING, Function, Lookup, Range

__all__ = [
    "MISSING",
    "DateTime",
    "DaysTime",
    "Expression",
    "FeelFailure",
    "FeelSyntaxError",
    "Function",
    "Lookup",
    "Range",
    "Time",
    "UnaryTests",
    "YearsMonths",
    "epoch_ms",
    "from_json",
    "parse",
    "parse_unary_tests",
    "text_of",
    "to_json",
]
