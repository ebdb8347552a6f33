"""One instance as the engine has it, read by the searches of REST v2: the engine in the box, or Camunda 8.8 and newer.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/orchestration-cluster-api-rest-data-fetching/
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.rest import asking, checked
from zeebe_fleet.adapters.zeebe.token import TokenSource
from zeebe_fleet.workers.contract.engine_view import (
    EngineCalled,
    EngineElement,
    EngineIncident,
    EngineJob,
    EngineVariable,
    InstanceView,
)
from zeebe_fleet.workers.contract.errors import EngineUnavailable
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Capabilities

if TYPE_CHECKING:
    import httpx

MOST = 1_000
"""Entries of each kind that are read: the newest."""
Item = Mapping[str, Any]


async def instance_view(
    connection: EngineConnection,
    tokens: TokenSource | None,
    capabilities: Capabilities,
    process_instance_key: ProcessInstanceKey,
) -> InstanceView:
    """Read an instance.

    Raises:
        EngineRejected: this engine cannot be asked, with the version or setting that can.
        EngineGone: it knows no such instance, or not yet.
    """
    async with asking(connection, tokens, capabilities, "where its instances stand") as http:
        return await read_instance(http, process_instance_key)


async def read_instance(http: httpx.AsyncClient, process_instance_key: int) -> InstanceView:
    """Read an instance by a client that is open already and knows the engine's base address.

    Raises:
        EngineGone: the engine knows no such instance, or not yet.
        EngineUnavailable: it tells of it in a way that nobody understands.
    """
    with _understood():
        return await _read(http, process_instance_key)


async def _read(http: httpx.AsyncClient, key: int) -> InstanceView:
    instance = await _got(http, f"/v2/process-instances/{key}")
    of_it = {"processInstanceKey": str(key)}
    found = await asyncio.gather(
        _newest(http, "element-instances", of_it, "elementInstanceKey"),
        _newest(http, "variables", of_it, "variableKey"),
        _newest(http, "jobs", of_it, "jobKey"),
        _newest(http, "incidents", of_it, "incidentKey"),
        _newest(http, "process-instances", {"parentProcessInstanceKey": str(key)}, "processInstanceKey"),
    )
    elements, variables, jobs, incidents, called = (items for items, _ in found)
    return InstanceView(
        key,
        instance["state"],
        tuple(map(_element, elements)),
        tuple(map(_variable, variables)),
        tuple(map(_job, jobs)),
        tuple(map(_incident, incidents)),
        tuple(map(_called, called)),
        whole=all(total <= MOST for _, total in found),
    )


async def _newest(http: httpx.AsyncClient, kind: str, wanted: Item, key: str) -> tuple[Sequence[Item], int]:
    """Read the newest entries, the oldest of them first, and how many there are."""
    body = {"filter": wanted, "sort": [{"field": key, "order": "DESC"}], "page": {"limit": MOST}}
    path = f"/v2/{kind}/search"
    answer = checked(await http.post(path, json=body), path)
    items = [item for item in answer["items"] if all(str(item.get(name)) == value for name, value in wanted.items())]
    return items[::-1], int(answer["page"]["totalItems"])


async def _got(http: httpx.AsyncClient, path: str) -> Item:
    answer: Item = checked(await http.get(path), path)
    return answer


@contextmanager
def _understood() -> Iterator[None]:
    """Translate what comes of an answer that is none."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EngineUnavailable(
            f"The engine's REST API tells of an instance in a way that nobody understands ({type(error).__name__}).",
            "Check its address and its version.",
        ) from error


def _element(item: Item) -> EngineElement:
    return EngineElement(
        key=int(item["elementInstanceKey"]),
        element_id=item["elementId"],
        name=item.get("elementName") or item["elementId"],
        kind=item["type"],
        state=item["state"],
        has_incident=bool(item.get("hasIncident")),
        started_at=_moment(item.get("startDate")),
        ended_at=_moment(item.get("endDate")),
    )


def _variable(item: Item) -> EngineVariable:
    return EngineVariable(item["name"], item["value"], int(item["scopeKey"]), bool(item.get("isTruncated")))


def _job(item: Item) -> EngineJob:
    return EngineJob(
        key=int(item["jobKey"]),
        kind=item.get("kind") or "",
        job_type=item["type"],
        element_id=item.get("elementId") or "",
        state=item["state"],
        retries=int(item["retries"]),
        worker=item.get("worker") or "",
        deadline=_moment(item.get("deadline")),
        error_message=item.get("errorMessage") or "",
    )


def _incident(item: Item) -> EngineIncident:
    return EngineIncident(
        key=int(item["incidentKey"]),
        error_type=item.get("errorType") or "",
        message=item.get("errorMessage") or "",
        element_id=item.get("elementId") or "",
        job_key=int(item["jobKey"]) if item.get("jobKey") else None,
        state=item["state"],
        created_at=_moment(item.get("creationTime")),
        element_instance_key=int(item["elementInstanceKey"]) if item.get("elementInstanceKey") else None,
    )


def _called(item: Item) -> EngineCalled:
    return EngineCalled(
        process_instance_key=int(item["processInstanceKey"]),
        process_name=item["processDefinitionId"],
        version=int(item["processDefinitionVersion"]),
        state=item["state"],
        has_incident=bool(item.get("hasIncident")),
        started_at=_moment(item.get("startDate")),
        ended_at=_moment(item.get("endDate")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
