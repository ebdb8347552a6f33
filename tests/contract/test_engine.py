"""What every implementation of the `Engine` port does, shown on the session's real engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.contract.conftest import Played
from zeebe_fleet.adapters.zeebe import EngineConnection, ZeebeEngine
from zeebe_fleet.deploy.verify.model import MODEL
from zeebe_fleet.workers.contract.errors import (
    EngineConflict,
    EngineError,
    EngineGone,
    EngineRejected,
    EngineUnavailable,
)
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, ThrowError
from zeebe_fleet.workers.contract.ports import DeployedProcess, Engine, OpenIncident, Resource

NEVER = JobKey(2**51 + 2**40)
"""A key of partition 1 that this engine will not reach."""


@pytest_asyncio.fixture
async def process(engine: Engine) -> DeployedProcess:
    """A process of this test alone: a task, a message, a signal, a last task."""
    name = f"p{uuid4().hex[:12]}"
    (deployed,) = await engine.deploy([Resource(f"{name}.bpmn", MODEL.format(name=name).encode())])
    return deployed


async def take(engine: Engine, process: DeployedProcess, task: str = "work", lease_s: float = 30.0) -> Job:
    """Lease the one job there is."""
    (job,) = await engine.activate(
        f"{process.process_name}-{task}", limit=5, lease_s=lease_s, worker="test", poll_s=10.0
    )
    return job


async def started(engine: Engine, process: DeployedProcess) -> Job:
    """Start an instance and lease its first job."""
    await engine.start(process_name=process.process_name, variables={"order": process.process_name, "amount": 3})
    return await take(engine, process)


async def until(question: Callable[[], Awaitable[object]]) -> None:
    """Wait for a state of the engine that has no event."""
    while not await question():
        await asyncio.sleep(0.01)


async def require_search(engine: Engine) -> None:
    """Leave out what the session's engine cannot be asked."""
    if not (await engine.capabilities()).incident_search:
        pytest.skip("This engine cannot be asked for its incidents.")


async def test_capabilities_tells_version_and_abilities(played: Played) -> None:
    """Searching for incidents, and listeners of user tasks, came with 8.8."""
    can = await played.engine.capabilities()

    assert can.version.startswith(f"{played.version}.")
    assert can.partitions == 1
    assert can.execution_listeners
    assert can.job_streams
    assert can.incident_search == (played.version == "8.9")
    assert can.user_task_listeners == (played.version == "8.9")


async def test_incidents_are_found_by_an_engine_that_can_search_and_refused_by_others(played: Played) -> None:
    """Before 8.8 an engine says nothing of its incidents, and the refusal says what can."""
    engine = played.engine
    name = f"p{uuid4().hex[:12]}"
    (process,) = await engine.deploy([Resource(f"{name}.bpmn", MODEL.format(name=name).encode())])
    job = await started(engine, process)
    await engine.fail(job.key, Fail("no account", retries=0))

    if played.version == "8.9":
        await until(lambda: engine.find_incidents(job.process_instance_key))
        (incident,) = await engine.find_incidents(job.process_instance_key)
        assert incident.job_key == job.key
    else:
        with pytest.raises(EngineRejected, match="Operate"):
            await engine.find_incidents(job.process_instance_key)


async def test_deploy_of_the_same_bytes_keeps_the_version(engine: Engine, process: DeployedProcess) -> None:
    """Deploying again is harmless."""
    content = MODEL.format(name=process.process_name).encode()

    again = await engine.deploy([Resource(process.resource_name, content)])

    assert again == [process]


async def test_start_by_name_takes_the_latest_version(engine: Engine, process: DeployedProcess) -> None:
    """A changed model is a new version, and a name means the newest."""
    changed = MODEL.format(name=process.process_name).replace("blue", "red").encode()
    (second,) = await engine.deploy([Resource(process.resource_name, changed)])

    instance = await engine.start(process_name=process.process_name)

    assert (instance.version, instance.definition_key) == (2, second.definition_key)


async def test_start_by_definition_key_takes_that_version(engine: Engine, process: DeployedProcess) -> None:
    """A key means one version, whatever was deployed later."""
    changed = MODEL.format(name=process.process_name).replace("blue", "red").encode()
    await engine.deploy([Resource(process.resource_name, changed)])

    instance = await engine.start(definition_key=process.definition_key)

    assert (instance.version, instance.process_name) == (1, process.process_name)


@pytest.mark.parametrize("wrong", [{"process_name": "nobody-has-this"}, {"definition_key": DefinitionKey(NEVER)}])
async def test_start_of_an_unknown_process_is_gone(engine: Engine, wrong: dict[str, object]) -> None:
    """Neither an unknown name nor an unknown key starts anything."""
    with pytest.raises(EngineGone):
        await engine.start(**wrong)  # type: ignore[arg-type]


async def test_start_refuses_variables_that_are_no_json(engine: Engine, process: DeployedProcess) -> None:
    """The refusal does not quote them: they may be personal data."""
    with pytest.raises(EngineRejected) as refusal:
        await engine.start(process_name=process.process_name, variables={"iban": "DE12", "x": float("nan")})

    assert "DE12" not in str(refusal.value)


async def test_start_for_an_unknown_tenant_is_rejected(engine: Engine, process: DeployedProcess) -> None:
    """Tenant ids are sent."""
    with pytest.raises(EngineRejected, match="acme"):
        await engine.start(process_name=process.process_name, tenant_id="acme")


async def test_activate_gives_all_that_the_engine_says_about_a_job(engine: Engine, process: DeployedProcess) -> None:
    """Variables and headers are parsed, keys are those of the instance."""
    instance = await engine.start(process_name=process.process_name, variables={"order": "a", "amount": 3})

    job = await take(engine, process)

    assert job.process_instance_key == instance.process_instance_key
    assert job.definition_key == process.definition_key
    assert (job.process_name, job.process_version, job.element_id) == (process.process_name, 1, "work")
    assert job.variables == {"order": "a", "amount": 3}
    assert job.headers == {"colour": "blue"}
    assert job.retries == 3
    assert 29 < job.lease_left_s() <= 30


async def test_activate_fetches_only_the_variables_asked_for(engine: Engine, process: DeployedProcess) -> None:
    """Big variables that a task does not read stay where they are."""
    await engine.start(process_name=process.process_name, variables={"order": "a", "amount": 3})

    (job,) = await engine.activate(
        f"{process.process_name}-work", limit=1, lease_s=30, worker="test", variables=["amount", "missing"]
    )

    assert job.variables == {"amount": 3}


async def test_activate_takes_no_more_than_its_limit(engine: Engine, process: DeployedProcess) -> None:
    """The rest stays for others."""
    for _ in range(3):
        await engine.start(process_name=process.process_name)

    first = await engine.activate(f"{process.process_name}-work", limit=2, lease_s=30, worker="test")
    rest = await engine.activate(f"{process.process_name}-work", limit=2, lease_s=30, worker="test")

    assert (len(first), len(rest)) == (2, 1)


@pytest.mark.parametrize("poll_s", [0.0, 0.2])
async def test_activate_without_jobs_is_empty(engine: Engine, poll_s: float) -> None:
    """A poll that found nothing is no error, whether it waited or not."""
    assert await engine.activate("nobody-has-this", limit=1, lease_s=30, worker="test", poll_s=poll_s) == []


async def test_complete_twice_is_gone(engine: Engine, process: DeployedProcess) -> None:
    """The relay can tell that it has told the engine before."""
    job = await started(engine, process)
    await engine.complete(job.key, Complete({"result": "ü"}))

    with pytest.raises(EngineGone):
        await engine.complete(job.key, Complete())


@pytest.mark.parametrize("megabytes", [2.5, 5.0])
async def test_complete_with_too_much_is_rejected_without_naming_it(
    engine: Engine, process: DeployedProcess, megabytes: float
) -> None:
    """Two different statuses of the engine, one meaning: sending it again changes nothing."""
    job = await started(engine, process)

    with pytest.raises(EngineRejected, match="Too large") as refusal:
        await engine.complete(job.key, Complete({"secret": "s" * int(megabytes * 1e6)}))

    assert "sss" not in str(refusal.value)


async def test_fail_without_retries_keeps_the_job_from_everybody(engine: Engine, process: DeployedProcess) -> None:
    """At its incident it can neither be taken nor completed, but it is alive."""
    job = await started(engine, process)
    await engine.fail(job.key, Fail("never", retries=0))

    with pytest.raises(EngineConflict):
        await engine.complete(job.key, Complete())
    with pytest.raises(EngineConflict):
        await engine.extend(job.key, 30)
    assert await engine.activate(job.type, limit=1, lease_s=30, worker="test", poll_s=0) == []


async def test_fail_never_leaves_a_backoff_to_the_engine(engine: Engine, process: DeployedProcess) -> None:
    """It may forget a job that has one: whoever says that a job failed has waited before."""
    job = await started(engine, process)

    await engine.fail(job.key, Fail("again", retries=2, backoff_ms=60_000))

    assert (await take(engine, process)).key == job.key


async def test_fail_takes_any_message(engine: Engine, process: DeployedProcess) -> None:
    """However long, and with bytes that were no text: what a broken service says must not keep a job from failing."""
    job = await started(engine, process)

    await engine.fail(job.key, Fail("\udcff\x00" + "x" * 100_000, retries=1))

    assert (await take(engine, process)).retries == 1


async def test_fail_spends_what_it_says(engine: Engine, process: DeployedProcess) -> None:
    """The next delivery has the retries that were left."""
    job = await started(engine, process)

    await engine.fail(job.key, Fail("again", retries=2))

    assert (await take(engine, process)).retries == 2


async def test_hand_back_gives_the_job_to_the_next_with_its_retries(engine: Engine, process: DeployedProcess) -> None:
    """Nothing is spent when nothing was done."""
    job = await started(engine, process)

    await engine.hand_back(job, HandBack("stopping"))

    again = await take(engine, process)
    assert (again.key, again.retries) == (job.key, job.retries)


@pytest.mark.parametrize(("backoff_ms", "at_least_s"), [(400, 0.4), (600_000, 1.5)])
async def test_hand_back_waits_for_its_backoff_and_not_beyond_its_lease(
    engine: Engine, process: DeployedProcess, backoff_ms: int, at_least_s: float
) -> None:
    """The engine would hand it out itself after that, and could forget the backoff of a job that has one."""
    await engine.start(process_name=process.process_name)
    job = await take(engine, process, lease_s=2.0)
    begun_s = time.monotonic()

    await engine.hand_back(job, HandBack("later", backoff_ms))

    assert time.monotonic() - begun_s >= at_least_s - 0.1
    assert (await take(engine, process)).key == job.key


async def test_throw_error_is_caught_by_the_model(engine: Engine, process: DeployedProcess) -> None:
    """The boundary event gets the token, and in its own scope the variables."""
    job = await started(engine, process)

    await engine.throw_error(job.key, ThrowError("REFUSED", "no", {"why": "score"}))

    assert (await take(engine, process, "last")).variables["reason"] == "score"


async def test_throw_error_on_a_failed_job_is_a_conflict(engine: Engine, process: DeployedProcess) -> None:
    """A job with an incident takes no more verbs until that is resolved."""
    job = await started(engine, process)
    await engine.fail(job.key, Fail("over", retries=0))

    with pytest.raises(EngineConflict):
        await engine.throw_error(job.key, ThrowError("REFUSED"))


async def test_extend_keeps_a_job_beyond_its_lease(engine: Engine, process: DeployedProcess) -> None:
    """Nobody else is given it when the first lease would have ended."""
    await engine.start(process_name=process.process_name)
    job = await take(engine, process, lease_s=0.5)

    await engine.extend(job.key, 60)

    assert await engine.activate(job.type, limit=1, lease_s=30, worker="test", poll_s=2.5) == []


async def test_extend_of_a_job_leased_to_nobody_is_a_conflict(engine: Engine, process: DeployedProcess) -> None:
    """Alive, but not ours: not the same as gone."""
    job = await started(engine, process)
    await engine.hand_back(job, HandBack("stopping"))

    with pytest.raises(EngineConflict):
        await engine.extend(job.key, 30)


async def test_cancel_takes_the_jobs_along(engine: Engine, process: DeployedProcess) -> None:
    """All verbs of a job say gone then, and so do a second cancel and a probe."""
    job = await started(engine, process)
    await engine.cancel(job.process_instance_key)

    for verb in (
        engine.complete(job.key, Complete()),
        engine.fail(job.key, Fail("x", 1)),
        engine.throw_error(job.key, ThrowError("REFUSED")),
        engine.extend(job.key, 30),
        engine.hand_back(job, HandBack("x")),
        engine.cancel(job.process_instance_key),
        engine.set_variables(job.process_instance_key, {}),
    ):
        with pytest.raises(EngineGone):
            await verb


async def test_set_variables_without_any_probes_a_living_instance(engine: Engine, process: DeployedProcess) -> None:
    """It changes nothing."""
    job = await started(engine, process)

    await engine.set_variables(job.process_instance_key, {})
    await engine.hand_back(job, HandBack("look again"))

    assert (await take(engine, process)).variables == job.variables


async def test_set_variables_are_seen_by_the_next_job(engine: Engine, process: DeployedProcess) -> None:
    """They are set in the scope that is named."""
    job = await started(engine, process)

    await engine.set_variables(job.process_instance_key, {"amount": 4})
    await engine.hand_back(job, HandBack("look again"))

    assert (await take(engine, process)).variables["amount"] == 4


@pytest.mark.parametrize(("local", "above"), [(True, "3"), (False, "4")])
async def test_set_variables_of_an_element_stay_there_or_go_up(
    engine: Engine, process: DeployedProcess, local: bool, above: str
) -> None:
    """Local ones are the element's own; others reach the nearest scope that has one of their name."""
    await require_search(engine)
    job = await started(engine, process)

    await engine.set_variables(job.element_instance_key, {"amount": 4}, local=local)
    await engine.hand_back(job, HandBack("look again"))

    assert (await take(engine, process)).variables["amount"] == 4
    held: dict[int, str] = {}

    async def is_seen() -> bool:
        view = await engine.instance_view(job.process_instance_key)
        held.update({one.scope_key: one.value for one in view.variables if one.name == "amount"})
        return "4" in held.values()

    await until(is_seen)
    assert held[job.process_instance_key] == above


async def test_messages_and_signals_move_an_instance_on(engine: Engine, process: DeployedProcess) -> None:
    """A message by its correlation key, once by its id; a signal to whoever listens."""
    name = process.process_name
    job = await started(engine, process)
    await engine.complete(job.key, Complete())
    for _ in range(2):
        await engine.publish_message(f"{name}-message", name, message_id=name, variables={"paid": True}, ttl_s=60)

    async def signalled() -> bool:
        # Nobody tells when an instance has begun to listen, and a signal is not kept.
        await engine.broadcast_signal(f"{name}-signal", {"loud": True})
        jobs = await engine.activate(f"{name}-last", limit=1, lease_s=30, worker="test", poll_s=0.2)
        return bool(jobs) and jobs[0].variables["paid"] and jobs[0].variables["loud"]

    await until(signalled)


@pytest.mark.parametrize("thrown", [False, True])
async def test_incident_is_found_resolved_and_runs_again(
    engine: Engine, process: DeployedProcess, thrown: bool
) -> None:
    """Of a job without retries, and of an error that nobody catches."""
    await require_search(engine)
    job = await started(engine, process)
    if thrown:
        await engine.throw_error(job.key, ThrowError("NOBODY_CATCHES_THIS"))
    else:
        await engine.fail(job.key, Fail("no account", retries=0))
    await until(lambda: engine.find_incidents(job.process_instance_key))
    (incident,) = await engine.find_incidents(job.process_instance_key)
    assert incident.job_key == job.key
    assert ("NOBODY_CATCHES_THIS" if thrown else "no account") in incident.message

    await engine.resolve_incident(incident, retries=2)

    assert (await take(engine, process)).retries == 2
    await until(lambda: _none(engine, job.process_instance_key))


async def test_incident_of_a_cancelled_instance_is_closed(engine: Engine, process: DeployedProcess) -> None:
    """What ended has no open incidents."""
    await require_search(engine)
    job = await started(engine, process)
    await engine.fail(job.key, Fail("no account", retries=0))
    await until(lambda: engine.find_incidents(job.process_instance_key))

    await engine.cancel(job.process_instance_key)

    await until(lambda: _none(engine, job.process_instance_key))


async def test_resolving_an_unknown_incident_is_gone(engine: Engine) -> None:
    """Somebody else may have resolved it in Operate."""
    with pytest.raises(EngineGone):
        await engine.resolve_incident(OpenIncident(NEVER, ProcessInstanceKey(NEVER), None, "work", ""))


async def test_every_verb_says_unavailable_when_nobody_listens(unused_tcp_port: int) -> None:
    """Whatever is asked: an engine that is not there is never anything else, and nothing hangs."""
    job = Job(NEVER, "t", "p", 1, DefinitionKey(1), ProcessInstanceKey(NEVER), "e", ElementInstanceKey(NEVER), 3, 30.0)
    connection = EngineConnection(address=f"127.0.0.1:{unused_tcp_port}", timeout_s=1.0)
    async with ZeebeEngine(connection) as nobody:
        for verb in (
            nobody.capabilities(),
            nobody.deploy([Resource("a.bpmn", b"")]),
            nobody.start(process_name="p"),
            nobody.cancel(ProcessInstanceKey(NEVER)),
            nobody.publish_message("m", "k", message_id="i", variables={}, ttl_s=1),
            nobody.broadcast_signal("s", {}),
            nobody.set_variables(NEVER, {}),
            nobody.activate("t", limit=1, lease_s=1, worker="w", poll_s=0),
            nobody.complete(NEVER, Complete()),
            nobody.fail(NEVER, Fail("x", 1)),
            nobody.throw_error(NEVER, ThrowError("X")),
            nobody.hand_back(job, HandBack("x")),
            nobody.extend(NEVER, 1),
        ):
            with pytest.raises(EngineUnavailable):
                await verb


async def _none(engine: Engine, process_instance_key: ProcessInstanceKey) -> bool:
    return not await engine.find_incidents(process_instance_key)


def test_every_engine_error_is_told_apart() -> None:
    """Callers decide by class: none of those they tell apart is the other."""
    assert not issubclass(EngineGone, EngineConflict | EngineUnavailable | EngineRejected)
    assert issubclass(EngineGone, EngineError)
