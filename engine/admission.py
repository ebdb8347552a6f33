"""How many commands are at work at once: without a limit all are let in, with one the rest is refused.

Source: https://docs.camunda.io/docs/components/zeebe/technical-concepts/internal-processing/#handling-backpressure
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core.commands import (
    AssignUserTask,
    CompleteJob,
    CompleteUserTask,
    FailJob,
    ThrowError,
    UpdateUserTask,
)
from zeebe_fleet.engine.pump import Overloaded

if TYPE_CHECKING:
    from zeebe_fleet.engine.pump import Pump

_NEVER_REFUSED = frozenset({CompleteJob, FailJob, ThrowError})
"""They end work: refusing them would keep the engine at its limit."""
_MAY_WAIT = frozenset({AssignUserTask, CompleteUserTask, UpdateUserTask})
"""They wait for listeners, which must be let in meanwhile: the wait counts for nothing."""


class Admission:
    """Lets commands through to the pump.

    Args:
        limit: of the commands at work at once; None for no limit.

    Attributes:
        dropped: how many requests were refused so far.
    """

    def __init__(self, pump: Pump, limit: int | None = None) -> None:
        self._pump = pump
        self._limit = limit
        self._at_work = 0
        self.dropped = 0

    async def run(self, command: Any) -> Any:
        """Run a command.

        Raises:
            Overloaded: as many as the limit allows are at work already.
        """
        if self._limit is None:
            return await self._pump.run(command)
        if type(command) not in _NEVER_REFUSED:
            self.check()
        if type(command) in _MAY_WAIT:
            return await self._pump.run(command)
        self._at_work += 1
        try:
            return await self._pump.run(command)
        finally:
            self._at_work -= 1

    async def run_to_end(self, command: Any, fetch: tuple[str, ...]) -> Any:
        """Run a command that starts an instance, and wait for the instance's end; the wait counts for nothing."""
        self.check()
        return await self._pump.run_to_end(command, fetch)

    def check(self) -> None:
        """Refuse what would come on top of the limit.

        Raises:
            Overloaded: as many as the limit allows are at work already.
        """
        if self._limit is not None and self._at_work >= self._limit:
            self.dropped += 1
            raise Overloaded(f"Reached the limit of {self._limit} requests at once; try again later.")
