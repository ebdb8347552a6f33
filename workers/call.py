"""A user's function and its parameters: process variables of the same names, and the task's context."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError
from zeebe_fleet.workers.execution import execute
from zeebe_fleet.workers.raised import LikeAnyOther
from zeebe_fleet.workers.service_task import ServiceTaskHelper

_HELPER = "sth"
"""A first parameter of this name is the context, whatever it is annotated with."""


class Call:
    """A function that the fleet calls.

    Args:
        what: what to call it in errors.
        function: plain or async. One parameter may be annotated `TaskContext` or `ServiceTaskHelper`, or come first
            and be named `sth`.
        cpu: whether it computes for long.
    """

    def __init__(self, what: str, function: Callable[..., Any], *, cpu: bool = False) -> None:
        self.what = what
        self.function = function
        self.cpu = cpu
        self.hints = _hints_of(what, function)
        self._check()

    @property
    def subject(self) -> str:
        """What to call it where a sentence begins."""
        return self.what[:1].upper() + self.what[1:]

    @cached_property
    def blocking(self) -> bool:
        """Whether it holds up the thread it runs in."""
        return not inspect.iscoroutinefunction(self.function)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the variables it reads."""
        return tuple(self._input.model_fields)

    async def __call__(self, ctx: TaskContext, variables: Mapping[str, Any]) -> Any:
        """Validate the input and run.

        Raises:
            PermanentError: a variable is missing or does not fit.
        """
        with LikeAnyOther():
            return await self._run(ctx, self._read(variables))

    async def _run(self, ctx: TaskContext, arguments: dict[str, Any]) -> Any:
        if self.blocking and self._is_helped:
            helper = ServiceTaskHelper(ctx, asyncio.get_running_loop())
            call = {"function": self.function, "arguments": arguments, "parameter": self._context_parameter}
            return await execute(helper.call, call, cpu=False)
        if self._context_parameter:
            arguments[self._context_parameter] = ctx
        if self.blocking:
            return await execute(self.function, arguments, cpu=self.cpu)
        return await self.function(**arguments)

    def _check(self) -> None:
        if self.cpu and (not self.blocking or self._context_parameter):
            raise DefinitionError(
                f"{self.subject} has cpu=True, but is async or takes a context.",
                "Make it a plain function of its variables: it runs in another process.",
            )
        if not self.blocking and self._context_hint is ServiceTaskHelper:
            raise DefinitionError(
                f"{self.subject} is async, and a ServiceTaskHelper is for plain functions.",
                "Annotate the parameter with TaskContext, or make it a plain def.",
            )

    @cached_property
    def _is_helped(self) -> bool:
        return self._context_parameter is not None and self._context_hint is not TaskContext

    @cached_property
    def _context_hint(self) -> Any:
        return self.hints.get(self._context_parameter or "")

    @cached_property
    def _context_parameter(self) -> str | None:
        first = next(iter(inspect.signature(self.function).parameters), None)
        if first == _HELPER:
            return first
        return next((name for name, hint in self.hints.items() if hint in (TaskContext, ServiceTaskHelper)), None)

    def _read(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        try:
            read = self._input.model_validate({name: variables[name] for name in self.names if name in variables})
        except ValidationError as error:
            raise PermanentError(
                f"The variables do not fit {self.what}: {plain(error)}.",
                "Correct them on the instance and resolve the incident.",
            ) from None
        return dict(read.__dict__)

    @cached_property
    def _input(self) -> type[BaseModel]:
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if name == self._context_parameter:
                continue
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[name] = (self.hints.get(name, Any), default)
        config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)
        return create_model(f"Input of {self.what}", __config__=config, **fields)


def plain(error: ValidationError) -> str:
    """Say which fields are wrong and why, never their values: those may be personal data."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'value'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )


def _hints_of(what: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise DefinitionError(
            f"{what[:1].upper()}{what[1:]} has an annotation that cannot be resolved: {error}.",
            "Import the type at module level, not under TYPE_CHECKING.",
        ) from error
