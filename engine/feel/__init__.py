"""FEEL as Camunda speaks it: parsed once, compiled to closures.

`parse` gives an `Expression`, `parse_unary_tests` the tests of a decision table's cell. What fails is null, as in
Camunda's engine; only text that is no FEEL (`FeelSyntaxError`), `assert`, calls out of range and passed bounds
(`FeelFailure`) are errors. `from_json` and `to_json` lead from the engine's variables to values and back.

Camunda's engine 1.20 is the yardstick. What differs from it on purpose:

- `cycle` and `fromAi`, which Zeebe adds to it, are built in.
- Bounds (`limits`): 400,000 steps, nesting of 60, strings of 4,000,000 characters, exponents up to 9,999, numbers up to
  1E+6144. Camunda's engine tries until a timeout.
- Years run from 1 to 9999; a date beyond fails.
- `[1] < [2]` and `meets(5, [5..10])` are null; there they end the evaluation with an exception of Scala's.
- Keywords are words of their own: `1 and2` is refused; there it is `1 and 2`.
- Patterns are matched in linear time (`linear`): one that looks around, refers back, or has a set within a set fails.
- The order of a context's entries is theirs; there, from five entries on, it is that of a hash.
- `uuid()` and `random number()` are drawn from the time and the `seed` given to `evaluate`, so that a test can repeat
  them; pass a key that is unique, as an element instance's.
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
