"""An event becomes changes of the index's rows: one function an event, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from zeebe_fleet.engine.core import decisions, documents, people
from zeebe_fleet.engine.core.definitions import Definition
from zeebe_fleet.engine.core.events import KINDS, Event
from zeebe_fleet.engine.search.changes import Changes
from zeebe_fleet.engine.search.rows import (
    attribute_columns,
    decision_row,
    definition_row,
    element_row,
    incident_row,
    job_row,
    nodes,
    process_row,
    requirements_row,
    subscription_row,
    user_task_row,
)

Lookup = Callable[[int], tuple[int, int]]
"""Returns the definition and the root process instance of a process instance."""
_KNOWN = 10_000


class Feed:
    """Turns events into changes.

    Args:
        lookup: asked for process instances that began before the feed did.
        definition: returns a deployed process that is still there.
    """

    def __init__(self, lookup: Lookup, definition: Callable[[int], Definition | None]) -> None:
        self._lookup = lookup
        self._definition = definition
        self._instances: dict[int, tuple[int, int]] = {}
        self._triggered: set[int] = set()
        self.changes = Changes()

    def taken(self) -> Changes:
        """Return what was gathered since the last call."""
        changes, self.changes = self.changes, Changes()
        if len(self._instances) > _KNOWN:
            self._instances.clear()
        return changes

    def read(self, position: int, now_ms: int, events: Iterable[Event]) -> None:
        """Take the events of one record."""
        changes = self.changes
        changes.position, changes.now_ms = position, now_ms
        self._triggered.clear()
        for name, *fields in events:
            handle = _HANDLERS.get(name)
            if handle is not None:
                handle(self, *fields)

    def _instance(self, key: int) -> tuple[int, int]:
        found = self._instances.get(key)
        if found is None:
            row = self.changes.new["process_instance"].get(key)
            found = self._lookup(key) if row is None else (row["definition_key"], row["root_key"])
            self._instances[key] = found
        return found

    def _process_activating(
        self, key: int, definition_key: int, caller_key: int, parent_key: int, start_at: list[str]
    ) -> None:
        root_key = self._instance(parent_key)[1] if parent_key else key
        self._instances[key] = definition_key, root_key
        row = process_row(key, definition_key, parent_key, caller_key, root_key, self.changes.now_ms)
        self.changes.add("process_instance", key, row)

    def _element_activating(
        self, process_key: int, key: int, scope_key: int, element_id: str, body: bool, took: int
    ) -> None:
        definition_key = self._instance(process_key)[0]
        row = element_row(key, process_key, definition_key, scope_key, element_id, body, self.changes.now_ms)
        self.changes.add("element_instance", key, row)

    def _element_completed(self, process_key: int, key: int) -> None:
        self._ended(process_key, key, "COMPLETED")

    def _element_terminated(self, process_key: int, key: int) -> None:
        self._ended(process_key, key, "TERMINATED")

    def _ended(self, process_key: int, key: int, state: str) -> None:
        changes = self.changes
        row = {"state": state, "ended_ms": changes.now_ms}
        if key != process_key:
            changes.change("element_instance", key, row)
            return
        self._instances.pop(key, None)
        changes.ended += 1
        changes.change("process_instance", key, row)

    def _sequence_flow_taken(self, process_key: int, scope_key: int, flow_id: str) -> None:
        self.changes.flows[process_key, flow_id] = None

    def _element_migrated(self, process_key: int, key: int, definition_key: int, element_id: str) -> None:
        if key == process_key:
            self._instances[key] = definition_key, self._instance(key)[1]
            self.changes.change("process_instance", key, {"definition_key": definition_key})
        else:
            row = {"definition_key": definition_key, "element_id": element_id}
            self.changes.change("element_instance", key, row)

    def _job_created(
        self, process_key: int, key: int, instance_key: int, type_: str, retries: int, kind: int, headers: str
    ) -> None:
        row = job_row(key, process_key, instance_key, type_, retries, kind, headers, self.changes.now_ms)
        self.changes.add("job", key, row)

    def _job(self, key: int, **row: Any) -> None:
        self.changes.change("job", key, {**row, "updated_ms": self.changes.now_ms})

    def _job_activated(self, process_key: int, key: int, worker: str, deadline_ms: int) -> None:
        self.changes.change("job", key, {"worker": worker, "deadline_ms": deadline_ms})

    def _job_completed(self, process_key: int, key: int, denied: bool | None = None, reason: str = "") -> None:
        said = {} if denied is None else {"denied": int(denied), "denied_reason": reason or None}
        self._job(key, state="COMPLETED", ended_ms=self.changes.now_ms, **said)

    def _job_canceled(self, process_key: int, key: int) -> None:
        self._job(key, state="CANCELED", ended_ms=self.changes.now_ms)

    def _job_failed(self, process_key: int, key: int, retries: int, message: str, recurs_ms: int) -> None:
        self._job(key, state="FAILED", retries=retries, error_message=message, failed_with_retries=int(retries > 0))

    def _job_timed_out(self, process_key: int, key: int) -> None:
        self._job(key, state="TIMED_OUT")

    def _job_yielded(self, process_key: int, key: int) -> None:
        self._job(key, worker="", deadline_ms=None)

    def _job_error_thrown(self, process_key: int, key: int, code: str, message: str, caught: bool) -> None:
        ended = {"ended_ms": self.changes.now_ms} if caught else {}
        self._job(key, state="ERROR_THROWN", error_code=code, error_message=message, **ended)

    def _job_retries_updated(self, process_key: int, key: int, retries: int) -> None:
        self._job(key, state="RETRIES_UPDATED", retries=retries)

    def _job_timeout_updated(self, process_key: int, key: int, deadline_ms: int) -> None:
        self._job(key, deadline_ms=deadline_ms)

    def _user_task_creating(
        self,
        process_key: int,
        key: int,
        instance_key: int,
        attributes: dict[str, Any],
        form_key: int,
        external_reference: str,
        created_ms: int,
        headers: dict[str, str],
    ) -> None:
        # Whose it is, is told when it is assigned.
        said = {name: value for name, value in attributes.items() if name != "assignee"}
        row = user_task_row(key, process_key, instance_key, said, form_key, external_reference, headers, created_ms)
        self.changes.add("user_task", key, row)

    def _user_task_created(self, process_key: int, key: int, changes: dict[str, Any]) -> None:
        self._user_task_settled(process_key, key, changes)

    def _user_task_moving(self, process_key: int, key: int, to: int, *_: Any) -> None:
        self.changes.change("user_task", key, {"state": people.STATES[to]})

    def _user_task_settled(self, process_key: int, key: int, changes: dict[str, Any]) -> None:
        self.changes.change("user_task", key, {"state": "CREATED", **attribute_columns(changes)})

    def _user_task_denied(self, process_key: int, key: int, reason: str) -> None:
        self.changes.change("user_task", key, {"state": "CREATED"})

    def _user_task_ended(self, process_key: int, key: int, completed: bool, changes: dict[str, Any]) -> None:
        row = {"state": "COMPLETED" if completed else "CANCELED", "ended_ms": self.changes.now_ms}
        self.changes.change("user_task", key, {**row, **attribute_columns(changes)})

    def _incident_created(
        self, process_key: int, key: int, instance_key: int, job_key: int, type_: str, message: str, created_ms: int
    ) -> None:
        row = incident_row(key, process_key, instance_key, job_key, type_, message, created_ms)
        self.changes.add("incident", key, row)

    def _incident_resolved(self, process_key: int, key: int) -> None:
        self.changes.change("incident", key, {"state": "RESOLVED"})

    def _message_subscribed(
        self, process_key: int, key: int, instance_key: int, element_id: str, name: str, correlation_key: str
    ) -> None:
        row = subscription_row(key, process_key, instance_key, element_id, name, correlation_key, self.changes.now_ms)
        self.changes.add("message_subscription", key, row)

    def _subscription(self, key: int, **row: Any) -> None:
        # A timer's or signal's key changes no row.
        self.changes.change("message_subscription", key, {**row, "updated_ms": self.changes.now_ms})

    def _catch_triggered(self, process_key: int, key: int) -> None:
        self._triggered.add(key)
        self._subscription(key, state="CORRELATED")

    def _catch_closed(self, process_key: int, key: int) -> None:
        if key in self._triggered:
            self._subscription(key, open=0)
        else:
            self._subscription(key, open=0, state="DELETED")

    def _catch_migrated(self, process_key: int, key: int, element_id: str) -> None:
        self._subscription(key, element_id=element_id, state="MIGRATED")

    def _decision_evaluated(
        self,
        process_key: int,
        key: int,
        root_key: int,
        instance_key: int,
        output: str,
        evaluated: list[list[Any]],
        failed_id: str,
        failure: str,
    ) -> None:
        for number, (decision_id, kind, result, inputs, rules) in enumerate(evaluated, 1):
            failed = decision_id == failed_id
            made = ("FAILED", result, failure) if failed else ("EVALUATED", result, None)
            told = (self.changes.now_ms, documents.write(inputs), documents.write(rules))
            of = (key, number, process_key, instance_key, root_key, decision_id, kind)
            self.changes.decided.append((*of, *made, *told))

    def _variables_set(self, process_key: int, scope_key: int, variables: dict[str, str]) -> None:
        gathered = self.changes.variables
        for name, value in variables.items():
            gathered[process_key, scope_key, name] = value

    def _deployed(self, _: int, key: int, resources: list[list[Any]]) -> None:
        for resource_name, text, processes in resources:
            content = text.encode("utf-8", "surrogateescape")
            for definition_key, process_id, version, tag in processes:
                self.add_definition(
                    self._definition(definition_key)
                    or Definition(definition_key, process_id, version, tag, key, resource_name, content, {})
                )

    def add_definition(self, definition: Definition) -> None:
        """Note a process and its elements."""
        self.changes.add("definition", definition.key, definition_row(definition))
        self.changes.nodes.extend(nodes(definition))

    def _decisions_deployed(self, _: int, key: int, graphs: list[list[Any]]) -> None:
        for fields in graphs:
            self.add_decisions(decisions.unpacked(fields))

    def add_decisions(self, graph: decisions.DecisionGraph) -> None:
        """Note a file of decisions, and these."""
        self.changes.add("decision_requirements", graph.key, requirements_row(graph))
        for one in graph.decisions:
            self.changes.add("decision", one.key, decision_row(one))

    def _decisions_deleted(self, _: int, key: int) -> None:
        self.changes.change("decision_requirements", key, {"deleted": 1})

    def _definition_deleted(self, _: int, key: int) -> None:
        self.changes.change("definition", key, {"deleted": 1})


_HANDLERS: dict[str, Callable[..., None]] = {
    name: handler for name in KINDS if (handler := Feed.__dict__.get(f"_{name.lower()}")) is not None
}
