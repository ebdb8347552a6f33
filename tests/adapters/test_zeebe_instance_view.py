"""An instance as its engine has it, read from the engine in the box as each version, and refused where it cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.engine.gateway.served import served
from tests.engine.search.models import RICH
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.engine.version import VERSIONS
from zeebe_fleet.workers.contract.errors import EngineGone, EngineRejected, EngineUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.ports import Resource

NOBODY = ProcessInstanceKey(2251799813999999)


@asynccontextmanager
async def playing(version: str, *, rest: str | None = None) -> AsyncIterator[ZeebeEngine]:
    """The engine in the box as a version, with `outer` and `inner` deployed."""
    async with served(version=VERSIONS[version]) as (ports, _):
        known = f"http://{ports.host}:{ports.rest}" if rest is None else rest
        connection = EngineConnection(address=f"{ports.host}:{ports.grpc}", rest_address=known)
        async with ZeebeEngine(connection) as engine:
            await engine.deploy([Resource("rich.bpmn", RICH.encode())])
            yield engine


@pytest.mark.parametrize("version", ["8.8", "8.9"])
async def test_view_tells_tokens_variables_jobs_incidents_and_calls(version: str) -> None:
    """Of an instance that waits for the one it called, which is stuck."""
    async with playing(version) as engine:
        outer = (
            await engine.start(process_name="outer", variables={"n": 1, "who": {"name": "Ada"}})
        ).process_instance_key
        for job in await engine.activate("each", limit=5, lease_s=60, worker="w"):
            await engine.complete(job.key, Complete({}))
        (job,) = await engine.activate("work", limit=5, lease_s=60, worker="w")
        await engine.fail(job.key, Fail("no account", retries=0))

        view = await engine.instance_view(outer)
        assert (view.process_instance_key, view.state, view.whole) == (outer, "ACTIVE", True)
        at_work = [one for one in view.elements if one.state == "ACTIVE"]
        assert [(one.element_id, one.kind, one.ended_at) for one in at_work] == [("call", "CALL_ACTIVITY", None)]
        assert [one.element_id for one in view.elements][:2] == ["start", "part"]
        assert all(one.started_at is not None for one in view.elements)
        assert {(one.name, one.value) for one in view.variables if one.scope_key == outer} == {
            ("n", "1"),
            ("who", '{"name":"Ada"}'),
        }
        assert [(one.job_type, one.state, one.worker) for one in view.jobs] == [("each", "COMPLETED", "w")] * 2
        assert view.incidents == ()
        (called,) = view.called
        assert (called.process_name, called.has_incident) == ("inner", True)

        inner = await engine.instance_view(ProcessInstanceKey(called.process_instance_key))
        (incident,) = inner.incidents
        assert (incident.error_type, incident.message, incident.state) == ("JOB_NO_RETRIES", "no account", "ACTIVE")
        assert (incident.job_key, incident.element_id) == (job.key, "work")
        (stuck,) = [one for one in inner.elements if one.has_incident]
        assert stuck.element_id == "work"
        assert [(one.state, one.retries, one.error_message) for one in inner.jobs] == [("FAILED", 0, "no account")]

        await engine.cancel(outer)
        ended = await engine.instance_view(outer)
        assert (ended.state, ended.called[0].state) == ("TERMINATED", "TERMINATED")


@pytest.mark.parametrize("version", ["8.6", "8.7"])
async def test_view_of_an_old_engine_is_refused_naming_the_version(version: str) -> None:
    """The sentence names what it plays and what can be asked."""
    async with playing(version) as engine:
        with pytest.raises(EngineRejected, match=rf"{version}\.0 cannot be asked") as refused:
            await engine.instance_view(NOBODY)
    assert "8.8" in refused.value.suggestion


async def test_view_needs_the_rest_address() -> None:
    """The sentence names the setting."""
    async with playing("8.9", rest="") as engine:
        with pytest.raises(EngineRejected) as refused:
            await engine.instance_view(NOBODY)
    assert "FLEET_ZEEBE__REST_ADDRESS" in refused.value.suggestion


async def test_view_of_nobody_is_gone() -> None:
    """An instance that was never there, or is forgotten."""
    async with playing("8.9") as engine:
        with pytest.raises(EngineGone):
            await engine.instance_view(NOBODY)


async def test_view_of_an_engine_whose_rest_is_away_is_unavailable() -> None:
    """It can be tried again."""
    async with playing("8.9", rest="http://127.0.0.1:1") as engine:
        with pytest.raises(EngineUnavailable, match="does not answer"):
            await engine.instance_view(NOBODY)


@pytest.mark.parametrize("version", ["8.8", "8.9"])
async def test_definitions_are_the_engines_whoever_deployed_them(version: str) -> None:
    """The latest first, with the bytes of each; nothing of a process that is not there."""
    async with playing(version) as engine:
        changed = RICH.replace("</bpmn:process>", "<!-- changed --></bpmn:process>").encode()
        deployed = {one.process_name: one for one in await engine.deploy([Resource("rich.bpmn", changed)])}
        latest, first = await engine.definitions("outer")
        assert (latest.definition_key, latest.version) == (deployed["outer"].definition_key, 2)
        assert (first.version, first.resource_name) == (1, "rich.bpmn")
        assert [await engine.model(one.definition_key) for one in (latest, first)] == [changed, RICH.encode()]
        assert await engine.definitions("nothing") == []
        with pytest.raises(EngineGone):
            await engine.model(DefinitionKey(7))


async def test_definitions_are_refused_where_they_cannot_be_asked() -> None:
    """Before 8.8, or without the address of the REST API."""
    for version, rest in (("8.7", None), ("8.9", "")):
        async with playing(version, rest=rest) as engine:
            with pytest.raises(EngineRejected):
                await engine.definitions("outer")
