"""Messages and signals.

Source: https://docs.camunda.io/docs/components/concepts/messages/, …/signals/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, documents, jobs, signals, starts
from zeebe_fleet.engine.core.commands.jobs import require_default_tenant, require_small
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.core.state import Catch

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine


@dataclass(frozen=True, slots=True)
class PublishMessage:
    """Give a message to one instance of each process that waits for it, and keep it for its time to live.

    Args:
        message_id: while a message of the same name, key and id is kept, another is refused; blank for none.
    """

    name: str
    correlation_key: str
    ttl_ms: int = 0
    message_id: str = ""
    variables: str = documents.EMPTY
    tenant: str = ""

    def run(self, machine: Machine) -> int:
        """Publish it; answers with its key."""
        require_default_tenant(self.tenant, "PublishMessage", "")
        require_small(self.variables, "PUBLISH")
        documents.cut(self.variables)
        state = machine.state
        if self.message_id and (self.name, self.correlation_key, self.message_id) in state.message_ids:
            raise Rejected(
                "ALREADY_EXISTS",
                f"Expected to publish a new message with id '{self.message_id}', but a message with that id was "
                f"already published",
                "PUBLISH",
            )
        key, _ = self.give(machine)
        if self.ttl_ms <= 0:
            machine.emit("MESSAGE_EXPIRED", 0, key)
        return key

    def give(self, machine: Machine) -> tuple[int, list[int]]:
        """Give it to who waits for it; returns its key, and those of the process instances that had it."""
        key = machine.key()
        due_ms = jobs.from_now(machine, self.ttl_ms)
        machine.emit(
            "MESSAGE_PUBLISHED", 0, key, self.name, self.correlation_key, self.message_id, due_ms, self.variables
        )
        message = machine.state.messages[key]
        waiting = _one_of_each_process(machine, self.name, self.correlation_key)
        for catch in waiting:
            catching.correlate(machine, catch, message)
        begun = starts.by_message(machine, message)
        return key, [*(catch.instance.process_instance_key for catch in waiting), *begun]


@dataclass(frozen=True, slots=True)
class Correlated:
    """A message, and the first process instance that had it."""

    message_key: int
    process_instance_key: int


@dataclass(frozen=True, slots=True)
class CorrelateMessage:
    """Give a message to whoever waits for it now; it is not kept."""

    name: str
    correlation_key: str = ""
    variables: str = documents.EMPTY
    tenant: str = ""

    def run(self, machine: Machine) -> Correlated:
        """Correlate it.

        Raises:
            Rejected: nobody waits for it, and it begins nothing.
        """
        require_default_tenant(self.tenant, "CorrelateMessage", "")
        require_small(self.variables, "CORRELATE")
        documents.cut(self.variables)
        waited_for = _one_of_each_process(machine, self.name, self.correlation_key)
        if not waited_for and not starts.is_started(machine, self.name, self.correlation_key):
            raise Rejected(
                "NOT_FOUND",
                f"Expected to find subscription for message with name '{self.name}' and correlation key "
                f"'{self.correlation_key}', but none was found.",
                "CORRELATE",
            )
        message = PublishMessage(self.name, self.correlation_key, variables=self.variables)
        key, had = message.give(machine)
        machine.emit("MESSAGE_EXPIRED", 0, key)
        return Correlated(key, had[0])


def _one_of_each_process(machine: Machine, name: str, correlation_key: str) -> list[Catch]:
    first: dict[str, Catch] = {}
    for catch in machine.state.subscriptions.get((name, correlation_key), {}).values():
        if catching.is_open(catch.instance):
            first.setdefault(catch.instance.definition.bpmn_process_id, catch)
    return list(first.values())


@dataclass(frozen=True, slots=True)
class BroadcastSignal:
    """Tell everybody who waits for a signal now."""

    name: str
    variables: str = documents.EMPTY
    tenant: str = ""

    def run(self, machine: Machine) -> int:
        """Broadcast it; answers with its key."""
        require_default_tenant(self.tenant, "BroadcastSignal", "")
        require_small(self.variables, "BROADCAST")
        given = documents.cut(self.variables)
        key = machine.key()
        signals.broadcast(machine, self.name, given)
        return key
