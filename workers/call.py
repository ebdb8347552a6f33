"""A user's function and its parameters: process variables of the same names, and the task's context."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import PermanentError
from zeebe_fleet.workers.execution import execute
from zeebe_fleet.workers.moments import with_moments
from zeebe_fleet.workers.service_task import ServiceTaskHelper
from zeebe_fleet.workers.shelter import LikeAnyOther
from zeebe_fleet.workers.signature import Signature


class Call:
    """A function that the fleet calls.

    Args:
        what: what to call it in errors.
        function: plain or async. One parameter may be annotated `TaskContext` or `ServiceTaskHelper`, or come first
            and be named `sth`.
        cpu: whether it computes for long.

    Raises:
        DefinitionError: it cannot work, with file, line and what to write instead.
    """

    def __init__(self, what: str, function: Callable[..., Any], *, cpu: bool = False) -> None:
        self.what = what
        self.function = function
        self.cpu = cpu
        self._signature = Signature(what, function)
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
        return tuple(one.variable for one in self._signature.parameters)

    @property
    def hints(self) -> Mapping[str, Any]:
        """Its annotations, resolved."""
        return self._signature.hints

    def complete(self) -> None:
        """Complete its types, once all modules are loaded; raises `DefinitionError` when one never is."""
        self._signature.complete()

    @property
    def output(self) -> TypeAdapter[Any]:
        """What checks its result."""
        return self._signature.output or TypeAdapter(self.hints.get("return", Any))

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of the variables it reads, as one object; empty where it has types that JSON has not."""
        try:
            return self._signature.input.model_json_schema()
        except PydanticUserError:
            return {}

    @property
    def output_schema(self) -> dict[str, Any]:
        """JSON Schema of its result; empty where its signature says nothing of it."""
        hint = self.hints.get("return", Any)
        if hint in (None, type(None)):
            return {"type": "object", "properties": {}}
        try:
            return {} if hint is Any else self.output.json_schema(mode="serialization")
        except PydanticUserError:
            return {}

    async def __call__(self, ctx: TaskContext, variables: Mapping[str, Any]) -> Any:
        """Validate the input and run.

        Raises:
            PermanentError: a variable is missing or does not fit.
        """
        with LikeAnyOther():
            return await self._run(ctx, self._read(variables))

    async def _run(self, ctx: TaskContext, arguments: dict[str, Any]) -> Any:
        result = await self._begun(ctx, arguments)
        while inspect.isawaitable(result):  # of a decorator that knows nothing of coroutines
            result = await result
        return result

    async def _begun(self, ctx: TaskContext, arguments: dict[str, Any]) -> Any:
        parameter = self._signature.context
        if self.blocking and self._is_helped:
            helper = ServiceTaskHelper(ctx, asyncio.get_running_loop())
            call = {"function": self.function, "arguments": arguments, "parameter": parameter}
            return await execute(helper.call, call, cpu=False)
        if parameter:
            arguments[parameter] = ctx
        if self.blocking:
            return await execute(self.function, arguments, cpu=self.cpu)
        return await self.function(**arguments)

    def _check(self) -> None:
        if self.cpu and (not self.blocking or self._signature.context):
            raise self._signature.wrong(
                "has cpu=True, but is async or takes a context",
                "Make it a plain function of its variables: it runs in another process.",
            )
        if not self.blocking and self._signature.context_hint is ServiceTaskHelper:
            raise self._signature.wrong(
                "is async, and a ServiceTaskHelper is for plain functions",
                "Annotate the parameter with TaskContext, or make it a plain def.",
            )

    @property
    def _is_helped(self) -> bool:
        return self._signature.context is not None and self._signature.context_hint is not TaskContext

    def _read(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: variables[name] for name in self.names if name in variables}
        while True:
            try:
                read = self._signature.input.model_validate(given)
                break
            except ValidationError as error:
                given = with_moments(given, error.errors(include_url=False, include_context=False))
                if given is None:
                    raise PermanentError(
                        f"The variables do not fit {self.what}: {plain(error)}.",
                        "Correct them on the instance and resolve the incident.",
                    ) from None
        names = (one.name for one in self._signature.parameters)
        return {name: read.__dict__[f"p{number}"] for number, name in enumerate(names)}


def plain(error: ValidationError) -> str:
    """Say which fields are wrong and why, never their values: those may be personal data."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'value'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )
