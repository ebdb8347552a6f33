"""The `@task` decorator: a function that does the work of one job type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, TypeVar, overload

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from zeebe_fleet.workers.call import Call, plain
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError
from zeebe_fleet.workers.contract.flow import Action, Condition, Observer, Persister, Validator
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.unwritable import unwritable

F = TypeVar("F", bound=Callable[..., Any])
_ALONE_S = 60.0
_ALONE_LEASES = 5
ACTION = "action"
"""Variable or task header that names the action to pick, where a job type has several."""


class Task:
    """A job type and the action that does it, with what it reads and what it returns.

    Args:
        job_type: what the model's service task names.
        action: its parameters are process variables of the same names, validated by their annotations. One
            parameter may be annotated `TaskContext`.
        settings: lease, retries and slots.
    """

    def __init__(self, job_type: str, action: Action, settings: TaskSettings | None = None) -> None:
        self.job_type = job_type
        self.action = action
        self.settings = settings or TaskSettings()
        self.name: str = getattr(action, "__name__", job_type)
        self._call = Call(f"task {job_type!r}", action, cpu=self.settings.cpu)

    @property
    def blocking(self) -> bool:
        """Whether the action holds up the thread it runs in."""
        return self._call.blocking

    @property
    def alone_s(self) -> float:
        """How long the action may take in a process of its own."""
        return self.settings.alone_s or max(_ALONE_S, _ALONE_LEASES * self.settings.lease_s)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables it reads."""
        return self._call.names

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables to fetch: the parameters and the reserved ones; none named means all."""
        if self.settings.all_variables:
            return ()
        return (*self.names, *RESERVED_VARIABLES)

    @property
    def signatures(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """JSON Schemas of what each of its actions reads and returns; empty where nothing is said."""
        return [(self._call.input_schema, self._call.output_schema)]

    def complete(self) -> None:
        """Complete its types, once all modules are loaded; raises `DefinitionError` when one never is."""
        self._call.complete()

    async def call(self, ctx: TaskContext, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Validate the input, run the action, and return its result as variables.

        Raises:
            PermanentError: a variable is missing or does not fit, or the result is not what was declared.
        """
        ctx.action = ctx.action or self.name
        return self._write(await self._call(ctx, variables))

    def _write(self, result: Any) -> dict[str, Any]:
        if result is None and self._may_return_nothing:
            return {}
        try:
            written = to_jsonable_python(self._call.output.validate_python(result))
        except ValidationError as error:
            raise PermanentError(f"Task {self.job_type!r} returned what it does not declare: {plain(error)}.") from None
        except (ValueError, RecursionError):  # pydantic's own are ValueErrors, as are bytes that are no text
            raise PermanentError(
                f"Task {self.job_type!r} returned something that is not JSON: {unwritable(result)}.",
                "Return objects, lists, text, numbers, booleans and null; bytes as base64 text.",
            ) from None
        if written is None:
            return {}
        if not isinstance(written, dict):
            raise PermanentError(
                f"Task {self.job_type!r} returned a {type(result).__name__}, which has no names for its values.",
                "Return a pydantic model, a dict, or nothing.",
            )
        return written

    @cached_property
    def _may_return_nothing(self) -> bool:
        return self._call.hints.get("return", Any) in (Any, None, type(None))


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """How a task's jobs are taken and run."""

    lease_s: float = 20.0
    """How long a job is ours before the engine may hand it to another worker; extended while it is worked on."""
    slots: int = 0
    """How many of these jobs one worker has at a time; 0 for an even share among its tasks."""
    mode: Literal["both", "stream", "poll"] = "both"
    """Where jobs come from: a stream has the least delay, a poll costs the least in bulk."""
    all_variables: bool = False
    """Whether every variable is fetched, also those that no parameter names."""
    cpu: bool = False
    """Whether the action computes for long: a plain function, run in a process of a pool, without a context."""
    repeatable: bool = True
    """Whether the action may run again when nobody knows if it did: a call under an idempotency key may."""
    alone_s: float = 0.0
    """How long the action may take when it runs alone, after it lost a worker; 0 for five leases, a minute at least."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What surrounds an action in its flow; see `workers.flow`."""

    action: str = ""
    """Name of the action; its function's unless given. Functions of one job type are told apart by it."""
    conditions: Sequence[Condition] = ()
    """Functions that say whether the action is available; all must."""
    validators: Sequence[Validator] = ()
    """Functions that check the action's input, in this order."""
    persister: Persister | None = None
    """Loads `ctx.state` before, and stores it after."""
    observers: Sequence[Observer] = ()
    """Told at each point of the flow, and after the commit."""
    unavailable: str = ""
    """BPMN error thrown when a condition does not hold; an incident unless given."""


_AROUND = tuple(one.name for one in fields(Surroundings))


@overload
def task(
    job_type: str,
    /,
    *,
    lease_s: float = ...,
    slots: int = ...,
    mode: Literal["both", "stream", "poll"] = ...,
    all_variables: bool = ...,
    cpu: bool = ...,
    repeatable: bool = ...,
    alone_s: float = ...,
    action: str = ...,
    conditions: Sequence[Condition] = ...,
    validators: Sequence[Validator] = ...,
    persister: Persister | None = ...,
    observers: Sequence[Observer] = ...,
    unavailable: str = ...,
) -> Callable[[F], F]: ...
@overload
def task(job_type: F, /) -> F: ...
def task(job_type: Any, /, **options: Any) -> Any:
    """Declare that a function does the jobs of a type.

    The function stays callable as it is. Its job type defaults to its name in kebab-case. An `async def` runs in
    the worker's event loop, a plain `def` in a thread, one with `cpu=True` in a process; see `TaskSettings`.

    Example:
        ```python
        @task("kyc.fetch-report")
        async def fetch_report(ctx: TaskContext, applicant: Applicant) -> KycReport:
            return KycReport(**await ctx.http("kyc").get(f"/reports/{applicant.id}"))
        ```
    """
    if callable(job_type):
        return task(job_type.__name__.replace("_", "-"))(job_type)
    around = {name: options.pop(name) for name in _AROUND if name in options}
    settings = TaskSettings(**options)

    def declare(action: Any) -> Any:
        declared = Task(job_type, action, settings)
        action.__fleet_task__ = _surrounded(declared, Surroundings(**around)) if around else declared
        return action

    return declare


def task_of(action: object) -> Task | None:
    """Return what `@task` declared about a function, if anything."""
    declared = action if isinstance(action, Task) else getattr(action, "__fleet_task__", None)
    return declared if isinstance(declared, Task) else None


def tasks_in(*modules: object) -> dict[str, Task]:
    """Collect the tasks of some modules by job type; functions that name their actions may share one.

    Raises:
        DefinitionError: two functions claim one job type, or one action of it; or a type of theirs is not there.
    """
    found: dict[str, list[Task]] = {}
    for module in modules:
        for declared in filter(None, map(task_of, vars(module).values())):
            others = found.setdefault(declared.job_type, [])
            if declared not in others:
                others.append(declared)
    collected = {job_type: _one_of(tasks) for job_type, tasks in found.items()}
    for declared in collected.values():
        declared.complete()
    return collected


def _one_of(tasks: list[Task]) -> Task:
    if len(tasks) == 1:
        return tasks[0]
    from zeebe_fleet.workers.flow import Flow

    actions = [one for flow in tasks if isinstance(flow, Flow) for one in flow.alternatives.values()]
    names = {one.name for one in actions if one.around.action}
    if len(names) < len(tasks):
        raise DefinitionError(
            f"Job type {tasks[0].job_type!r} is declared by {' and by '.join(map(_where, tasks))}.",
            "Give one of them another job type; or, if one is to be picked, each an action of its own: action=….",
        )
    return Flow(actions)


def _surrounded(declared: Task, around: Surroundings) -> Task:
    """Put the flow around an action; a worker whose tasks have none never loads it."""
    from zeebe_fleet.workers.flow import Alternative, Flow

    return Flow([Alternative(declared, around)])


def _where(declared: Task) -> str:
    return f"{declared.action.__module__}.{getattr(declared.action, '__qualname__', declared.action)}"
