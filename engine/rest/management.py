"""Health, counters, and what this is: for those who watch the engine.

Source: https://docs.camunda.io/docs/self-managed/zeebe-deployment/operations/management-api/; the counters' names and
labels are those of https://docs.camunda.io/docs/self-managed/zeebe-deployment/operations/metrics/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.rest.answers import json_answer
from zeebe_fleet.engine.rest.house import House

_PARTITION = 'partition="1"'
EVENTS = "zeebe_element_instance_events_total"
DROPPED = "zeebe_dropped_request_count_total"
FOLLOWERS = "engine_record_followers"
"""Those who follow the records: our own."""
NAME = "The engine in the box of Zeebe Fleet; it has no authentication, and production is no place for it."


async def health(request: Request, house: House) -> Response:
    """`GET /actuator/health` and below: whoever answers is well."""
    return json_answer({"status": "UP"})


async def info(request: Request, house: House) -> Response:
    """`GET /actuator/info`."""
    return json_answer({"engine": NAME, "plays": house.version.gateway})


async def prometheus(request: Request, house: House) -> Response:
    """`GET /actuator/prometheus`; `includedNames`, separated by commas or repeated, leaves the others out."""
    wanted = [name for each in request.query_params.getlist("includedNames") for name in each.split(",") if name]
    lines = [line for name, lines in _counters(house).items() if not wanted or name in wanted for line in lines]
    return Response("".join(f"{line}\n" for line in lines), media_type="text/plain; version=0.0.4")


def _counters(house: House) -> dict[str, Iterable[str]]:
    return {EVENTS: _events(house), DROPPED: _dropped(house), FOLLOWERS: _followers(house)}


def _events(house: House) -> Iterator[str]:
    yield f"# TYPE {EVENTS} counter"
    for (action, tag), count in sorted(house.pump.counters.items()):
        yield f'{EVENTS}{{action="{action}",type="{_type(tag)}",{_PARTITION}}} {float(count)}'


def _type(tag: str) -> str:
    """Return the record's name for an element's tag: `SERVICE_TASK` for `serviceTask`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", tag).upper()


def _dropped(house: House) -> Iterator[str]:
    yield f"# TYPE {DROPPED} counter"
    yield f"{DROPPED}{{{_PARTITION}}} {float(house.admission.dropped)}"


def _followers(house: House) -> Iterator[str]:
    yield f"# TYPE {FOLLOWERS} gauge"
    yield f"{FOLLOWERS} {house.feed.followers}"
