"""The data models of an app, and whether its processes declare only those."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from types import ModuleType

from zeebe_fleet.deploy.process_code import Declaration
from zeebe_fleet.workers.contract.data_models import ExtensionModel, data_model, where
from zeebe_fleet.workers.contract.errors import DefinitionError


def namespaces_of(modules: Iterable[ModuleType]) -> list[str]:
    """Return the namespaces of the models that are defined in these modules, not merely imported there."""
    found = set()
    for module in modules:
        for value in vars(module).values():
            is_model = isinstance(value, type) and issubclass(value, ExtensionModel)
            if is_model and value.__module__ == module.__name__ and "__tablename__" in vars(value):
                found.add(value.namespace)
    return sorted(found)


def check_declared(declarations: Iterable[Declaration], namespaces: Collection[str], app: str) -> None:
    """Refuse processes that declare models nobody registered, or another project's.

    Raises:
        DefinitionError: with the process and the model.
    """
    for declaration in declarations:
        for name in sorted(declaration.data_models):
            try:
                model = data_model(name)
            except DefinitionError as error:
                raise DefinitionError(
                    f"The process {declaration.process_name!r} declares data model {name!r}, which is not registered.",
                    error.suggestion,
                ) from None
            if model.namespace not in namespaces:
                raise DefinitionError(
                    f"The process {declaration.process_name!r} declares data model {name!r}, which is of namespace "
                    f"{model.namespace!r} ({where(model)}) and not of {app}.",
                    "Ask a workflow of that project, or make a model of your own.",
                )
