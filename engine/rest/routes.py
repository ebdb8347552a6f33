"""Every route: its method, its path, the version it came with, who serves it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine.rest import (
    changes,
    decisions,
    expressions,
    incidents,
    jobs,
    management,
    orchestration,
    records,
    standing,
    user_tasks,
)
from zeebe_fleet.engine.rest.house import House
from zeebe_fleet.engine.rest.search_routes import SEARCHES
from zeebe_fleet.engine.version import RESOURCES, SEARCH, Version

Handler = Callable[[Request, House], Awaitable[Response]]


class Route(NamedTuple):
    """One route."""

    method: str
    path: str
    since: tuple[int, int]
    handler: Handler


ALWAYS = (8, 6)

ROUTES = (
    Route("GET", "/v2/topology", ALWAYS, orchestration.topology),
    Route("GET", "/v2/status", (8, 8), orchestration.status),
    Route("GET", "/v2/license", ALWAYS, standing.license_),
    Route("POST", "/v2/deployments", ALWAYS, orchestration.deploy),
    Route("POST", "/v2/resources/{key}/deletion", ALWAYS, orchestration.delete_resource),
    Route("POST", "/v2/process-instances", ALWAYS, orchestration.create),
    Route("POST", "/v2/process-instances/{key}/cancellation", ALWAYS, orchestration.cancel),
    Route("POST", "/v2/process-instances/{key}/modification", ALWAYS, changes.modify),
    Route("POST", "/v2/process-instances/{key}/migration", ALWAYS, changes.migrate),
    Route("PUT", "/v2/element-instances/{key}/variables", ALWAYS, orchestration.set_variables),
    Route("POST", "/v2/element-instances/ad-hoc-activities/{key}/activation", (8, 8), orchestration.activate_ad_hoc),
    Route("POST", "/v2/messages/publication", ALWAYS, orchestration.publish),
    Route("POST", "/v2/messages/correlation", ALWAYS, orchestration.correlate),
    Route("POST", "/v2/signals/broadcast", ALWAYS, orchestration.broadcast),
    Route("PUT", "/v2/clock", ALWAYS, orchestration.pin_clock),
    Route("POST", "/v2/clock/reset", ALWAYS, orchestration.reset_clock),
    Route("POST", "/v2/jobs/activation", ALWAYS, jobs.activate),
    Route("POST", "/v2/jobs/{key}/completion", ALWAYS, jobs.complete),
    Route("POST", "/v2/jobs/{key}/failure", ALWAYS, jobs.fail),
    Route("POST", "/v2/jobs/{key}/error", ALWAYS, jobs.throw_error),
    Route("PATCH", "/v2/jobs/{key}", ALWAYS, jobs.update),
    Route("POST", "/v2/user-tasks/{key}/assignment", ALWAYS, user_tasks.assign),
    Route("DELETE", "/v2/user-tasks/{key}/assignee", ALWAYS, user_tasks.unassign),
    Route("PATCH", "/v2/user-tasks/{key}", ALWAYS, user_tasks.update),
    Route("POST", "/v2/user-tasks/{key}/completion", ALWAYS, user_tasks.complete),
    Route("POST", "/v2/decision-definitions/evaluation", ALWAYS, decisions.evaluate),
    Route("POST", "/v2/expression/evaluation", (8, 9), expressions.evaluate),
    Route("POST", "/v2/incidents/{key}/resolution", ALWAYS, incidents.resolve),
    *(Route(method, path, SEARCH, handler) for method, path, handler in SEARCHES),
    Route("GET", "/actuator/health", ALWAYS, management.health),
    Route("GET", "/actuator/health/readiness", ALWAYS, management.health),
    Route("GET", "/actuator/health/liveness", ALWAYS, management.health),
    Route("GET", "/actuator/health/startup", ALWAYS, management.health),
    Route("GET", "/actuator/info", ALWAYS, management.info),
    Route("GET", "/actuator/prometheus", ALWAYS, management.prometheus),
    Route("GET", "/engine/records", ALWAYS, records.records),
)


def is_promised(path: str, version: Version) -> bool:
    """Tell whether the version that is played has something at a path, served here or not."""
    _, root, *segments = path.split("/")
    if root != "v2" or not segments:
        return False
    since = RESOURCES.get(segments[0])
    if since is None or not version.has(since):
        return False
    if segments[-1] == "search" and not version.has(SEARCH):
        return False
    return not any(_leads_to(one.path, path) and not version.has(one.since) for one in ROUTES)


def _leads_to(pattern: str, path: str) -> bool:
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        one.startswith("{") or one == other for one, other in zip(wanted, given, strict=True)
    )
