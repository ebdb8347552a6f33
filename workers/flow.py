"""The flow of a task that is more than an action: conditions, validators, a persister, observers, or alternatives.

    begin        the transaction of `ctx.db` opens when it is first used
    load         the persister loads the workflow's state
    conditions   say which of the job type's actions are available
    pick         the action that is named, or the only one available
    validators   check the input of that action
    action       does the business
    serialize    its result becomes variables; the persister stores the state, under its own role
    commit       by the runner: rows, state, the step's record and what the engine is owed, or nothing

A task without any of these is run by itself, and none of this costs it anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from zeebe_fleet.workers.audience import Audience
from zeebe_fleet.workers.call import Call
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.access import AS_PERSISTER
from zeebe_fleet.workers.contract.errors import BusinessError, DefinitionError, PermanentError
from zeebe_fleet.workers.contract.flow import FlowEvent, Persister, Point
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, ThrowError
from zeebe_fleet.workers.raised import gravest, trace_of
from zeebe_fleet.workers.shelter import LikeAnyOther
from zeebe_fleet.workers.task import ACTION, Surroundings, Task

T = TypeVar("T")


class Alternative:
    """One of the actions of a job type, with what surrounds it."""

    def __init__(self, task: Task, around: Surroundings) -> None:
        self.name = around.action or task.name
        self.task = task
        self.around = around
        self.conditions = [Call(f"condition {_name(one)!r}", one) for one in around.conditions]
        self.validators = [Call(f"validator {_name(one)!r}", one) for one in around.validators]

    @property
    def names(self) -> set[str]:
        """Variables that the action, its conditions and its validators read."""
        calls = [*self.conditions, *self.validators]
        return {*self.task.names, *(name for call in calls for name in call.names)}

    async def hindrance(self, ctx: TaskContext, variables: Mapping[str, Any]) -> str:
        """Return the condition that does not hold, or nothing."""
        for condition in self.conditions:
            if not await _asked(condition, ctx, variables):
                return condition.what
        return ""

    async def validate(self, ctx: TaskContext, variables: Mapping[str, Any]) -> None:
        """Raise what the first validator that objects has to say."""
        for validator in self.validators:
            wrong = await _asked(validator, ctx, variables)
            if wrong:
                raise PermanentError(
                    f"The input of action {self.name!r} is not valid: {wrong}",
                    "Correct the variables on the instance and resolve the incident.",
                )


class Flow(Task):
    """A job type whose action is picked, and watched.

    Args:
        alternatives: its actions; those of one job type share settings and persister.
    """

    def __init__(self, alternatives: Sequence[Alternative]) -> None:
        first = alternatives[0].task
        super().__init__(first.job_type, first.action, first.settings)
        self.alternatives = {one.name: one for one in alternatives}
        observers = {id(one): one for alternative in alternatives for one in alternative.around.observers}
        self._audience = Audience(list(observers.values()))
        self._persister = _shared(alternatives)

    @property
    def blocking(self) -> bool:
        """Whether one of the actions holds up the thread it runs in."""
        return any(one.task.blocking for one in self.alternatives.values())

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables to fetch, whichever action is picked."""
        if self.settings.all_variables:
            return ()
        read = {name for one in self.alternatives.values() for name in one.names}
        return (*sorted(read), *([ACTION] if len(self.alternatives) > 1 else []), *RESERVED_VARIABLES)

    @property
    def signatures(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """JSON Schemas of what each of its actions reads and returns."""
        return [one for alternative in self.alternatives.values() for one in alternative.task.signatures]

    def complete(self) -> None:
        """Complete the types of all its functions."""
        for one in self.alternatives.values():
            one.task.complete()
            for call in (*one.conditions, *one.validators):
                call.complete()

    async def call(self, ctx: TaskContext, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Go through the flow up to its commit.

        Raises:
            PermanentError: no action is available, the input is not valid, or something in the flow is broken.
            BusinessError: no action is available, and the task says what that means.
        """
        tell = self._teller(ctx)
        tell(Point.BEGIN)
        await self._load(ctx)
        tell(Point.LOAD, state=dict(ctx.state))
        hindrances = {name: await one.hindrance(ctx, variables) for name, one in self.alternatives.items()}
        available = tuple(name for name, hindrance in hindrances.items() if not hindrance)
        tell(Point.CONDITIONS, available=available)
        chosen = self._pick(available, hindrances, variables.get(ACTION) or ctx.job.headers.get(ACTION))
        ctx.action = chosen.name
        tell(Point.PICK, action=chosen.name)
        await chosen.validate(ctx, variables)
        tell(Point.VALIDATORS)
        result = await chosen.task.call(ctx, variables)
        tell(Point.ACTION)
        await self._serialize(ctx)
        tell(Point.SERIALIZE, state=dict(ctx.state))
        return result

    def _teller(self, ctx: TaskContext) -> Callable[..., None]:
        job = ctx.job
        event = FlowEvent(Point.BEGIN, ctx.workflow_id, job.process_name, job.element_id, job.type)

        def tell(point: Point, **facts: Any) -> None:
            nonlocal event
            event = replace(event, point=point, **facts)
            self._audience.tell(event)

        def at_end(outcome: object) -> None:
            if isinstance(outcome, Complete):
                tell(Point.COMMIT)
            else:
                tell(Point.ROLLBACK, error=_reason(outcome))

        ctx.at_end = at_end
        return tell

    async def _load(self, ctx: TaskContext) -> None:
        if self._persister is not None:
            with LikeAnyOther():
                ctx.state.update(await self._persister.load(ctx.db, ctx.workflow_id))

    def _pick(self, available: Sequence[str], hindrances: Mapping[str, str], named: object) -> Alternative:
        if named is not None and named not in hindrances:
            raise PermanentError(
                f"Job type {self.job_type!r} has no action {named!r}.", f"It has {', '.join(hindrances)}."
            )
        wanted = [name for name in available if named in (None, name)]
        if len(wanted) == 1:
            return self.alternatives[wanted[0]]
        if wanted:
            raise PermanentError(
                f"Several actions of job type {self.job_type!r} are available: {', '.join(wanted)}.",
                f"Name one, by a task header or a variable {ACTION!r}.",
            )
        asked = [str(named)] if named else list(hindrances)
        reasons = "; ".join(f"{name}: {hindrances[name]} does not hold" for name in asked)
        code = next((self.alternatives[name].around.unavailable for name in asked), "")
        if code:
            raise BusinessError(code, f"No action is available. {reasons}.")
        raise PermanentError(
            f"No action of job type {self.job_type!r} is available. {reasons}.",
            "Wait until it holds and resolve the incident, or say unavailable=… and model the error.",
        )

    async def _serialize(self, ctx: TaskContext) -> None:
        if self._persister is None:
            return
        become_persister = ctx.db.info.get(AS_PERSISTER)
        if become_persister is not None:
            await become_persister()
        with LikeAnyOther():
            await self._persister.store(ctx.db, ctx.workflow_id, ctx.state)
        await ctx.flush()


async def _asked(call: Call, ctx: TaskContext, variables: Mapping[str, Any]) -> Any:
    """Call a condition or a validator; one that breaks is a mistake in the code, which no retry mends."""
    try:
        return await call(ctx, variables)
    except Exception as error:
        found = gravest(error)
        if not found.is_foreign:
            raise found.error from error if found.error is not error else None
        ctx.log.warning("task.raised", what=found.kind, place=found.place, exception=trace_of(error))
        raise PermanentError(
            f"{call.subject} of task {ctx.job.type!r} raised {found.kind} at {found.place}.",
            "Mend it, then resolve this incident; nothing was changed.",
        ) from error


def _shared(alternatives: Sequence[Alternative]) -> Persister | None:
    persisters = {id(one.around.persister): one.around.persister for one in alternatives if one.around.persister}
    settings = {one.task.settings for one in alternatives}
    if len(persisters) > 1 or len(settings) > 1:
        raise DefinitionError(
            f"The actions of job type {alternatives[0].task.job_type!r} differ in settings or persister.",
            "Give them the same: they are taken and stored alike.",
        )
    return next(iter(persisters.values()), None)


def _reason(outcome: object) -> str:
    match outcome:
        case Fail():
            return outcome.message
        case ThrowError():
            return f"{outcome.code}: {outcome.message}"
        case _:
            return "the job was handed back, or is no longer ours"


def _name(function: object) -> str:
    return getattr(function, "__name__", type(function).__name__)
