"""Every event has its record, or is one of those that have none."""

from __future__ import annotations

import inspect

from zeebe_fleet.engine.core.events import KINDS
from zeebe_fleet.engine.records.makers import AFTER, BEFORE, UNTOLD


def test_makers_know_every_event() -> None:
    """Whoever adds an event says what it is to those who watch."""
    assert set(KINDS) == {*BEFORE, *AFTER, *UNTOLD}
    assert not set(BEFORE) & set(AFTER)
    assert not UNTOLD & {*BEFORE, *AFTER}


def test_makers_take_the_fields_of_their_event() -> None:
    """Each can be called with the state and what its event has."""
    for name, make in {**BEFORE, **AFTER}.items():
        inspect.signature(make).bind(None, *KINDS[name].fields)
