"""The relay: tells the engine what is owed to it, as often as it takes, and sweeps up what nobody told us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from zeebe_fleet.workers.backoff import Backoff
from zeebe_fleet.workers.contract.errors import (
    EngineBroke,
    EngineBusy,
    EngineConflict,
    EngineError,
    EngineGone,
    EngineRejected,
    FleetError,
    InfrastructureError,
)
from zeebe_fleet.workers.contract.job import DefinitionKey, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, ThrowError
from zeebe_fleet.workers.contract.ports import Answer, Engine, Outbox, Sweeper
from zeebe_fleet.workers.contract.records import Owed
from zeebe_fleet.workers.pulse import Pulse

_BATCH = 100
_PAUSE_S = 1.0
_SWEEP_PAUSE_S = 5.0
_INCIDENTS = 1_000
"""Open incidents read in one sweep."""

_PROBES = 20
"""Instances asked after in one sweep, so that asking costs the engine next to nothing."""

_ROUND_S = 300.0
"""Within which a batch is sent or a sweep ends, even when every call runs into its deadline."""

_MANY = 8
"""Attempts after which something that breaks the engine, or us, is shown as an incident."""

log = structlog.get_logger("fleet.relay")


class Relay:
    """Sends owed rows; any number may run, each row is taken by one."""

    def __init__(self, outbox: Outbox, sweeper: Sweeper, engine: Engine, pulse: Pulse | None = None) -> None:
        self._pulse = pulse or Pulse()
        self._outbox = outbox
        self._sweeper = sweeper
        self._engine = engine
        self._unasked = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Send and sweep until `stop` is set."""
        await asyncio.gather(
            _repeat(self.send_due, stop, lambda: self._outbox.wait(_PAUSE_S)),
            _repeat(self.sweep, stop, lambda: _pause(stop, _SWEEP_PAUSE_S)),
        )

    async def deliver(self, owed_ids: Sequence[int]) -> None:
        """Tell the engine these now; whatever it does not hear stays owed."""
        try:
            await self._send_all(await self._outbox.take(owed_ids))
        except InfrastructureError as error:
            log.info("owed.later", owed_ids=list(owed_ids), why=error.message)

    async def send_due(self) -> None:
        """Send everything whose time has come."""
        self._pulse.beat("relay send", _ROUND_S)
        while owed := await self._outbox.due(_BATCH):
            await self._send_all(owed)
            self._pulse.beat("relay send", _ROUND_S)

    async def sweep(self) -> None:
        """Ask the engine after instances that went quiet, and settle what is uncertain."""
        self._pulse.beat("relay sweep", _ROUND_S)
        quiet = await self._sweeper.quiet(_PROBES)
        alive = []
        for workflow_id, instance_key in quiet:
            try:
                await self._engine.set_variables(instance_key, {})
                alive.append(workflow_id)
            except EngineGone:
                await self._sweeper.ended(workflow_id)
        await self._sweeper.alive(alive)
        await self._sweeper.settle_uncertain()
        await self._hold_up()

    async def _hold_up(self) -> None:
        """Note what the engine holds up; while it cannot be asked for that, say so once for each reason."""
        try:
            incidents = await self._engine.newest_incidents(_INCIDENTS)
        except EngineRejected as error:  # it never can
            log.debug("incidents.unknown", why=error.message)
            return
        except EngineError as error:
            if self._unasked != error.message:
                log.warning("incidents.waiting", why=error.message, suggestion=error.suggestion)
            self._unasked = error.message
            return
        if self._unasked:
            log.info("incidents.again")
        self._unasked = ""
        await self._sweeper.hold_up(incidents, whole=len(incidents) < _INCIDENTS)

    async def _send_all(self, owed: Sequence[Owed]) -> None:
        await asyncio.gather(*map(self._send, owed))

    async def _send(self, owed: Owed) -> None:
        try:
            answer = await self._verb(owed)(owed)
        except EngineRejected as error:
            await self._refused(owed, error)
        except EngineGone as error:
            if owed.verb == "START":
                await self._refused(owed, error)
            else:
                await self._outbox.told(owed, Answer.GONE)
        except EngineError as error:
            if owed.verb == "THROW_ERROR" and isinstance(error, EngineConflict):
                await self._refused(owed, error)
                return
            log.info("owed.later", **_names(owed), attempts=owed.attempts, why=error.message)
            if isinstance(error, EngineBroke):
                await self._broke(owed, str(error))
            if owed.verb != "START" or isinstance(error, EngineBusy):
                await self._outbox.told(owed, Answer.LATER)
        except InfrastructureError:
            raise
        except Exception as error:
            log.exception("owed.broke", **_names(owed), attempts=owed.attempts, error=type(error).__name__)
            await self._broke(
                owed, f"It cannot be told to the engine ({type(error).__name__}); the relay's log says more."
            )
            await self._outbox.told(owed, Answer.LATER)
        else:
            await self._outbox.told(owed, answer)

    async def _broke(self, owed: Owed, why: str) -> None:
        """Show what breaks again and again; it may pass, so it is tried on."""
        if owed.attempts >= _MANY:
            way_out = "It is tried again and again; mend the engine, or cancel the workflow."
            await self._outbox.held_up(owed, f"{why} {way_out}")

    async def _refused(self, owed: Owed, error: EngineError) -> None:
        """Make an incident of what the engine will never take: at the engine, where a job waits for a person's word."""
        log.warning("owed.refused", **_names(owed), why=error.message)
        if owed.step_id is None or owed.verb == "FAIL":
            await self._outbox.refused(owed, str(error))
            return
        if not await self._outbox.current(owed):
            return  # another delivery has the job, and what it does counts
        reason = _untold(owed, error)
        try:
            await self._engine.fail(_job_key(owed), Fail(reason, retries=0))
        except EngineGone:
            await self._outbox.told(owed, Answer.GONE)
        except EngineConflict as conflict:
            log.info("owed.incident", **_names(owed), why=conflict.message)
            if owed.verb == "THROW_ERROR":  # thrown before, and not caught: the engine has its incident
                await self._outbox.told(owed, Answer.DONE)
            else:
                await self._outbox.refused(owed, reason)
        except EngineError as later:
            log.info("owed.later", **_names(owed), attempts=owed.attempts, why=later.message)
            await self._outbox.told(owed, Answer.LATER)
        else:
            await self._outbox.refused(owed, reason)

    def _verb(self, owed: Owed) -> Callable[[Owed], Awaitable[Answer]]:
        return {
            "START": self._start,
            "CANCEL": self._cancel,
            "COMPLETE": self._complete,
            "FAIL": self._fail,
            "THROW_ERROR": self._throw_error,
        }[owed.verb]

    async def _start(self, owed: Owed) -> Answer:
        key = owed.payload.get("definition_key")
        instance = await self._engine.start(
            process_name=owed.payload.get("process_name") or "",
            definition_key=None if key is None else DefinitionKey(key),
            variables=owed.payload["variables"],
        )
        if not await self._outbox.started(owed, instance):
            with suppress(EngineGone):
                await self._engine.cancel(instance.process_instance_key)
        return Answer.DONE

    async def _cancel(self, owed: Owed) -> Answer:
        assert owed.workflow_id is not None, "a cancel is owed to a workflow"
        instance_key = await self._outbox.instance_of(owed.workflow_id)
        if instance_key is None:
            return Answer.LATER
        await self._engine.cancel(instance_key)
        return Answer.DONE

    async def _complete(self, owed: Owed) -> Answer:
        await self._engine.complete(_job_key(owed), Complete(owed.payload.get("variables", {})))
        return Answer.DONE

    async def _fail(self, owed: Owed) -> Answer:
        """A failure that a later delivery has overtaken is nobody's business; a failed job need not fail again."""
        if await self._outbox.current(owed):
            with suppress(EngineConflict):
                await self._engine.fail(_job_key(owed), Fail(owed.payload["message"], owed.payload["retries"]))
        return Answer.DONE

    async def _throw_error(self, owed: Owed) -> Answer:
        payload = owed.payload
        await self._engine.throw_error(
            _job_key(owed), ThrowError(payload["code"], payload["message"], payload["variables"])
        )
        return Answer.DONE


def _untold(owed: Owed, error: EngineError) -> str:
    """Say what the engine does not take, in its own words, and what can be done."""
    if owed.verb == "THROW_ERROR":
        return (
            f"The engine does not take BPMN error {owed.payload['code']!r} here: {error.message} Where no boundary "
            "event can be, as at a message throw event or a listener, let the task return and a gateway decide, or "
            "make it a send task; then resolve this incident: the task runs again."
        )
    return (
        f"The engine does not take the result: {error.message} What was done is kept and not run again. Raise the "
        "engine's limit and resolve this incident, and the result is told again; or cancel the workflow."
    )


def _names(owed: Owed) -> dict[str, Any]:
    """Return what the rest of the log knows it by."""
    names = {"verb": owed.verb, "owed_id": owed.owed_id, "job_key": owed.job_key, "step_id": owed.step_id}
    about = {"workflow_id": owed.workflow_id, "activity_id": owed.activity_id}
    return names | {name: str(known) for name, known in about.items() if known is not None}


def _job_key(owed: Owed) -> JobKey:
    assert owed.job_key is not None, "an outcome is owed to a job"
    return JobKey(owed.job_key)


async def _repeat(
    work: Callable[[], Awaitable[None]], stop: asyncio.Event, rest: Callable[[], Awaitable[None]]
) -> None:
    backoff = Backoff()
    while not stop.is_set():
        try:
            await work()
            await rest()
            backoff.reset()
            continue
        except FleetError as error:
            log.warning("relay.waiting", why=error.message, suggestion=error.suggestion)
        except Exception as error:
            # What it is, the log says: ending would only have somebody start the same again.
            log.exception("relay.broke", error=type(error).__name__)
        await _pause(stop, backoff.next_s())


async def _pause(stop: asyncio.Event, pause_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(pause_s):
            await stop.wait()
