"""What the engine itself says of a workflow, for those who operate it."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any, Self

import strawberry

from zeebe_fleet.graphql_api.described import described
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.workers.contract.engine_view import InstanceView


class _Shown:
    @classmethod
    def of(cls, shown: Any) -> Self:
        """Show a record, whose fields have the same names."""
        return cls(**{one.name: getattr(shown, one.name) for one in fields(cls)})  # type: ignore[arg-type]


@described
class EngineElement(_Shown):
    """An element of the instance; where one is ACTIVE, there is a token."""

    key: EngineKey
    element_id: str
    name: str
    kind: str
    state: str
    has_incident: bool
    started_at: datetime | None
    ended_at: datetime | None


@described
class EngineVariable(_Shown):
    """A variable of one scope: the instance or an element; its value as JSON text, cut where it is long."""

    name: str
    value: str
    scope_key: EngineKey
    is_cut: bool


@described
class EngineJob(_Shown):
    """A job, with the last that was said of it."""

    key: EngineKey
    kind: str
    job_type: str
    element_id: str
    state: str
    retries: int
    worker: str
    deadline: datetime | None
    error_message: str


@described
class EngineIncident(_Shown):
    """An incident, ACTIVE or RESOLVED."""

    key: EngineKey
    error_type: str
    message: str
    element_id: str
    job_key: EngineKey | None
    state: str
    created_at: datetime | None


@described
class CalledInstance(_Shown):
    """An instance that a call activity began."""

    process_instance_key: EngineKey
    process_name: str
    version: int
    state: str
    has_incident: bool
    started_at: datetime | None
    ended_at: datetime | None


@described
class EngineView:
    """An instance as its engine has it, each list in the order in which things came to be."""

    process_instance_key: EngineKey
    state: str
    elements: list[EngineElement]
    variables: list[EngineVariable]
    jobs: list[EngineJob]
    incidents: list[EngineIncident]
    called_instances: list[CalledInstance]
    whole: bool = strawberry.field(description="Whether it is all; else the oldest of something are missing.")

    @classmethod
    def of(cls, view: InstanceView) -> Self:
        """Show a view."""
        return cls(
            process_instance_key=EngineKey(view.process_instance_key),
            state=view.state,
            elements=[EngineElement.of(one) for one in view.elements],
            variables=[EngineVariable.of(one) for one in view.variables],
            jobs=[EngineJob.of(one) for one in view.jobs],
            incidents=[EngineIncident.of(one) for one in view.incidents],
            called_instances=[CalledInstance.of(one) for one in view.called],
            whole=view.whole,
        )
