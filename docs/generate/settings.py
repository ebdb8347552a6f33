"""The page on settings, from the settings classes."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from zeebe_fleet.deploy.settings import Settings

ServiceSettings = get_args(Settings.model_fields["services"].annotation)[1]
PREFIX = "FLEET_"

READ_ELSEWHERE = {
    "FLEET_CACHE": "Folder of what the pages are built with, shared by all checkouts; the platform's unless set.",
}
"""Read by the local stack before there are settings."""

_HEAD = """\
# Settings

<!-- Written by `make docs` from deploy/settings.py. Do not edit. -->

Every setting is an environment variable, or a line in a file `.env` in the working folder. The environment wins.
Names of nested settings are joined by two underscores. A secret is never printed, logged or sent to the engine.

A line break at the end of a value, as a mounted file brings along, is dropped. A blank or a line break inside an
address or a name is refused at start, by the variable's name.

A secret, and the database's address, may lie in a file: `<SETTING>_FILE` names it, for example
`FLEET_ZEEBE__CLIENT_SECRET_FILE` or `FLEET_SECRETS__KYC_TOKEN_FILE`. It is read again when it has changed. What is set
neither way is asked of `FLEET_SECRET_SOURCE`, if there is one ([how](../how-to/operations.md#secrets)).

A setting marked *per process* gets a new random value in each process unless it is set.
"""


def settings_page() -> str:
    """Return the page."""
    return "\n".join(_page())


def names() -> set[str]:
    """Return the names of all settings; `…` stands for a name of the user's own."""
    rows = [row for _, table in _tables() for row in table]
    files = {f"{name}_FILE" for name, field, _ in rows if _type(field.annotation) == "secret"}
    return set(READ_ELSEWHERE) | {name for name, *_ in rows} | files


def _page() -> Iterator[str]:
    yield _HEAD
    for title, table in _tables():
        yield f"## {title}\n"
        yield "| variable | type | default | meaning |"
        yield "|---|---|---|---|"
        yield from (f"| {' | '.join(_cells(*row))} |" for row in table)
        yield ""
    yield "## The local stack's own\n"
    yield "| variable | meaning |"
    yield "|---|---|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in READ_ELSEWHERE.items())
    yield ""


def _tables() -> Iterator[tuple[str, list[tuple[str, FieldInfo, str]]]]:
    yield from _tables_of(Settings, "General", "")
    yield (
        _title(ServiceSettings),
        [_row(ServiceSettings, inner, "services__…__") for inner in ServiceSettings.model_fields],
    )
    yield (
        "Credentials of tasks",
        [("FLEET_SECRETS__…", Settings.model_fields["secrets"], _meaning(Settings, "secrets"))],
    )


def _tables_of(model: type[BaseModel], title: str, path: str) -> Iterator[tuple[str, list[tuple[str, FieldInfo, str]]]]:
    """Yield a model's own settings, then those of each model in it."""
    nested: dict[str, Any] = {
        name: field.annotation for name, field in model.model_fields.items() if _is_model(field.annotation)
    }
    plain = [name for name, field in model.model_fields.items() if get_origin(field.annotation) is not dict]
    yield title, [_row(model, name, path) for name in plain if name not in nested]
    for name, inner in nested.items():
        yield from _tables_of(inner, _title(inner), f"{path}{name}__")


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _title(model: type[BaseModel]) -> str:
    return (model.__doc__ or model.__name__).strip().splitlines()[0].rstrip(".")


def _row(model: type[BaseModel], name: str, path: str = "") -> tuple[str, FieldInfo, str]:
    return f"{PREFIX}{path}{name}".upper(), model.model_fields[name], _meaning(model, name)


def _cells(name: str, field: FieldInfo, meaning: str) -> tuple[str, ...]:
    return f"`{name}`", _type(field.annotation), _default(field), meaning.replace("|", "\\|")


def _type(annotation: Any) -> str:
    choices = get_args(annotation)
    if get_origin(annotation) is list:
        return "JSON list"
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in choices)
    if get_origin(annotation) is dict:
        return _type(choices[1])
    named = next((one for one in choices if one is not type(None)), annotation)
    words = {str: "text", SecretStr: "secret", int: "number", float: "number", bool: "true or false", Path: "path"}
    return words.get(named) or str(named.__name__)


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "" if field.annotation is None or get_origin(field.annotation) is dict else "*per process*"
    if field.is_required():
        return "*required*"
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if default is None or default == "":
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _meaning(model: type[BaseModel], name: str) -> str:
    """Return what a field says of itself: its description, or the text below it."""
    said = model.model_fields[name].description or _text_below(model, name)
    return re.sub(r"\s+", " ", said).strip()


def _text_below(model: type[BaseModel], name: str) -> str:
    body = ast.parse(dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef), "the source of a class is a class"
    for field, after in zip(body.body, body.body[1:], strict=False):
        is_it = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id == name
        if is_it and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            return str(after.value.value)
    return ""
