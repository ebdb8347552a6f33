"""Random commands given to a machine, as the pump gives them, with what it would write to the disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.engine.durability.models import ERROR_CODE, MESSAGES, PROCESSES, SIGNAL, Block, resource
from zeebe_fleet.engine.core import commands, packing
from zeebe_fleet.engine.core.machine import Machine
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.core.state import State
from zeebe_fleet.engine.elements import BEHAVIOURS

BEGIN_MS = 1_800_000_000_000
DOCUMENTS = (
    "{}",
    '{"key":"k","items":[1,2,3],"go":true,"n":1}',
    '{"key":"k","items":[{"x":1},"two"],"go":false,"again":true}',
    '{"key":7,"items":[],"go":true,"again":false,"n":{"deep":[1.50]}}',
    '{"key":"k","items":"none","again":true}',
    '{"again":false,"go":true,"items":[1],"key":"other"}',
)

Choice = tuple[str, int, int, int]
"""What is done, which of what there is, with what, and how much later."""


@dataclass
class Disk:
    """What a journal would hold: rows that stand for the older records, and the records behind them."""

    rows: dict[tuple[str, int], bytes] = field(default_factory=dict)
    meta: bytes | None = None
    records: list[bytes] = field(default_factory=list)

    def save(self, state: State) -> None:
        """Take a checkpoint."""
        written, removed = packing.changed_rows(state)
        for at in removed:
            self.rows.pop(at, None)
        self.rows.update({(kind, key): body for kind, key, body in written})
        self.meta = packing.meta(state)
        self.records.clear()

    def machine(self) -> Machine:
        """Start from it."""
        machine = Machine(BEHAVIOURS)
        packing.restore(
            machine.state, [(kind, key, body) for (kind, key), body in sorted(self.rows.items())], self.meta
        )
        for record in self.records:
            _, events, last_key = json.loads(record)
            machine.replay(events, last_key)
        packing.offer_all(machine.state)
        return machine


class Run:
    """A machine at work.

    Attributes:
        everything: a disk that never took a checkpoint.
        disk: one that did.
        shaken: whether elements were ended or begun by hand, after which a gateway may wait for ever.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.machine = Machine(BEHAVIOURS)
        self.now_ms = BEGIN_MS
        self.everything, self.disk = Disk(), Disk()
        self.shaken = False
        self._blocks = list(blocks)
        for index in range(len(self._blocks)):
            assert self.run(self._deployment(index)), "the model was refused"

    def _deployment(self, index: int) -> commands.Deploy:
        process_id = PROCESSES[index]
        content = resource(process_id, self._blocks[index], "none" if index else PROCESSES[1])
        return commands.Deploy(((f"{process_id}.bpmn", content),))

    def run(self, command: Any) -> Any:
        """Run a command, then what is due, and keep the record of it."""
        machine = self.machine
        answer = None
        try:
            answer = machine.run(command, self.now_ms)
        except Rejected:
            assert machine.events == [], "refused, but something happened"
        if machine.state.pending:
            machine.resume(self.now_ms)
        next_ms = machine.state.wheel.next_due_ms()
        if next_ms is not None and next_ms <= self.now_ms:
            machine.run(commands.Tick(), self.now_ms)
        self._write()
        return answer

    def _write(self) -> None:
        machine = self.machine
        machine.ended.clear()
        record = json.dumps([self.now_ms, machine.taken(), machine.state.last_key]).encode()
        self.everything.records.append(record)
        self.disk.records.append(record)

    def do(self, choice: Choice) -> None:
        """Do what was chosen, where it makes sense now."""
        what, which, with_what, later_ms = choice
        self.now_ms += later_ms
        command = ACTIONS[what](self, which, with_what)
        if command is not None:
            self.run(command)

    def settle(self) -> None:
        """Let what was cut off come to its end, if it has one."""
        for _ in range(20):
            if self.machine.state.pending:
                self.run(commands.Tick())

    def any_of(self, keys: Any, which: int) -> int:
        """One of the keys; 0 where there is none."""
        found = sorted(keys)
        return found[which % len(found)] if found else 0


Action = Callable[[Run, int, int], Any]


def _document(with_what: int) -> str:
    return DOCUMENTS[with_what % len(DOCUMENTS)]


def _person(run: Run, which: int, with_what: int) -> Any:
    key = run.any_of(run.machine.state.user_tasks, which)
    changes = (("priority", 10 * with_what), ("dueDate", "" if with_what % 2 else "2027-01-15T08:00:00Z"))
    return (
        commands.CompleteUserTask(key, _document(with_what)),
        commands.AssignUserTask(key, ("", "jo")[with_what % 2]),
        commands.UpdateUserTask(key, changes),
        commands.AssignUserTask(key, "al", allow_override=False),
    )[with_what % 4]


def _hear(run: Run, which: int, with_what: int) -> Any:
    corrections: tuple[tuple[str, Any], ...] = (("assignee", "al"), ("candidateGroupsList", []))[: with_what % 3]
    result = commands.JobResult(denied=with_what % 4 == 3, corrections=corrections)
    return commands.CompleteJob(run.any_of(run.machine.state.jobs, which), result=result)


def _save(run: Run, which: int, with_what: int) -> None:
    run.disk.save(run.machine.state)


def _restart(run: Run, which: int, with_what: int) -> None:
    run.machine = run.disk.machine()


def _activate(run: Run, which: int, with_what: int) -> Any:
    jobs = run.machine.state.jobs
    job_type = jobs[run.any_of(jobs, which)].type if jobs else "none"
    return commands.ActivateJobs(job_type, "w", 5_000 + with_what, 1 + with_what % 4)


def _modify(run: Run, which: int, with_what: int) -> Any:
    run.shaken = True
    state = run.machine.state
    key = run.any_of((one.key for one in state.instances.values() if one.scope is not None), which)
    if not key:
        return None
    instance = state.instances[key]
    elements = sorted(instance.definition.process.elements)
    activate = (commands.Activate(elements[with_what % len(elements)]),) if with_what % 3 else ()
    terminate = (key,) if which % 2 else ()
    return commands.ModifyInstance(instance.process_instance_key, activate, terminate)


def _migrate(run: Run, which: int, with_what: int) -> Any:
    run.shaken = True
    state = run.machine.state
    key = run.any_of((one.key for one in state.instances.values() if one.scope is None), which)
    if not key:
        return None
    definition = state.instances[key].definition
    target = run.any_of(state.definitions, with_what)
    names = sorted({one.element.id for one in state.instances.values() if one.process_instance_key == key})
    mappings = tuple((name, name) for name in names if name in definition.process.elements)
    return commands.MigrateInstance(key, target, mappings)


def _deploy(run: Run, which: int, with_what: int) -> Any:
    index = which % len(run._blocks)
    run._blocks[index] = ("row", run._blocks[index], ("task", frozenset(), "a"))
    return run._deployment(index)


def _start_at(run: Run, which: int, with_what: int) -> Any:
    run.shaken = True
    definition = run.machine.state.latest(PROCESSES[which % len(PROCESSES)])
    if definition is None:
        return None
    elements = sorted(definition.process.elements)
    return commands.CreateInstance(
        definition.bpmn_process_id, variables=_document(with_what), start_elements=(elements[which % len(elements)],)
    )


ACTIONS: dict[str, Action] = {
    "create": lambda run, which, with_what: commands.CreateInstance(
        PROCESSES[which % len(PROCESSES)], variables=_document(with_what)
    ),
    "activate": _activate,
    "complete": lambda run, which, with_what: commands.CompleteJob(
        run.any_of(run.machine.state.jobs, which), _document(with_what)
    ),
    "fail": lambda run, which, with_what: commands.FailJob(
        run.any_of(run.machine.state.jobs, which), with_what % 3, "no", 3_000 * (with_what % 2)
    ),
    "throw": lambda run, which, with_what: commands.ThrowError(
        run.any_of(run.machine.state.jobs, which), (ERROR_CODE, "E2")[with_what % 2]
    ),
    "retries": lambda run, which, with_what: commands.UpdateJobRetries(
        run.any_of(run.machine.state.jobs, which), with_what % 3
    ),
    "timeout": lambda run, which, with_what: commands.UpdateJobTimeout(
        run.any_of(run.machine.state.jobs, which), 1_000 * with_what
    ),
    "yield": lambda run, which, with_what: commands.YieldJobs((run.any_of(run.machine.state.jobs, which),)),
    "resolve": lambda run, which, with_what: commands.ResolveIncident(run.any_of(run.machine.state.incidents, which)),
    "cancel": lambda run, which, with_what: commands.CancelInstance(run.any_of(run.machine.state.instances, which)),
    "set": lambda run, which, with_what: commands.SetVariables(
        run.any_of(run.machine.state.instances, which), _document(with_what), which % 2 == 0
    ),
    "publish": lambda run, which, with_what: commands.PublishMessage(
        MESSAGES[which % 2], ("k", "7")[with_what % 2], 15_000 * (which % 3), ("", "once")[with_what % 2], '{"got":1}'
    ),
    "signal": lambda run, which, with_what: commands.BroadcastSignal(SIGNAL, _document(with_what)),
    "later": lambda run, which, with_what: commands.Tick(),
    "deploy": _deploy,
    "delete": lambda run, which, with_what: commands.DeleteResource(run.any_of(run.machine.state.definitions, which)),
    "pin": lambda run, which, with_what: commands.PinClock(run.now_ms) if with_what % 2 else commands.ResetClock(),
    "start at": _start_at,
    "modify": _modify,
    "migrate": _migrate,
    "person": _person,
    "hear": _hear,
    "save": _save,
    "restart": _restart,
}

_OFTEN = ["later", "create", "activate", "person", "hear", "complete", "complete", "complete", "complete", "resolve"]
choices: st.SearchStrategy[list[Choice]] = st.lists(
    st.tuples(
        st.sampled_from([*_OFTEN, *ACTIONS]),
        st.integers(0, 7),
        st.integers(0, 7),
        st.sampled_from((1, 40, 4_000, 25_000)),
    ),
    min_size=40,
    max_size=60,
)
"""As many that few are idle; the simplest does nothing."""


def image(state: State) -> dict[str, Any]:
    """All that a state holds, with what is found by it."""
    return {
        "last_key": state.last_key,
        "pinned": state.pinned_ms,
        "pending": [list(step) for step in state.pending],
        "numbers": dict(state.numbers),
        "instances": {key: packing._packed(one) for key, one in state.instances.items() if one.scope is None},
        "inside": {key: one.process_instance_key for key, one in state.instances.items()},
        "jobs": {key: packing._packed_job(one) for key, one in state.jobs.items()},
        "user tasks": {key: (one.instance.key, packing._packed_task(one)) for key, one in state.user_tasks.items()},
        "incidents": {key: packing._packed_incident(one) for key, one in state.incidents.items()},
        "catches": {key: (one.instance.key, packing._packed_catch(one)) for key, one in state.catches.items()},
        "messages": {key: packing._packed_message(one) for key, one in state.messages.items()},
        "definitions": {key: packing._packed_definition(one) for key, one in state.definitions.items()},
        "versions": {name: {number: one.key for number, one in all_.items()} for name, all_ in state.versions.items()},
        "tags": {tag: one.key for tag, one in state.tags.items()},
        "queues": {type_: found for type_, keys in state.queues.items() if (found := _waiting(state, type_, keys))},
        "subscriptions": {name: list(keys) for name, keys in state.subscriptions.items()},
        "signals": {name: list(keys) for name, keys in state.signals.items()},
        "buffered": {name: list(keys) for name, keys in state.buffered.items()},
        "message ids": set(state.message_ids),
        "wheel": {key: due for bucket in state.wheel._buckets.values() for key, due in bucket.items()},
    }


def _waiting(state: State, type_: str, keys: Any) -> list[int]:
    return sorted({key for key in keys if (job := state.jobs.get(key)) and job.status == 0 and job.type == type_})


def _is_listened_to(state: State, scope: Any) -> bool:
    """Whether a listener inside of what is to end holds that up."""
    for child in (scope.children or {}).values():
        called = state.instances.get(child.called_key)
        if child.job or child.incident or _is_listened_to(state, child):
            return True
        if called is not None and _is_listened_to(state, called):
            return True
    return False


def stuck(run: Run) -> list[str]:
    """What stands still and nobody can say why."""
    state = run.machine.state
    if state.pending:
        return []
    throwers = {undo.thrower_key for one in state.instances.values() for undo in (one.undo or {}).values()}
    found = []
    for one in state.instances.values():
        waits: Any = one.job or one.incident or one.key in throwers or one.called_key in state.instances
        if one.status == 1:
            waits = waits or one.user_task or one.children or one.catches or (run.shaken and one.joins)
        elif one.status == 3:
            waits = waits or _is_listened_to(state, one)
        if not waits:
            found.append(f"{one.element.id} {one.key} in status {one.status}, tokens {one.tokens}, {one.joins}")
        held = len(one.children or ()) + sum((one.joins or {}).values())
        if one.tokens != held:
            found.append(f"{one.element.id} {one.key} has {one.tokens} tokens, but {held} are there")
    return found
