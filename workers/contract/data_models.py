"""Data models: the business data of a project, in tables of its own beside those of the fleet.

A project has one namespace and its tables carry it, `ext_<namespace>_<table>`, so that they meet neither the fleet's
nor another project's. A model is reached by its registered name, and only by workflows that declare it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, ClassVar, TypeVar

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, registry

from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError
from zeebe_fleet.workers.contract.readable import Readable

PREFIX = "ext_"
_NAMESPACE = re.compile(r"[a-z][a-z0-9]*")
_TABLE = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 63
_RESERVED = frozenset({"fleet"})
_CONSTRAINTS = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class ExtensionModel(DeclarativeBase):
    """What the models of all namespaces share; a project takes its base from `extension_model_base`."""

    __abstract__ = True
    namespace: ClassVar[str] = ""
    """Of the project."""
    model_name: ClassVar[str] = ""
    """The name it is registered under; empty for a table that only other models lead to."""
    readable: ClassVar[Readable | None] = None
    """Who may read it in GraphQL; nobody unless the registration says so."""
    _ext_table: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        if DeclarativeBase in cls.__bases__ or cls.__dict__.get("__abstract__", False):
            super().__init_subclass__(**options)
            return
        cls.__tablename__ = _table_name(cls)
        _tables[cls.__tablename__] = cls
        try:
            super().__init_subclass__(**options)
        except BaseException:
            del _tables[cls.__tablename__]
            raise


M = TypeVar("M", bound=ExtensionModel)
_bases: dict[str, type[ExtensionModel]] = {}
_tables: dict[str, type[ExtensionModel]] = {}
_models: dict[str, type[ExtensionModel]] = {}


def extension_model_base(namespace: str) -> type[ExtensionModel]:
    """Return the base class of a project's models; the same one each time it is asked for.

    Args:
        namespace: of the project: small letters and digits. It has no underscore, for `ext_a_b_c` would be the
            table of two projects.

    Raises:
        DefinitionError: the namespace cannot be part of a table's name.
    """
    if not _NAMESPACE.fullmatch(namespace) or namespace in _RESERVED:
        plain = re.sub(r"[^a-z0-9]", "", namespace.lower()).lstrip("0123456789")
        taken = "belongs to the fleet" if namespace in _RESERVED else "is not small letters and digits"
        raise DefinitionError(
            f"The namespace {namespace!r} {taken}.",
            f"Write {plain!r}." if plain and plain not in _RESERVED else "Take the name of your company or project.",
        )
    if namespace not in _bases:
        metadata = MetaData(naming_convention=_CONSTRAINTS)
        body = {
            "__abstract__": True,
            "__doc__": f"Base of the data models of {namespace}.",
            "namespace": namespace,
            "metadata": metadata,
            "registry": registry(metadata=metadata),
        }
        _bases[namespace] = type(f"ExtensionModel_{namespace}", (ExtensionModel,), body)
    return _bases[namespace]


def register_data_model(*, name: str, readable: Readable | None = None) -> Callable[[type[M]], type[M]]:
    """Register a model under the name by which workflows declare it and ask for it.

    Args:
        name: unique among all models that are loaded.
        readable: who may read its rows in GraphQL, and by which fields they are filtered; nobody unless given.

    Raises:
        DefinitionError: the name is taken, the class is no model of a namespace, or cannot be read as it says.
    """

    def register(model: type[M]) -> type[M]:
        if not (isinstance(model, type) and issubclass(model, ExtensionModel) and model.namespace):
            raise DefinitionError(
                f"{where(model)} is registered as data model {name!r}, but has no namespace.",
                "Derive it from the class that extension_model_base returns.",
            )
        other = _models.setdefault(name, model)
        if other is not model:
            raise DefinitionError(
                f"{where(model)} is registered as data model {name!r}, which is {where(other)} already.",
                "Register one of them under another name.",
            )
        if readable is not None:
            readable.check(name, model.__table__.columns.keys())
        model.model_name, model.readable = name, readable
        return model

    return register


def data_model(name: str) -> type[ExtensionModel]:
    """Return a registered model.

    Raises:
        DefinitionError: nobody registered it.
    """
    try:
        return _models[name]
    except KeyError:
        meant = get_close_matches(name, _models, n=1)
        raise DefinitionError(
            f"There is no data model {name!r}.",
            f"Did you mean {meant[0]!r}?" if meant else "Register it with @register_data_model in the app's models.",
        ) from None


def data_models() -> dict[str, type[ExtensionModel]]:
    """Return all registered models by name."""
    return dict(_models)


def model_of_table(table: str) -> type[ExtensionModel] | None:
    """Return the class that is mapped to a table."""
    return _tables.get(table)


def metadata_of(namespace: str) -> MetaData:
    """Return the tables of a namespace."""
    return _bases[namespace].registry.metadata


def tables_of(names: Iterable[str]) -> frozenset[str]:
    """Return the tables of registered models."""
    return frozenset(data_model(name).__tablename__ for name in names)


def check_access(tables: Iterable[str], allowed: frozenset[str], workflow: str) -> None:
    """Refuse a statement on the table of a model that its workflow does not declare.

    Raises:
        PermanentError: with what to declare.
    """
    for table in tables:
        model = _tables.get(table)
        if model is not None and table not in allowed:
            raise undeclared(model.model_name or model.__name__, workflow)


def undeclared(name: str, workflow: str) -> PermanentError:
    """Say that a workflow uses a model without saying so."""
    return PermanentError(
        f"Workflow {workflow!r} does not declare the data model {name!r}.",
        f'Add it to DATA_MODELS in the workflow\'s package: DATA_MODELS = [..., "{name}"]; or to data_models in its '
        "manifest.",
    )


def where(model: object) -> str:
    """Say where a class is, as it is imported."""
    return f"{getattr(model, '__module__', '?')}.{getattr(model, '__qualname__', model)}"


def _table_name(model: type[ExtensionModel]) -> str:
    own = model.__dict__.get("_ext_table", "")
    if not isinstance(own, str) or not _TABLE.fullmatch(own):
        raise DefinitionError(
            f"{where(model)} says no table, or one that cannot be: {own!r}.",
            'Say it in small letters: _ext_table = "approval".',
        )
    name = f"{PREFIX}{model.namespace}_{own}"
    if len(name) > _LONGEST:
        raise DefinitionError(f"The table {name!r} has a longer name than PostgreSQL allows.", "Shorten _ext_table.")
    if name in _tables:
        raise DefinitionError(
            f"{where(model)} takes the table {name!r}, which is that of {where(_tables[name])}.",
            "Give one of them another _ext_table.",
        )
    return name
