"""How an event is declared: its applier, and the name Camunda's records have for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Applier = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event.

    Args:
        value_type: of the record, as `JOB`.
        intent: of the record, as `CREATED`.
        apply: changes the state; called with the state, then with the event's fields.
        fields: their names, in order; the first is always the process instance's key, or 0.
    """

    name: str
    value_type: str
    intent: str
    apply: Applier
    fields: tuple[str, ...]


KINDS: dict[str, Kind] = {}
APPLIERS: dict[str, Applier] = {}


def event(value_type: str, intent: str) -> Callable[[Applier], Applier]:
    """Declare the decorated function as the applier of the event that bears its name."""

    def declared(apply: Applier) -> Applier:
        name = apply.__name__.upper()
        fields = tuple(inspect.signature(apply).parameters)[1:]
        KINDS[name] = Kind(name, value_type, intent, apply, fields)
        APPLIERS[name] = apply
        return apply

    return declared


Event = list[Any]
"""Name, process instance key, further fields: as it is written to the journal."""
