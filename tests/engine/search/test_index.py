"""The index says what the machine did: rows, restart, rebuild, retention, lag."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.engine.dmn.deciding import decision, definitions, literal
from tests.engine.search.models import LISTENED, WAITING
from tests.engine.search.searching import Engine, engine
from zeebe_fleet.engine.core.commands import (
    CancelInstance,
    DeleteResource,
    Deploy,
    EvaluateDecision,
    PinClock,
    ResolveIncident,
    ThrowError,
)
from zeebe_fleet.engine.core.commands.jobs import UpdateJobRetries
from zeebe_fleet.engine.search import snapshot
from zeebe_fleet.engine.search.decisions import DECISION_DEFINITIONS, DECISION_INSTANCES, DECISION_REQUIREMENTS
from zeebe_fleet.engine.search.entities import (
    ELEMENT_INSTANCES,
    INCIDENTS,
    JOBS,
    PROCESS_DEFINITIONS,
    PROCESS_INSTANCES,
    VARIABLES,
)
from zeebe_fleet.engine.search.index import FILE
from zeebe_fleet.engine.search.subscriptions import MESSAGE_SUBSCRIPTIONS

EVERYTHING = (PROCESS_INSTANCES, ELEMENT_INSTANCES, JOBS, INCIDENTS, VARIABLES, PROCESS_DEFINITIONS)


async def everything(one: Engine) -> dict[str, Any]:
    """All that can be found."""
    return {entity.label: await one.find(entity, limit=10_000) for entity in EVERYTHING}


async def at_work(one: Engine, n: int = 1) -> int:
    """Start one of `outer` and bring it to the task of what it calls; returns its key."""
    key = await one.start(variables=f'{{"n":{n},"text":"ä"}}')
    await one.complete("each")
    return key


async def test_index_tells_where_tokens_are() -> None:
    """Elements with their types, names, scopes and states; the called process with its parents and root."""
    async with engine() as one:
        await one.deploy()
        key = await at_work(one)
        (outer,) = await one.find(PROCESS_INSTANCES, {"processDefinitionId": "outer"})
        (inner,) = await one.find(PROCESS_INSTANCES, {"parentProcessInstanceKey": key})
        assert (outer["state"], outer["processDefinitionName"], outer["processDefinitionVersionTag"]) == (
            "ACTIVE",
            "The outer one",
            "v1",
        )
        assert (inner["processDefinitionId"], inner["rootProcessInstanceKey"]) == ("inner", key)
        (call,) = await one.find(ELEMENT_INSTANCES, {"processInstanceKey": key, "state": "ACTIVE"})
        assert (call["elementId"], call["elementName"], call["type"]) == ("call", "call", "CALL_ACTIVITY")
        assert inner["parentElementInstanceKey"] == call["elementInstanceKey"]
        each = await one.find(ELEMENT_INSTANCES, {"elementId": "each"}, sort=[("elementInstanceKey", False)])
        assert [row["type"] for row in each] == ["MULTI_INSTANCE_BODY", "SERVICE_TASK", "SERVICE_TASK"]
        assert {row["elementName"] for row in each} == {"Each of them"}
        within = {"elementInstanceScopeKey": each[0]["elementInstanceKey"]}
        assert len(await one.find(ELEMENT_INSTANCES, within)) == 2
        assert {row["state"] for row in each} == {"COMPLETED"}


async def test_index_agrees_with_the_machine() -> None:
    """What is at work in the index is what lives in the state, and so are jobs, incidents and variables."""
    async with engine() as one:
        await one.deploy()
        for n in range(5):
            await at_work(one, n)
        await one.start()
        await one.fail("work")
        await one.pump.run(CancelInstance(await one.start()))
        state = one.pump.state
        active = {"state": "ACTIVE"}
        alive = await one.find(PROCESS_INSTANCES, active) + await one.find(ELEMENT_INSTANCES, active)  # type: ignore[operator]
        keys = {row.get("elementInstanceKey", row["processInstanceKey"]) for row in alive}
        assert keys == set(state.instances)
        assert {row["jobKey"] for row in await one.find(JOBS, {"endTime": {"$exists": False}})} == set(state.jobs)
        assert {row["incidentKey"] for row in await one.find(INCIDENTS, active)} == set(state.incidents)
        found = {(row["scopeKey"], row["name"]): row["value"] for row in await one.find(VARIABLES)}
        lives = {
            (scope.key, name): value
            for scope in state.instances.values()
            for name, value in (scope.variables or {}).items()
        }
        assert lives.items() <= found.items()


async def test_jobs_and_incidents_are_told_to_their_ends() -> None:
    """A job that fails for good holds up its element, its instance and the one that called it, until it is resolved."""
    async with engine() as one:
        await one.deploy()
        key = await at_work(one)
        (job,) = await one.fail("work", message="no\0good \ud800")
        (row,) = await one.find(JOBS, {"type": "work"})
        assert (row["state"], row["retries"], row["elementId"], row["worker"]) == ("FAILED", 0, "work", "tests")
        assert (row["customHeaders"], row["kind"], row["errorMessage"]) == (
            '{"colour":"blue"}',
            "BPMN_ELEMENT",
            "no\0good ?",
        )
        (incident,) = await one.find(INCIDENTS)
        assert (incident["errorType"], incident["jobKey"], incident["elementId"]) == ("JOB_NO_RETRIES", job.key, "work")
        assert incident["rootProcessInstanceKey"] == key
        assert len(await one.find(PROCESS_INSTANCES, {"hasIncident": True})) == 2
        (stuck,) = await one.find(ELEMENT_INSTANCES, {"hasIncident": True})
        assert (stuck["elementId"], stuck["incidentKey"]) == ("work", incident["incidentKey"])
        await one.pump.run(UpdateJobRetries(job.key, 2))
        await one.pump.run(ResolveIncident(incident["incidentKey"]))
        assert [row["state"] for row in await one.find(INCIDENTS)] == ["RESOLVED"]
        assert await one.find(PROCESS_INSTANCES, {"hasIncident": True}) == []
        (again,) = await one.jobs("work")
        await one.pump.run(ThrowError(again.key, "BAD", "words"))
        (row,) = await one.find(JOBS, {"type": "work"})
        assert (row["state"], row["errorCode"], row["errorMessage"]) == ("ERROR_THROWN", "BAD", "words")
        await one.pump.run(CancelInstance(key))
        assert {row["state"] for row in await one.find(PROCESS_INSTANCES)} == {"TERMINATED"}
        assert {row["state"] for row in await one.find(JOBS, {"type": "work"})} == {"CANCELED"}
        assert {row["state"] for row in await one.find(INCIDENTS)} == {"RESOLVED"}


async def test_listeners_of_a_process_belong_to_it() -> None:
    """Their element is the process, which has no element instance; what they are is told."""
    async with engine() as one:
        await one.deploy(LISTENED)
        await one.start("listened")
        await one.fail("adopt")
        (job,) = await one.find(JOBS)
        assert (job["elementId"], job["kind"], job["listenerEventType"]) == ("listened", "EXECUTION_LISTENER", "START")
        assert [row["elementId"] for row in await one.find(INCIDENTS)] == ["listened"]
        assert await one.find(ELEMENT_INSTANCES) == []
        assert len(await one.find(JOBS, {"elementId": "listened"})) == 1


async def test_variables_have_their_last_values_and_stay() -> None:
    """One row a scope and name, over many writes, and after the end."""
    async with engine() as one:
        await one.deploy()
        key = await one.start("inner", '{"n":1}')
        assert [row["value"] for row in await one.find(VARIABLES)] == ["1"]
        await one.complete("work", '{"n":2,"more":{"a":[1]}}')
        rows = await one.find(VARIABLES, {"processInstanceKey": key}, sort=[("name", False)])
        assert [(row["name"], row["value"], row["scopeKey"]) for row in rows] == [
            ("more", '{"a":[1]}', key),
            ("n", "2", key),
        ]
        assert len({row["variableKey"] for row in rows}) == 2
        assert len(await one.find(PROCESS_INSTANCES, {"variables": [{"name": "n", "value": "2"}]})) == 1
        assert await one.find(PROCESS_INSTANCES, {"variables": [{"name": "n", "value": "3"}]}) == []


async def test_definitions_are_found_until_they_are_deleted() -> None:
    """The instances of a deleted one keep its name."""
    async with engine() as one:
        await one.deploy()
        await one.start("inner")
        await one.complete("work")
        assert len(await one.find(PROCESS_DEFINITIONS, {"isLatestVersion": True})) == 2
        (inner,) = await one.find(PROCESS_DEFINITIONS, {"processDefinitionId": "inner"})
        await one.pump.run(DeleteResource(inner["processDefinitionKey"]))
        assert await one.find(PROCESS_DEFINITIONS, {"processDefinitionId": "inner"}) == []
        assert [row["processDefinitionId"] for row in await one.find(PROCESS_INSTANCES)] == ["inner"]


async def test_restarted_index_goes_on_where_it_ended(tmp_path: Path) -> None:
    """What has ended is still known, and nothing is made anew."""
    async with engine(tmp_path) as one:
        await one.deploy()
        await at_work(one)
        await one.complete("work")
        before = await everything(one)
    async with engine(tmp_path) as one:
        assert await everything(one) == before
        assert one.said == []
        await one.start("inner")
        assert len(await one.find(PROCESS_INSTANCES)) == 3


async def test_index_behind_the_log_is_fed_from_it(tmp_path: Path) -> None:
    """An older copy of the index, as after a kill, catches up, over a checkpoint too."""
    async with engine(tmp_path) as one:
        await one.deploy()
        await everything(one)
    old = (tmp_path / FILE).read_bytes()
    async with engine(tmp_path) as one:
        await at_work(one)
        await one.fail("work")
        before = await everything(one)
        one.pump.save()
    (tmp_path / FILE).write_bytes(old)
    async with engine(tmp_path) as one:
        assert await everything(one) == before
        assert one.said == []


@pytest.mark.parametrize("harm", ["gone", "no database", "other format", "cut off"])
async def test_index_that_is_no_use_is_made_anew(tmp_path: Path, harm: str) -> None:
    """What lives is there again, but for when it began; what has ended is not."""
    async with engine(tmp_path) as one:
        await one.deploy()
        await at_work(one)
        await one.fail("work")
        ended = await one.start("inner")
        await one.complete("work")
        before = await everything(one)
    path = tmp_path / FILE
    if harm == "gone":
        path.unlink()
    elif harm == "no database":
        path.write_bytes(b"nothing" * 1_000)
    elif harm == "other format":
        data = bytearray(path.read_bytes())
        data[60:64] = (99).to_bytes(4, "big")
        path.write_bytes(data)
    else:
        path.write_bytes(path.read_bytes()[:5_000])
    async with engine(tmp_path) as one:
        after = await everything(one)
        assert one.said == ["The search index is made anew; of what ended before now it knows nothing."]
        assert after["Process Definition"] == before["Process Definition"]
        assert after["Incident"] == before["Incident"]
        keys = {row["processInstanceKey"] for row in after["Process Instance"]}
        assert keys == {row["processInstanceKey"] for row in before["Process Instance"]} - {ended}
        (job,) = after["Job"]
        (told,) = [row for row in before["Job"] if row["jobKey"] == job["jobKey"]]
        unknown = {"creationTime": None, "lastUpdateTime": None, "deadline": None, "worker": ""}
        assert job | unknown == told | unknown
        living = {
            (row["elementInstanceKey"], row["elementId"], row["state"])
            for row in before["Element Instance"]
            if row["state"] == "ACTIVE"
        }
        assert {
            (row["elementInstanceKey"], row["elementId"], row["state"]) for row in after["Element Instance"]
        } == living


async def test_index_that_was_open_in_another_boot_is_checked(tmp_path: Path) -> None:
    """A power cut may have damaged it: a whole one is kept, one with a wrong page is made anew."""
    async with engine(tmp_path) as one:
        await one.deploy()
        await at_work(one)
    path = tmp_path / FILE
    for harm, said in ((False, 0), (True, 1)):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE progress SET open_in = 'another'")
            (page,) = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'element_instance_of'"
            ).fetchone()
            (size,) = connection.execute("PRAGMA page_size").fetchone()
        if harm:
            data = bytearray(path.read_bytes())
            data[(page - 1) * size : page * size] = bytes(size)
            path.write_bytes(data)
        async with engine(tmp_path) as one:
            assert len(one.said) == said
            assert len(await one.find(PROCESS_INSTANCES)) == 2


async def test_index_is_made_anew_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole in the end; one that was left unfinished is begun again."""
    monkeypatch.setattr(snapshot, "_AT_ONCE", 2)
    async with engine(tmp_path) as one:
        await one.deploy()
        for n in range(5):
            await one.start("inner", f'{{"n":{n}}}')
        await one.fail("work")
        before = await everything(one)
    path = tmp_path / FILE
    for _ in range(2):
        path.unlink()
        async with engine(tmp_path) as one:
            after = await everything(one)
            assert {label: len(rows) for label, rows in after.items() if label != "Element Instance"} == {
                label: len(rows) for label, rows in before.items() if label != "Element Instance"
            }
            assert len(after["Element Instance"]) == 5
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE progress SET position = -1")
    async with engine(tmp_path) as one:
        assert len(one.said) == 1
        assert len(await one.find(PROCESS_INSTANCES)) == 5


async def test_index_of_another_log_is_made_anew(tmp_path: Path) -> None:
    """One that is ahead of the log, or whose next record is gone, is not believed."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    async with engine(tmp_path / "one") as one:
        await one.deploy()
        await at_work(one)
        await everything(one)
    async with engine(tmp_path / "other") as other:
        await other.deploy()
    (tmp_path / "other" / FILE).write_bytes((tmp_path / "one" / FILE).read_bytes())
    async with engine(tmp_path / "other") as other:
        assert await other.find(PROCESS_INSTANCES) == []
        assert len(other.said) == 1


async def test_damage_found_by_a_search_is_said_and_repaired(tmp_path: Path) -> None:
    """Whoever asks while it is broken hears so; the engine works on, with a new index."""
    async with engine(tmp_path) as one:
        await one.deploy()
        await at_work(one)
        await everything(one)
        one.index._give_up(OSError("the disk is away"))
        await one.start("inner")
        rows = await one.find(PROCESS_INSTANCES)
        assert len(rows) == 3
        assert one.said[0] == "The search index cannot be kept: the disk is away"


async def test_retention_forgets_what_ended_first() -> None:
    """The last ones are kept, with what belongs to them; what lives always is."""
    async with engine(instances=3) as one:
        await one.deploy()
        living = await one.start("outer")
        keys = []
        for n in range(8):
            keys.append(await one.start("inner", f'{{"n":{n}}}'))
            await one.complete("work")
            await one.page(PROCESS_INSTANCES)
        ended = await one.find(PROCESS_INSTANCES, {"state": "COMPLETED"})
        assert [row["processInstanceKey"] for row in ended][-3:] == keys[-3:]
        assert len(ended) < 6
        kept = {row["processInstanceKey"] for row in ended} | {living}
        for entity in (ELEMENT_INSTANCES, JOBS, VARIABLES):
            assert {row["processInstanceKey"] for row in await one.find(entity)} <= kept


async def test_retention_forgets_what_ended_long_ago() -> None:
    """By the engine's own time; what lives stays, however old."""
    async with engine(age_ms=60_000) as one:
        await one.deploy()
        living = await one.start("outer")
        await one.start("inner")
        await one.complete("work")
        assert len(await one.find(PROCESS_INSTANCES)) == 2
        await one.pump.run(PinClock(one.pump.now_ms() + 120_000))
        young = await one.start("inner")
        await one.complete("work")
        assert {row["processInstanceKey"] for row in await one.find(PROCESS_INSTANCES)} == {living, young}


async def test_late_index_shows_what_was_written_by_then() -> None:
    """With a lag a search does not see what has just happened, and sees it later."""
    async with engine(lag_ms=600_000) as late:
        await late.deploy()
        await late.start("inner")
        assert await late.find(PROCESS_INSTANCES) == []
    async with engine(lag_ms=1) as late:
        await late.deploy()
        await late.start("inner")
        while not await late.find(PROCESS_INSTANCES):
            pass


async def test_retention_forgets_decisions_of_nobody() -> None:
    """The last ones are kept."""
    content = definitions(decision(literal("n"), "twice"))
    async with engine(instances=3) as one:
        await one.pump.run(Deploy((("twice.dmn", content),)))
        for n in range(8):
            await one.pump.run(EvaluateDecision("twice", variables=f'{{"n":{n}}}'))
            await one.page(DECISION_INSTANCES)
        kept = [row["result"] for row in await one.find(DECISION_INSTANCES)]
        assert kept[-3:] == ["5", "6", "7"]
        assert len(kept) < 6


async def test_index_made_anew_knows_decisions_and_who_waits(tmp_path: Path) -> None:
    """What is deployed, and the subscriptions that are open."""
    async with engine(tmp_path) as one:
        await one.deploy(WAITING)
        await one.pump.run(Deploy((("twice.dmn", definitions(decision(literal("n"), "twice"))),)))
        await one.start("waiting", '{"key":"k"}')
        entities = (DECISION_DEFINITIONS, DECISION_REQUIREMENTS, MESSAGE_SUBSCRIPTIONS)
        unknown = {"lastUpdatedDate": None}
        before = [[{**row, **unknown} for row in await one.find(entity)] for entity in entities]
        assert all(before)
    (tmp_path / FILE).unlink()
    async with engine(tmp_path) as one:
        assert [[{**row, **unknown} for row in await one.find(entity)] for entity in entities] == before
