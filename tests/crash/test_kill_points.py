"""Kill anything at any moment: nothing is lost, nothing is done twice, nothing is stuck.

A process with one task that writes a business row, one user task and one compensation, on the real engine and the
real PostgreSQL; real processes, real SIGKILL. The effect log has no constraint: it alone decides.
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crash.scene import Scene, until
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses

COUNT = 2


@pytest.fixture
async def scene(engine: ZeebeEngine, addresses: Addresses, database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene with the saga deployed under names of its own, and a relay at work."""
    scene = Scene(engine, addresses, database_url, f"crash-{uuid.uuid4().hex[:8]}", tmp_path)
    await scene.prepare("saga.bpmn", "parallel.bpmn", "caller.bpmn", "fragile.bpmn", "unsafe.bpmn")
    await scene.spawn("relay")
    yield scene
    await scene.close()
    await scene.sql("DROP TABLE effect_log")


async def play(scene: Scene) -> list[uuid.UUID]:
    """Run half of the workflows to an approval and half to a declined one."""
    workflows = await scene.start("saga", COUNT)
    for nth, (_, activity_id) in enumerate(await scene.activities(workflows)):
        await scene.decide(activity_id, approve=nth % 2 == 0)
    return workflows


@pytest.mark.parametrize(
    ("point", "victim_task"),
    [(f"K{n}", "write") for n in range(7)] + [("K0", "undo"), ("K2", "undo"), ("K3", "undo"), ("K5", "undo")],
)
async def test_worker_killed_at_any_point_loses_and_doubles_nothing(scene: Scene, point: str, victim_task: str) -> None:
    """Whatever the worker was doing, each effect is there once and each workflow ends as it should."""
    killed = asyncio.create_task(scene.die_and_return("worker", point=point, task=victim_task))
    workflows = await play(scene)
    await killed
    assert await scene.ended(workflows) == {"COMPLETED": COUNT // 2, "COMPENSATED": COUNT // 2}
    written = {(workflow, "write"): 1 for workflow in workflows}
    undone = {(workflow, "undo"): 1 for workflow in workflows[1::2]}
    assert await scene.effects() == written | undone


async def test_clerk_killed_after_the_mutation_completes_the_activity_once(scene: Scene) -> None:
    """K10: the completion is committed and its process dead; the relay tells the engine."""
    await scene.spawn("worker")
    workflows = await scene.start("saga", 2)
    for (_, activity_id), decision in zip(await scene.activities(workflows), ("approve", "decline"), strict=True):
        clerk = await scene.spawn("clerk", str(activity_id), decision)
        assert await clerk.wait() == -signal.SIGKILL
    assert await scene.ended(workflows) == {"COMPLETED": 1, "COMPENSATED": 1}
    assert Counter(effect for _, effect in await scene.effects()) == {"write": 2, "undo": 1}
    states = await scene.sql("SELECT DISTINCT state FROM activity WHERE workflow_id = ANY ($1)", workflows)
    assert [row["state"] for row in states] == ["COMPLETED"]


async def test_oracle_turns_red_when_deduplication_is_off(scene: Scene) -> None:
    """With what a step did before forgotten, the kill at K4 doubles its effect: the oracle can see it."""
    workflows = await scene.start("saga", COUNT)
    started = "SELECT 1 FROM workflow WHERE workflow_id = ANY ($1) AND state = 'RUNNING'"
    await until(lambda: scene.sql(started, workflows), lambda rows: len(rows) == COUNT)
    await scene.close()
    await scene.die_and_return("worker", point="K4", task="write", forget="yes")
    await scene.activities(workflows)
    assert max((await scene.effects()).values()) > 1


async def test_duplicated_start_leaves_one_instance(scene: Scene) -> None:
    """A start sent twice makes two instances; the second is cancelled before it does anything."""
    workflows = await scene.start("saga", 1)
    (row,) = await until(
        lambda: scene.sql("SELECT * FROM workflow WHERE workflow_id = $1", workflows[0]),
        lambda rows: rows[0]["process_instance_key"],
    )
    again = await scene.engine.start(
        process_name=row["process_name"], variables={"workflow_id": str(workflows[0]), "item": "again"}
    )
    await scene.spawn("worker")
    ((_, activity_id),) = await scene.activities(workflows)
    await scene.decide(activity_id, approve=True)
    assert await scene.ended(workflows) == {"COMPLETED": 1}
    assert await scene.effects() == {(workflows[0], "write"): 1}
    await until(lambda: _gone(scene, again.process_instance_key), bool)


async def test_parallel_first_jobs_belong_to_one_workflow(scene: Scene) -> None:
    """Two jobs that are first at once, in a model without listeners, adopt one workflow between them."""
    await scene.spawn("worker")
    await scene.spawn("worker")
    workflows = await scene.start("parallel", COUNT)
    expected = {(workflow, "write"): 2 for workflow in workflows}
    await until(scene.effects, lambda found: found == expected)
    outside = await scene.engine.start(process_name=f"{scene.prefix}-parallel", variables={"item": "outside"})
    steps = "SELECT workflow_id FROM step WHERE process_instance_key = $1"
    rows = await until(lambda: scene.sql(steps, outside.process_instance_key), lambda rows: len(rows) == 2)
    assert len({row["workflow_id"] for row in rows}) == 1


async def test_called_process_becomes_a_child(scene: Scene) -> None:
    """A call activity's instance has a workflow of its own, linked to the caller's."""
    await scene.spawn("worker")
    (parent,) = await scene.start("caller", 1)
    children = "SELECT * FROM workflow WHERE parent_workflow_id = $1"
    (child,) = await until(lambda: scene.sql(children, parent), bool)
    assert (child["origin"], child["process_name"]) == ("CHILD", f"{scene.prefix}-saga")
    ((_, activity_id),) = await scene.activities([child["workflow_id"]])
    await scene.decide(activity_id, approve=True)
    assert await scene.ended([parent, child["workflow_id"]]) == {"COMPLETED": 2}
    assert await scene.effects() == {(child["workflow_id"], "write"): 1}


async def test_start_from_outside_is_adopted(scene: Scene) -> None:
    """An instance that Operate, a timer or a message started gets a workflow before its first element."""
    await scene.spawn("worker")
    instance = await scene.engine.start(process_name=f"{scene.prefix}-saga", variables={"item": "outside"})
    adopted = "SELECT * FROM workflow WHERE process_instance_key = $1"
    (workflow,) = await until(lambda: scene.sql(adopted, instance.process_instance_key), bool)
    assert workflow["origin"] == "EXTERNAL"
    ((_, activity_id),) = await scene.activities([workflow["workflow_id"]])
    await scene.decide(activity_id, approve=False)
    assert await scene.ended([workflow["workflow_id"]]) == {"COMPENSATED": 1}
    assert Counter(effect for _, effect in await scene.effects()) == {"write": 1, "undo": 1}


async def test_resolved_incident_runs_the_action_again(scene: Scene) -> None:
    """An incident says what is wrong without the exception's text; resolved, the job opens a new round."""
    await scene.spawn("worker")
    (workflow,) = await scene.start("fragile", 1, broken=True)
    query = "SELECT * FROM workflow WHERE workflow_id = $1"
    (row,) = await until(lambda: scene.sql(query, workflow), lambda rows: rows[0]["incident"])
    assert "ValueError" in row["incident"]
    assert "secret-in-a-message" not in row["incident"]
    instance_key = row["process_instance_key"]
    await scene.engine.set_variables(instance_key, {"broken": False})
    incidents = await until(lambda: scene.engine.find_incidents(instance_key), bool)
    await scene.engine.resolve_incident(incidents[0])
    assert await scene.ended([workflow]) == {"COMPLETED": 1}
    (step,) = await scene.sql("SELECT * FROM step WHERE workflow_id = $1 AND element_id = 'fragile'", workflow)
    assert (step["round"], step["delivery"], step["state"]) == (2, 1, "COMPLETED")
    outcomes = "SELECT outcome FROM step_attempt WHERE step_id = $1 ORDER BY fence"
    assert [r["outcome"] for r in await scene.sql(outcomes, step["step_id"])] == ["INCIDENT", "COMPLETED"]


@pytest.mark.parametrize("happened", [True, False])
async def test_effect_that_must_not_repeat_is_asked_about(scene: Scene, happened: bool) -> None:
    """K7: whether the effect happened is unknown; a person says so, and only then it is done, or done again."""
    (workflow,) = await scene.start("unsafe", 1)
    await scene.die_and_return("worker", point="K7", task="unsafe")
    query = "SELECT * FROM activity WHERE workflow_id = $1"
    (question,) = await until(lambda: scene.sql(query, workflow), bool)
    assert question["candidate_groups"] == ["operators"]
    assert await scene.effects() == {}
    await scene.answer(question["activity_id"], {"outcome": "happened" if happened else "not_happened"})
    assert await scene.ended([workflow]) == {"COMPLETED": 1}
    assert await scene.effects() == ({} if happened else {(workflow, "unsafe"): 1})


async def _gone(scene: Scene, instance_key: int) -> bool:
    from zeebe_fleet.workers.contract.errors import EngineGone

    try:
        await scene.engine.set_variables(instance_key, {})
    except EngineGone:
        return True
    return False
