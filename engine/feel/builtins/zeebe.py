"""Functions that Zeebe adds to FEEL.

Source: https://docs.camunda.io/docs/components/concepts/expressions/
"""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.numbers import NUMBER_TYPES
from zeebe_fleet.engine.feel.temporal import DaysTime, YearsMonths
from zeebe_fleet.engine.feel.text import text_of

_MOST_PARAMETERS = ("value", "description", "type", "schema", "options")


@builtin("cycle", "interval: duration")
def endless_cycle(interval: DaysTime | YearsMonths) -> str:
    """Write a cycle that never ends, as a timer reads it."""
    return f"R/{text_of(interval)}"


@builtin("cycle", "repetitions: any", "interval: duration")
def cycle(repetitions: Any, interval: DaysTime | YearsMonths) -> str | None:
    """Write a cycle of so many times; of null it never ends."""
    if repetitions is None:
        return endless_cycle(interval)
    if type(repetitions) not in NUMBER_TYPES or repetitions != int(repetitions):
        return None
    return f"R{int(repetitions)}/{text_of(interval)}"


def _from_ai(value: Any, *_: Any) -> Any:
    """Return what an agent filled in; what else is said of it is for the agent."""
    return value


for _count in range(1, len(_MOST_PARAMETERS) + 1):
    builtin("fromAi", *(f"{name}: any" for name in _MOST_PARAMETERS[:_count]))(_from_ai)
