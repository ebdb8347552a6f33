"""Where test cases are played: the whole fleet on one engine, with a database of the run's own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.instance_view import read_instance
from zeebe_fleet.adapters.zeebe.token import TokenSource, trust
from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.case.definition import CaseDefinition, SystemStep
from zeebe_fleet.bpmn.tooling.case.reading import CasePackage
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.deploy.app import App
from zeebe_fleet.deploy.bootstrap import connection_to, core
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.docker_engine import forget, hindrance
from zeebe_fleet.deploy.local.report import Report, SilentReport
from zeebe_fleet.deploy.scenarios.clock import Clock
from zeebe_fleet.deploy.scenarios.director import Director
from zeebe_fleet.deploy.scenarios.trail import Trail, trail
from zeebe_fleet.deploy.scenarios.worker import directed
from zeebe_fleet.deploy.settings import ApiSettingsSection, Settings, ShareSection, on_the_local_stack
from zeebe_fleet.deploy.up import local_stack, running
from zeebe_fleet.workers.contract.engine_view import InstanceView
from zeebe_fleet.workers.contract.errors import EngineUnavailable, FleetError
from zeebe_fleet.workers.contract.ports import Engine

_TESTER = "ada"
"""The persona that may start every process and complete every activity."""
Move = tuple[str | None, str, str]
_UNLIMITED = 1_000_000
_SOON_S = 0.08
_GLANCE_S = 0.25
"""How long to wait before looking again where nothing tells that something moved."""
_READ_S = 10.0


@dataclass
class Stage:
    """All that a test case needs."""

    packages: Mapping[str, ProcessPackage]
    client: FleetClient
    engine: Engine
    http: httpx.AsyncClient
    director: Director
    clock: Clock
    trail: Trail | None
    """Only of the engine in the box."""
    timeout_s: float
    definitions: Mapping[str, CaseDefinition]
    """Of cases, by name."""
    elements: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Ids of elements that were entered, by process, where there is no trail."""
    flows: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    moves: defaultdict[str, list[Move]] = field(default_factory=lambda: defaultdict(list))
    """What cases did, by definition: the step that was left, what after, and the step that was entered."""
    derived: set[str] = field(default_factory=set)
    """Processes some of whose flows are concluded from their elements."""

    @cached_property
    def has_camunda_tasks(self) -> bool:
        """Whether some process has user tasks that the engine keeps itself."""
        processes = (package.document.process(name) for name, package in self.packages.items())
        return any(
            xml.extension(task, "userTask") for one in processes for task in one.iter(f"{{{xml.MODEL}}}userTask")
        )

    @property
    def position(self) -> int:
        """How far it is known what has happened; 0 where nothing tells."""
        return 0 if self.trail is None else self.trail.position

    async def moved(self, keys: Collection[int], since: int) -> None:
        """Wait until something moves in process instances, or it is time to look again.

        Args:
            keys: of the instances; with none, it is time soon.
            since: the position before one looked.
        """
        if self.trail is None or not keys:
            await asyncio.sleep(_GLANCE_S if self.trail is None else _SOON_S)
        else:
            await self.trail.moved(keys, since, _GLANCE_S)

    async def find(self, kind: str, wanted: Mapping[str, Any], newest_by: str) -> Sequence[Mapping[str, Any]]:
        """Search the engine; the newest come first."""
        body = {"filter": wanted, "sort": [{"field": newest_by, "order": "DESC"}], "page": {"limit": 100}}
        answer = await self.http.post(f"/v2/{kind}/search", json=body)
        return list(read(answer)["items"])

    async def look(self, process_instance_key: int) -> InstanceView:
        """Return an instance as the engine has it; raises `EngineGone` before it is found."""
        return await read_instance(self.http, process_instance_key)

    async def sum_up(self) -> None:
        """Read what is left of the trail, at the end."""
        if self.trail is not None:
            try:
                await self.trail.catch_up()
            except httpx.HTTPError as error:
                self.trail.missed = f"The engine has ended ({type(error).__name__})."
            for process, elements in self.trail.elements.items():
                self.elements[process] |= elements
            for process, flows in self.trail.flows.items():
                self.flows[process] |= flows


def read(answer: httpx.Response) -> Any:
    """Return what an engine answered; raises `FleetError` for a refusal."""
    if answer.is_success:
        return answer.json()
    raise FleetError(
        f"The engine answered {answer.status_code} to {answer.request.url.path}.",
        "Scenarios need the searches of Camunda 8.8 or newer, or the engine in the box.",
    )


@contextmanager
def ground(settings: Settings, report: Report) -> Iterator[Settings]:
    """Run engine and database as `fleet up` does, but for this run alone; yields the settings that lead there.

    Must be entered before an event loop runs.
    """
    try:
        with local_stack(settings, report, clock_controlled=settings.engine == "builtin") as located:
            yield located
    finally:
        if settings.engine == "docker" and not hindrance():
            forget(settings.state)


def settings_of(read_settings: Settings, app: str, engine: str, state: Path) -> Settings:
    """Return the settings of a test run: whatever the engine, no database, service or secret of others is touched."""
    ours = on_the_local_stack(app, state)
    api = ApiSettingsSection(port=0, share=_unlimited())
    if engine == "remote" and not read_settings.zeebe.address:
        raise FleetError("No engine is named.", "Name it in FLEET_ZEEBE__ADDRESS and FLEET_ZEEBE__REST_ADDRESS.")
    if engine == "builtin":
        return ours.model_copy(update={"api": api})
    return ours.model_copy(update={"api": api, "engine": engine, "zeebe": read_settings.zeebe})


@asynccontextmanager
async def stage(
    settings: Settings,
    app: App,
    packages: Iterable[ProcessPackage],
    timeout_s: float,
    cases: Iterable[CasePackage] = (),
) -> AsyncIterator[Stage]:
    """Deploy the app and run every role, for as long as the block lasts.

    Args:
        settings: as located by `ground`.
        timeout_s: how long an instruction may wait for what it expects.
        cases: definitions whose cases may run.
    """
    definitions = {one.definition.name: one.definition for one in cases}
    by_name = {one.manifest.name: one for one in packages}
    written = {kind for one in by_name.values() for kind in one.model.job_types.values() if kind}
    job_types = {kind for kind in written if not kind.startswith("=")}
    if job_types != written:  # what an expression comes to, the app has a task for
        job_types |= app.tasks.keys()
    job_types |= {step.job_type for one in definitions.values() for step in one.steps if isinstance(step, SystemStep)}
    async with AsyncExitStack() as opened:
        http = await opened.enter_async_context(await _http(settings))

        async def parent_of(key: int) -> int | None:
            try:
                answer = await http.get(f"/v2/process-instances/{key}")
            except httpx.HTTPError as error:
                raise EngineUnavailable("The engine does not answer.") from error
            if not answer.is_success:
                raise EngineUnavailable("The instance is not found yet.")
            parent = answer.json().get("parentProcessInstanceKey")
            return int(parent) if parent else None

        director = Director(parent_of)
        roles = running(settings, SilentReport(), worker=directed(app, director, job_types), app=app)
        await opened.enter_async_context(roles)
        client = await opened.enter_async_context(FleetClient(settings.api_url))
        await client.sign_in(_TESTER)
        connected = await opened.enter_async_context(core(settings))
        followed = await opened.enter_async_context(trail(http)) if settings.engine == "builtin" else None
        yield Stage(by_name, client, connected.engine, http, director, Clock(http), followed, timeout_s, definitions)


async def _http(settings: Settings) -> httpx.AsyncClient:
    connection = connection_to(settings.zeebe)
    if not connection.rest_address:
        raise FleetError(
            "The engine's REST API is not known, by which scenarios see what happens.",
            "Name it in FLEET_ZEEBE__REST_ADDRESS.",
        )
    headers = {}
    if connection.oauth is not None:
        tokens = TokenSource(connection.oauth, ca_file=connection.ca_file, timeout_s=connection.timeout_s)
        headers["authorization"] = f"Bearer {await tokens.token()}"
    return httpx.AsyncClient(
        base_url=connection.rest_address,
        headers=headers,
        timeout=_READ_S,
        verify=trust(connection.ca_file),
        cookies=no_cookies(),
    )


def _unlimited() -> ShareSection:
    names = ("under_way", "requests", "requests_per_s", "rows", "rows_per_s", "reading_s", "reading_per_s")
    return ShareSection(**dict.fromkeys(names, _UNLIMITED), bytes=2**40, bytes_per_s=2**40)
