"""The deterministic machine: a command, the state and the time become events; each event changes the state at once."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from zeebe_fleet.engine.core.events import APPLIERS, Event
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.core.state import State
from zeebe_fleet.engine.core.steps import STEPS

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.behaviour import Behaviour

Answer = TypeVar("Answer", covariant=True)

SLICE = 1_000
"""Steps that a command may take before others have their turn."""


class Command(Protocol[Answer]):
    """Something that is asked of the engine."""

    def run(self, machine: Machine) -> Answer:
        """Check, emit, answer; raises `Rejected` before anything is emitted."""


class Witness(Protocol):
    """Sees each event in the moment it happens."""

    def see(self, state: State, name: str, fields: tuple[Any, ...], apply: Callable[..., None]) -> None:
        """Let the event change the state: `apply` is called once, with the state and the fields."""


class Machine:
    """Runs commands one after the other; knows no clock, no disk and no network.

    Attributes:
        events: what has happened since the last `taken`.
        ended: process instances that came to their end since then, with their variables.
        now_ms: the time of the command at work.
        counters: how often elements came how far, by action and tag.
        witness: sees what happens; nobody does without one.
        settled: user tasks whose transitions came to their ends since then, with why, where they were denied.
        listens_to_tasks: whether their listeners run; versions before 8.8 pass them over.
    """

    def __init__(self, behaviours: Mapping[tuple[str, str], Behaviour]) -> None:
        self.state = State(behaviours)
        self.events: list[Event] = []
        self.ended: list[tuple[int, str]] = []
        self.now_ms = 0
        self.counters: dict[tuple[str, str], int] = {}
        self.witness: Witness | None = None
        self.settled: list[tuple[int, Rejected | None]] = []
        self.listens_to_tasks = True
        self._seeds = 0
        self._steps: deque[tuple[Any, ...]] = deque()

    def run(self, command: Command[Answer], now_ms: int) -> Answer:
        """Carry a command out, and all that follows of it, up to a slice of steps.

        Raises:
            Rejected: it was refused; nothing has changed.
        """
        self.now_ms = now_ms
        mark = len(self.events)
        try:
            answer = command.run(self)
        except Rejected as late:
            if len(self.events) > mark:
                raise RuntimeError(f"{type(command).__name__} was refused after it had changed something") from late
            raise
        self._drain(SLICE)
        self._cut_off(0)
        return answer

    def resume(self, now_ms: int) -> None:
        """Take up again what was cut off, for as many steps as a command may take."""
        self.now_ms = now_ms
        left = list(itertools.islice(self.state.pending, SLICE))
        for name, *arguments in left:
            STEPS[name](self, *arguments)
        self._drain(SLICE - len(left))
        self._cut_off(len(left))

    def emit(self, name: str, process_instance_key: int, *fields: Any) -> None:
        """Let something have happened."""
        self.events.append([name, process_instance_key, *fields])
        if process_instance_key:
            self.state.changed.add(process_instance_key)
        if self.witness is None:
            APPLIERS[name](self.state, process_instance_key, *fields)
        else:
            self.witness.see(self.state, name, (process_instance_key, *fields), APPLIERS[name])

    def key(self) -> int:
        """Return a key that was never used."""
        self.state.last_key += 1
        return self.state.last_key

    def seed(self) -> int:
        """Return a number that no other evaluation has: what random functions draw from."""
        self._seeds += 1
        return (self.state.last_key << 20) + self._seeds

    def later(self, step: str, *arguments: Any) -> None:
        """Have a step of `lifecycle.STEPS` run once the current one is over."""
        self._steps.append((step, *arguments))

    def count(self, action: str, tag: str) -> None:
        """Count an element that came so far."""
        self.counters[action, tag] = self.counters.get((action, tag), 0) + 1

    def taken(self) -> list[Event]:
        """Return the events since the last call."""
        events, self.events = self.events, []
        return events

    def replay(self, events: Iterable[Event], last_key: int) -> None:
        """Bring back what had happened."""
        state = self.state
        for name, process_instance_key, *fields in events:
            if process_instance_key:
                state.changed.add(process_instance_key)
            APPLIERS[name](state, process_instance_key, *fields)
        state.last_key = last_key

    def _drain(self, limit: int) -> None:
        steps = self._steps
        for _ in itertools.repeat(None, limit):
            if not steps:
                return
            name, *arguments = steps.popleft()
            STEPS[name](self, *arguments)

    def _cut_off(self, done: int) -> None:
        """Put off what is left, behind what was cut off before."""
        if done or self._steps:
            left = [list(step) for step in self._steps]
            self._steps.clear()
            self.emit("CUT_OFF", 0, done, left)
