"""Signatures: what is read as it stands, and what is refused when it is loaded, with file, line and what to write."""

# ruff: noqa: D103 what these functions do does not matter, only how they are declared

from __future__ import annotations

import functools
import re
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import typing_extensions
from pydantic import BaseModel, Field

from zeebe_fleet import Variable
from zeebe_fleet.deploy.trial import run_task
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.task import Task, TaskSettings, task, tasks_in


class Old(typing.TypedDict):
    """One of the standard library, which pydantic reads from Python 3.12 on."""

    name: str


class New(typing_extensions.TypedDict):
    """One that every version reads."""

    name: str


class Handle:
    """No JSON value is one."""


async def positional(order: str, /) -> None: ...
async def many(*orders: str) -> None: ...
async def any_more(**orders: str) -> None: ...
async def generated() -> AsyncIterator[int]:
    yield 1


def generating() -> Iterator[int]:
    yield 1


def promised() -> Awaitable[dict[str, int]]:
    return answered()


def promised_too() -> Coroutine[Any, Any, dict[str, int]]:
    return answered()


async def answered() -> dict[str, int]:
    return {"answer": 42}


async def aliased(order: Annotated[str, Field(alias="order-id")]) -> None: ...
async def aliased_by_default(order: str = Field(validation_alias="order-id")) -> None: ...
async def old(order: Old) -> None: ...
async def old_within(orders: list[Old]) -> None: ...
async def returns_old() -> Old:
    return {"name": "x"}


async def handle(thing: Handle) -> None: ...
async def returns_handle() -> Handle:
    return Handle()


async def twice(one: Annotated[str, Variable("a")], a: str) -> None: ...
async def nameless(one: Annotated[str, Variable("")]) -> None: ...
async def two_contexts(ctx: TaskContext, again: TaskContext) -> None: ...


REFUSED: dict[Callable[..., Any], str] = {
    positional: "`/`",
    many: "list",
    any_more: "dict",
    generated: "return",
    generating: "return",
    promised: "async def",
    promised_too: "async def",
    aliased: 'Variable("order-id")',
    aliased_by_default: 'Variable("order-id")',
    old: "typing_extensions",
    old_within: "typing_extensions",
    returns_old: "typing_extensions",
    handle: "JSON",
    returns_handle: "JSON",
    twice: "'a'",
    nameless: "name",
    two_contexts: "TaskContext",
}


@pytest.mark.parametrize("function", REFUSED)
def test_signature_that_cannot_work_is_refused_when_loaded(function: Callable[..., Any]) -> None:
    """As a task, a condition and a validator; not when its first job comes."""
    line = function.__code__.co_firstlineno
    said = rf"(?s)test_signatures\.py:{line}\b.*{re.escape(REFUSED[function])}"
    with pytest.raises(DefinitionError, match=said):
        task("x")(function)
    with pytest.raises(DefinitionError, match=said):
        task("x", validators=[function])(functools.partial(answered))


async def odd_names(
    _x: int, model_config: int, model_fields: int, copy: int, json: int = 1, *, class_: int = 2
) -> dict[str, list[int]]:
    return {"all": [_x, model_config, model_fields, copy, json, class_]}


async def test_parameters_of_any_name_are_variables() -> None:
    """What pydantic keeps for itself, too."""
    variables = {"_x": 3, "model_config": 4, "model_fields": 5, "copy": 6, "class_": 7}
    assert await run_task(Task("odd", odd_names), variables) == Complete({"all": [3, 4, 5, 6, 1, 7]})


async def named(
    order: Annotated[str, Variable("order-id")], amount: Annotated[int, Field(gt=0), Variable("Betrag in €")] = 7
) -> dict[str, Any]:
    return {"order": order, "amount": amount}


async def test_variable_of_any_name_is_read() -> None:
    """One whose name is no identifier; absent, its default stands in."""
    one = Task("named", named)
    assert one.variables == ("order-id", "Betrag in €", *RESERVED_VARIABLES)
    assert await run_task(one, {"order-id": "1", "order": "no"}) == Complete({"order": "1", "amount": 7})
    outcome = await run_task(one, {"Betrag in €": 0})
    assert isinstance(outcome, Fail)
    assert "order-id: Field required" in outcome.message
    assert "Betrag in €: " in outcome.message


async def test_typed_dict_that_pydantic_reads_is_read() -> None:
    """As parameter and as result."""

    @task("typed")
    async def typed(one: New) -> New:
        return {"name": one["name"] + "!"}

    assert await run_task(typed, {"one": {"name": "x"}}) == Complete({"name": "x!"})


def test_annotated_context_is_the_context() -> None:
    """Optional, or with more said of it."""

    async def optional(ctx: TaskContext | None = None) -> None: ...
    async def said(ctx: Annotated[TaskContext, "ours"]) -> None: ...

    assert Task("x", optional).names == Task("y", said).names == ()


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap as decorators do that know nothing of coroutines."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


class Callee:
    """An object that is called."""

    async def __call__(self, n: int) -> dict[str, int]:
        return {"n": n + 1}


async def test_function_that_turns_out_to_return_a_coroutine_is_awaited() -> None:
    """A decorated one, an object, a partial: nobody could tell when it was loaded."""

    async def add(n: int) -> dict[str, int]:
        return {"n": n + 1}

    for function in (wrapped(add), Callee(), functools.partial(add), lambda n: add(n)):
        assert await run_task(Task("wrapped", function), {"n": 1}) == Complete({"n": 2})


async def test_default_that_is_no_variable_stays() -> None:
    """A collaborator by default is no business of the engine."""

    async def collaborating(n: int, handle: Handle = Handle()) -> dict[str, bool]:  # noqa: B008
        return {"is": isinstance(handle, Handle)}

    assert await run_task(Task("collaborating", collaborating), {"n": 1}) == Complete({"is": True})


def test_process_is_refused_what_it_cannot_have() -> None:
    """A generator function neither runs there."""
    with pytest.raises(DefinitionError, match=r"test_signatures\.py:\d+"):
        Task("x", generating, TaskSettings(cpu=True))


class Whole(BaseModel):
    """One that is not whole when its task is declared."""

    parts: list[Part]


@task("whole.read")
async def reads_whole(whole: Whole) -> Whole:
    return whole


class Part(BaseModel):
    """What was missing."""

    n: int


class Broken(BaseModel):
    """One that never is."""

    parts: list[Nowhere]  # type: ignore[name-defined]  # noqa: F821


async def reads_broken(whole: Broken) -> None: ...
async def returns_broken() -> Broken:
    return Broken(parts=[])


async def test_type_may_be_completed_further_down_in_its_module() -> None:
    """What counts is the module as it was loaded."""
    tasks_in(SimpleNamespace(one=reads_whole))
    assert await run_task(reads_whole, {"whole": {"parts": [{"n": 1}]}}) == Complete({"parts": [{"n": 1}]})


@pytest.mark.parametrize("function", [reads_broken, returns_broken])
@pytest.mark.parametrize("place", ["task", "validator"])
def test_type_that_is_never_complete_is_refused_when_all_is_loaded(function: Callable[..., Any], place: str) -> None:
    """By the name that is missing."""
    declared = task("x")(function) if place == "task" else task("x", validators=[function])(functools.partial(answered))
    with pytest.raises(DefinitionError, match=r"(?s)test_signatures\.py:\d+.*Nowhere"):
        tasks_in(SimpleNamespace(one=declared))
