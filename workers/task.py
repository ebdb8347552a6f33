"""The `@task` decorator: a function that does the work of one job type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic_core import PydanticSerializationError, to_jsonable_python

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.execution import execute

Action = Callable[..., Any]
F = TypeVar("F", bound=Action)


class Task:
    """A job type and the action that does it, with what it reads and what it returns.

    Args:
        job_type: what the model's service task names.
        action: its parameters are process variables of the same names, validated by their annotations. One
            parameter may be annotated `TaskContext`.
        settings: lease, retries and slots.
    """

    def __init__(self, job_type: str, action: Action, settings: TaskSettings) -> None:
        self.job_type = job_type
        self.action = action
        self.settings = settings
        self._hints = _hints_of(job_type, action)
        self._check()

    @cached_property
    def blocking(self) -> bool:
        """Whether the action holds up the thread it runs in."""
        return not inspect.iscoroutinefunction(self.action)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables to fetch: the parameters and the reserved ones; none named means all."""
        if self.settings.all_variables:
            return ()
        return (*self._names, *RESERVED_VARIABLES)

    async def call(self, ctx: TaskContext, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Validate the input, run the action, and return its result as variables.

        Raises:
            PermanentError: a variable is missing or does not fit, or the result is not what was declared.
        """
        arguments = self._read(variables)
        if self._context_parameter:
            arguments[self._context_parameter] = ctx
        return self._write(await self._act(arguments))

    async def _act(self, arguments: dict[str, Any]) -> Any:
        if self.blocking:
            return await execute(self.action, arguments, cpu=self.settings.cpu)
        return await self.action(**arguments)

    def _check(self) -> None:
        if self.settings.cpu and (inspect.iscoroutinefunction(self.action) or self._context_parameter):
            raise DefinitionError(
                f"Task {self.job_type!r} has cpu=True, but is async or takes a context.",
                "Make it a plain function of its variables: it runs in another process.",
            )

    def _read(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        try:
            read = self._input.model_validate({k: v for k, v in variables.items() if k in self._names})
        except ValidationError as error:
            raise PermanentError(
                f"The variables do not fit task {self.job_type!r}: {_plain(error)}.",
                "Correct them on the instance and resolve the incident.",
            ) from None
        return {name: getattr(read, name) for name in self._names}

    def _write(self, result: Any) -> dict[str, Any]:
        try:
            written = to_jsonable_python(self._output.validate_python(result))
        except ValidationError as error:
            raise PermanentError(
                f"Task {self.job_type!r} returned what it does not declare: {_plain(error)}."
            ) from None
        except PydanticSerializationError:
            raise PermanentError(f"Task {self.job_type!r} returned something that is not JSON.") from None
        if written is None:
            return {}
        if not isinstance(written, dict):
            raise PermanentError(
                f"Task {self.job_type!r} returned a {type(result).__name__}, which has no names for its values.",
                "Return a pydantic model, a dict, or nothing.",
            )
        return written

    @cached_property
    def _context_parameter(self) -> str | None:
        return next((name for name, hint in self._hints.items() if hint is TaskContext), None)

    @cached_property
    def _input(self) -> type[BaseModel]:
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.action).parameters.items():
            if name == self._context_parameter:
                continue
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[name] = (self._hints.get(name, Any), default)
        config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)
        return create_model(f"Input of {self.job_type}", __config__=config, **fields)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self._input.model_fields)

    @cached_property
    def _output(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._hints.get("return", Any))


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """How a task's jobs are taken and run."""

    lease_s: float = 30.0
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
) -> Callable[[F], F]: ...
@overload
def task(job_type: F, /) -> F: ...
def task(job_type: Any, /, **settings: Any) -> Any:
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

    def declare(action: Any) -> Any:
        action.__fleet_task__ = Task(job_type, action, TaskSettings(**settings))
        return action

    return declare


def task_of(action: object) -> Task | None:
    """Return what `@task` declared about a function, if anything."""
    declared = getattr(action, "__fleet_task__", None)
    return declared if isinstance(declared, Task) else None


def tasks_in(*modules: object) -> dict[str, Task]:
    """Collect the tasks of some modules by job type.

    Raises:
        DefinitionError: two functions claim one job type.
    """
    found: dict[str, Task] = {}
    for module in modules:
        for declared in filter(None, map(task_of, vars(module).values())):
            other = found.setdefault(declared.job_type, declared)
            if other is not declared:
                raise DefinitionError(
                    f"Job type {declared.job_type!r} is declared by {_where(other)} and by {_where(declared)}.",
                    "Give one of them another job type.",
                )
    return found


def _hints_of(job_type: str, action: Action) -> dict[str, Any]:
    try:
        return get_type_hints(action, include_extras=True)
    except NameError as error:
        raise DefinitionError(
            f"Task {job_type!r} has an annotation that cannot be resolved: {error}.",
            "Import the type at module level, not under TYPE_CHECKING.",
        ) from error


def _plain(error: ValidationError) -> str:
    """Say which fields are wrong and why, never their values: those may be personal data."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'value'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )


def _where(declared: Task) -> str:
    return f"{declared.action.__module__}.{declared.action.__qualname__}"
