"""What a signature says, and what of it cannot work: told when the function is loaded, not by its first job."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic.fields import FieldInfo

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.variable import Variable
from zeebe_fleet.workers.service_task import ServiceTaskHelper

_HELPER = "sth"
"""A first parameter of this name is the context, whatever it is annotated with."""
_CONTEXTS: tuple[type, ...] = (TaskContext, ServiceTaskHelper)
_UNSAID = (Any, None, type(None))
_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: ("is positional only", "Remove the `/`: variables are given by name."),
    inspect.Parameter.VAR_POSITIONAL: ("takes any number of values", "Name one variable, and annotate it as a list."),
    inspect.Parameter.VAR_KEYWORD: (
        "takes any names",
        "Name the variables; one that holds many values is annotated as a dict.",
    ),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that is a process variable."""

    name: str
    variable: str
    hint: Any
    default: Any

    @property
    def is_required(self) -> bool:
        """Whether the variable must be there."""
        return self.default is inspect.Parameter.empty


class Signature:
    """A function's parameters and its result.

    Args:
        what: what to call it in errors.
        function: plain or async.

    Raises:
        DefinitionError: it cannot work, with file, line and what to write instead.
    """

    def __init__(self, what: str, function: Callable[..., Any]) -> None:
        self._what = what
        self._source = _source_of(function)
        self.hints = self._hints()
        named = dict(inspect.signature(function).parameters)
        self._refuse_kinds(function, named)
        self.context = self._context(named)
        self.parameters = [self._parameter(one) for name, one in named.items() if name != self.context]
        self._refuse_same()
        self.input = self._input()
        self.output = self._output()

    @property
    def context_hint(self) -> Any:
        """The class of the context, if it is annotated."""
        return _context_in(self.hints.get(self.context or ""))

    @property
    def place(self) -> str:
        """File and line of the function."""
        code = getattr(inspect.unwrap(self._source), "__code__", None)
        return f" ({code.co_filename}:{code.co_firstlineno})" if code else ""

    def complete(self) -> None:
        """Complete what waited for the rest of its module.

        Raises:
            DefinitionError: a type names what is not there.
        """
        try:
            self.input.model_rebuild()
            if self.output is None and self.hints.get("return", Any) not in _UNSAID:
                self.output = TypeAdapter(self.hints["return"])
            if self.output is not None and not self.output.pydantic_complete:
                self.output.rebuild()
        except PydanticUndefinedAnnotation as error:
            raise self.wrong(
                f"has a type that names {error.name!r}, which is not there", "Import it in the module of that type."
            ) from None

    def wrong(self, message: str, suggestion: str) -> DefinitionError:
        """Say what cannot work, and where."""
        return DefinitionError(f"{self._what[:1].upper()}{self._what[1:]}{self.place} {message}.", suggestion)

    def _hints(self) -> dict[str, Any]:
        try:
            return get_type_hints(self._source, include_extras=True)
        except NameError as error:
            raise self.wrong(
                f"has an annotation that cannot be resolved: {error}",
                "Import the type at module level, not under TYPE_CHECKING.",
            ) from error
        except TypeError:  # built in: it says nothing of its types
            return {}

    def _refuse_kinds(self, function: Callable[..., Any], named: Mapping[str, inspect.Parameter]) -> None:
        if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
            raise self.wrong("yields", "Let it return its result: a job is completed once.")
        returned = get_origin(self.hints.get("return")) or self.hints.get("return")
        if isinstance(returned, type) and issubclass(returned, Awaitable | AsyncIterator):
            raise self.wrong("returns something to be awaited", "Make it an async def that awaits it.")
        for name, one in named.items():
            if one.kind in _KINDS:
                what, instead = _KINDS[one.kind]
                raise self.wrong(f"has parameter {name!r}, which {what}", instead)

    def _context(self, named: Mapping[str, inspect.Parameter]) -> str | None:
        contexts = [name for name in named if _context_in(self.hints.get(name)) is not None]
        if next(iter(named), None) == _HELPER and _HELPER not in contexts:
            contexts.append(_HELPER)
        if len(contexts) > 1:
            raise self.wrong(f"has several contexts: {', '.join(contexts)}", "Keep one parameter of type TaskContext.")
        return next(iter(contexts), None)

    def _parameter(self, one: inspect.Parameter) -> Parameter:
        hint = self.hints.get(one.name, Any)
        said = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        for info in (*said, one.default):
            alias = (info.validation_alias or info.alias) if isinstance(info, FieldInfo) else None
            if alias:
                name = alias if isinstance(alias, str) else "its-name"
                raise self.wrong(
                    f"gives parameter {one.name!r} an alias",
                    f'Write {one.name}: Annotated[…, Variable("{name}")], with Variable from zeebe_fleet.',
                )
        variable = next((info.name for info in said if isinstance(info, Variable)), one.name)
        if not variable:
            raise self.wrong(f"reads parameter {one.name!r} from a variable without a name", "Give Variable its name.")
        return Parameter(one.name, variable, hint, one.default)

    def _refuse_same(self) -> None:
        seen: set[str] = set()
        for one in self.parameters:
            if one.variable in seen:
                raise self.wrong(f"reads variable {one.variable!r} twice", "Read it once.")
            seen.add(one.variable)

    def _input(self) -> type[BaseModel]:
        """Build the model of the variables; its fields are numbered, for a model keeps some names for itself."""
        try:
            return self._model(arbitrary=False)
        except PydanticUserError:
            for one in self.parameters:
                self._refuse_type(f"reads parameter {one.name!r}", one.hint, or_default=not one.is_required)
            return self._model(arbitrary=True)

    def _model(self, *, arbitrary: bool) -> type[BaseModel]:
        fields: dict[str, Any] = {
            f"p{number}": (
                Annotated[one.hint, Field(validation_alias=one.variable)],
                ... if one.is_required else one.default,
            )
            for number, one in enumerate(self.parameters)
        }
        config = ConfigDict(extra="ignore", arbitrary_types_allowed=arbitrary)
        return create_model(f"Input of {self._what}", __config__=config, **fields)

    def _output(self) -> TypeAdapter[Any] | None:
        """Build what checks the result; nothing where a type is not defined yet, as while its module is loaded."""
        hint = self.hints.get("return", Any)
        if hint in _UNSAID:
            return None
        self._refuse_type("returns a value", hint, or_default=False)
        try:
            return TypeAdapter(hint)
        except PydanticUndefinedAnnotation:
            return None

    def _refuse_type(self, doing: str, hint: Any, *, or_default: bool) -> None:
        try:
            TypeAdapter(hint)
        except PydanticUndefinedAnnotation:
            return
        except PydanticSchemaGenerationError:
            if not or_default:
                raise self.wrong(
                    f"{doing} of a type that no JSON becomes: {_shown(hint)}",
                    "Use a pydantic model, a dataclass, a TypedDict, or a type that JSON has.",
                ) from None
        except PydanticUserError as error:
            if error.code == "typed-dict-version":
                raise self.wrong(
                    f"{doing} of a TypedDict of the typing module, which tells too little before Python 3.12",
                    "Write: from typing_extensions import TypedDict",
                ) from None
            raise self.wrong(f"{doing} of a type that pydantic refuses", error.message.splitlines()[0]) from None


def _source_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that a partial or an object calls."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function) or isinstance(function, type):
        return function
    call: Callable[..., Any] = type(function).__call__
    return call


def _context_in(hint: Any) -> type | None:
    """Return the context that a hint names, alone, as optional, or with more said of it."""
    return next((one for one in (hint, *get_args(hint)) if one in _CONTEXTS), None)


def _shown(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint)
