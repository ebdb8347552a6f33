"""Whatever a machine does, the index says of it what its state says: random models, random commands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, given, settings

from tests.engine.durability.models import Block, blocks
from tests.engine.durability.runs import Choice, Run, choices
from zeebe_fleet.engine.core.state import State
from zeebe_fleet.engine.search.feed import Feed
from zeebe_fleet.engine.search.snapshot import snapshot
from zeebe_fleet.engine.search.store import Store

_SETTINGS = settings(
    max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
Living = dict[str, set[tuple[Any, ...]]]


def fed(records: Iterable[bytes], at_once: int) -> Store:
    """An index of these records, so many of them written at a time."""
    store = Store.make(None)
    feed = Feed(store.instance, lambda key: None)
    for number, record in enumerate(records, 1):
        now_ms, events, _ = json.loads(record)
        feed.read(number, now_ms, events)
        if number % at_once == 0:
            store.write(feed.taken())
    store.write(feed.taken())
    return store


def living(store: Store) -> Living:
    """What an index says that lives."""
    active = "state = 'ACTIVE'"
    queries = {
        "processes": f"SELECT key, definition_key, caller_key, root_key FROM process_instance WHERE {active}",
        "elements": f"SELECT key, process_instance_key, definition_key, scope_key, element_id, body"
        f" FROM element_instance WHERE {active}",
        "jobs": "SELECT key, instance_key, type, retries, kind, headers FROM job WHERE ended_ms IS NULL",
        "user tasks": "SELECT key, instance_key, state, assignee, candidate_groups, due_ms, priority, created_ms,"
        " headers FROM user_task WHERE ended_ms IS NULL",
        "incidents": f"SELECT key, instance_key, job_key, type, message, created_ms FROM incident WHERE {active}",
        "subscriptions": "SELECT key, instance_key, element_id, name, correlation FROM message_subscription WHERE open",
        "definitions": "SELECT key, process_id, version FROM definition WHERE NOT deleted",
    }
    return {name: set(store.rows(query, ())) for name, query in queries.items()}


def variables(store: Store, state: State) -> dict[tuple[int, str], str]:
    """The variables of scopes that live."""
    rows = store.rows("SELECT scope_key, name, value FROM variable", ())
    return {(scope, name): value for scope, name, value in rows if scope in state.instances}


@_SETTINGS
@given(blocks, blocks, choices)
def test_index_says_what_the_state_says(one: Block, other: Block, chosen: list[Choice]) -> None:
    """Fed record by record, or seven at a time, it has what an index made from the state has."""
    run = Run([one, other])
    for choice in chosen:
        run.do(choice)
    run.settle()
    state = run.machine.state
    made = Store.make(None)
    for changes in snapshot(state, 1, run.now_ms):
        made.write(changes)
    for at_once in (1, 7):
        store = fed(run.everything.records, at_once)
        assert living(store) == living(made)
        assert variables(store, state) == {
            (scope.key, name): value
            for scope in state.instances.values()
            for name, value in (scope.variables or {}).items()
        }
    keys = {key for key, *_ in living(made)["processes"] | living(made)["elements"]}
    assert keys == set(state.instances)
