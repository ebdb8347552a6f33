"""What is refused when models are registered and apps are loaded, before anything runs."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Mapped, mapped_column

from zeebe_fleet.data_models import ModelPersister, Readable, ServiceTaskHelper, WorkflowStateMixin, register_data_model
from zeebe_fleet.data_models import extension_model_base as base_of
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.task import task, tasks_in

Base: Any = base_of("registration")


_NUMBERS = itertools.count()


def model(table: str, base: Any = Base, **body: Any) -> Any:
    """Define a model with one column."""
    namespace = {"__module__": __name__, "_ext_table": table, "__annotations__": {"id": Mapped[int]}}
    return type(f"Defined{next(_NUMBERS)}", (base,), {**namespace, "id": mapped_column(primary_key=True), **body})


def test_two_models_of_one_name_are_refused() -> None:
    """ "Prefixed tables and a registry": both classes are named."""
    register_data_model(name="Twice")(model("first_of_two"))

    with pytest.raises(DefinitionError, match=r"'Twice', which is .*Defined\d+ already.*under another name"):
        register_data_model(name="Twice")(model("second_of_two"))


def test_two_models_of_one_table_are_refused() -> None:
    """ "Table naming conventions prevent collisions"."""
    model("one_table")

    with pytest.raises(DefinitionError, match=r"takes the table 'ext_registration_one_table'.*another _ext_table"):
        model("one_table")


@pytest.mark.parametrize("namespace", ["my_company", "MyCompany", "", "9lives", "fleet"])
def test_namespaces_that_could_collide_are_refused(namespace: str) -> None:
    """ "Project tables must not collide with engine tables or tables from other projects": with an underscore allowed,
    ext_a_b_c would be the table of two projects.
    """
    with pytest.raises(DefinitionError, match="namespace"):
        base_of(namespace)


def test_models_of_two_namespaces_may_share_names_of_classes_and_tables() -> None:
    """ "Project tables must not collide with … tables from other projects"."""
    mine, theirs = model("shared"), model("shared", base_of("another"))

    assert (mine.__tablename__, theirs.__tablename__) == ("ext_registration_shared", "ext_another_shared")


@pytest.mark.parametrize("table", ["", "Has Capitals", "x" * 60])
def test_tables_that_cannot_be_are_refused(table: str) -> None:
    """PostgreSQL would cut a long name, and two could become one."""
    with pytest.raises(DefinitionError, match="table"):
        model(table)


def test_class_without_a_namespace_is_refused() -> None:
    """ "Create a base class with a namespace"."""
    with pytest.raises(DefinitionError, match="has no namespace"):
        register_data_model(name="Foreign")(object)  # type: ignore[type-var]


def test_base_adds_no_column() -> None:
    """ "The base data model is intentionally minimal — just prefixed tables and a registry"."""
    minimal: Any = model("minimal")

    assert minimal.__table__.name == "ext_registration_minimal"
    assert minimal.__table__.columns.keys() == ["id"]


def test_mixins_extend_the_model_without_registry_logic() -> None:
    """ "Additional mixins can extend the base model without duplicating registry logic": `WorkflowStateMixin` does."""
    state = type("State", (Base, WorkflowStateMixin), {"__module__": __name__, "_ext_table": "state"})

    assert register_data_model(name="RegistrationState")(state) is state
    assert ModelPersister("RegistrationState").name == "RegistrationState"


def test_opening_of_columns_that_are_not_there_is_refused() -> None:
    """Who may read what is said at registration, and checked there."""
    opened = Readable(frozenset({"clerk"}), filters=("colour",))

    with pytest.raises(DefinitionError, match="has no column colour"):
        register_data_model(name="Opened", readable=opened)(model("opened"))


def test_helper_is_for_plain_functions() -> None:
    """An async function would wait on the event loop for the event loop."""

    async def action(helper: ServiceTaskHelper) -> None: ...

    with pytest.raises(DefinitionError, match="ServiceTaskHelper is for plain functions"):
        task("registration.async")(action)


def test_functions_of_one_job_type_need_actions_of_their_own() -> None:
    """ "An action is picked": by its name."""

    @task("registration.shared", action="one")
    def one() -> None: ...

    @task("registration.shared", action="one")
    def other() -> None: ...

    with pytest.raises(DefinitionError, match=r"declared by .*one and by .*other.*action="):
        tasks_in(type("M", (), {"one": one, "other": other}))


class Apps:
    """Writes apps that cannot be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, data_models: str, models: str = "", code: str = "", action: str = "") -> str:
        """Write an app with one process and return its name."""
        package = self.folder / name / "processes" / "wrong"
        package.mkdir(parents=True)
        (self.folder / name / "__init__.py").write_text("")
        (self.folder / name / "tasks.py").write_text("")
        (self.folder / name / "models.py").write_text(models)
        if code:
            (package / "__init__.py").write_text(code)
        said = "{name: wrong, version: 1.0.0, description: x, "
        types = "{wrong.do: {description: x, action: '" + action + "'}}" if action else "{}"
        (package / "manifest.yaml").write_text(said + f"data_models: {data_models}, job_types: {types}}}")
        return name


@pytest.fixture
def apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apps:
    """A folder that Python imports from."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return Apps(tmp_path)


def test_declared_model_that_nobody_registered_is_refused(apps: Apps) -> None:
    """ "Workflows should explicitly declare which data models they access": a slip is told when the app is loaded."""
    register_data_model(name="Invoice")(model("invoice"))

    with pytest.raises(DefinitionError, match=r"'wrong' declares data model 'Invoicce'.*not registered.*Invoice"):
        load_app(apps.write("app_with_a_slip", "[Invoicce]"))


def test_declared_model_of_another_project_is_refused(apps: Apps) -> None:
    """ "Tables from other projects" are theirs."""
    register_data_model(name="TheirOrder")(model("their_order"))

    with pytest.raises(DefinitionError, match=r"'TheirOrder', which is of namespace 'registration'.*not of app_abroad"):
        load_app(apps.write("app_abroad", "[TheirOrder]"))


def test_declaration_that_is_no_list_is_refused(apps: Apps) -> None:
    """`DATA_MODELS = "Approval"` would declare nine letters."""
    with pytest.raises(DefinitionError, match="no list of names"):
        load_app(apps.write("app_with_a_word", "[]", code='DATA_MODELS = "Approval"'))


def test_action_that_is_not_there_is_refused(apps: Apps) -> None:
    """The manifest binds functions to job types, when the app is loaded."""
    with pytest.raises(DefinitionError, match=r"action 'forgotten' of job type 'wrong\.do'.*__init__\.py"):
        load_app(apps.write("app_without_action", "[]", code="DATA_MODELS = []", action="forgotten"))
