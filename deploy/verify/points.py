"""What the fleet relies on, each a point that an engine does or misses; what they say is what is expected.

Source: the `Engine` port in workers/contract/ports.py; https://docs.camunda.io/docs/apis-tools/zeebe-api/gateway-service/
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from zeebe_fleet.adapters.zeebe.capabilities import version_of
from zeebe_fleet.deploy.verify.bench import LEASE_S, WORKER, Bench, Missed, Skipped, eventually, expect, refused
from zeebe_fleet.deploy.verify.model import MODEL, UNFINISHED
from zeebe_fleet.workers.contract.errors import EngineConflict, EngineGone, EngineRejected
from zeebe_fleet.workers.contract.job import Job, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, ThrowError
from zeebe_fleet.workers.contract.ports import OpenIncident, Resource

OLDEST = (8, 6)
NEVER = JobKey(2**51 + 2**40)
"""A key of partition 1 that no engine will reach."""
_SHORT_S = 1.0
_BACKLOG_S = 10.0


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that is relied on.

    Args:
        name: of the function, in words.
        expects: what an engine does, in a sentence.
    """

    name: str
    expects: str
    run: Callable[[Bench], Awaitable[None]]


POINTS: list[Point] = []


def point(run: Callable[[Bench], Awaitable[None]]) -> Callable[[Bench], Awaitable[None]]:
    """Make a point of the decorated function; its docstring is what is expected."""
    assert run.__doc__ is not None
    POINTS.append(Point(run.__name__.replace("_", " "), run.__doc__.strip(), run))
    return run


@point
async def topology(bench: Bench) -> None:
    """It says its version, 8.6 or newer, and has a partition."""
    can = await bench.engine.capabilities()
    if version_of(can.version) < OLDEST or can.partitions < 1:
        raise Missed(f"{can.version}, {can.partitions} partitions")


@point
async def deploy(bench: Bench) -> None:
    """The same bytes again keep key and version."""
    process = await bench.process()
    content = MODEL.format(name=bench.name).encode()
    expect([process], await bench.engine.deploy([Resource(process.resource_name, content)]))


@point
async def deploy_refused(bench: Bench) -> None:
    """A model that cannot work is refused, naming its element."""
    content = UNFINISHED.format(name=f"{bench.name}-unfinished").encode()
    error = await refused(EngineRejected, bench.engine.deploy([Resource("unfinished.bpmn", content)]))
    expect(True, "typeless" in error.message)


@point
async def start(bench: Bench) -> None:
    """An instance is of the version that was named, and its job says whose it is."""
    process = await bench.process()
    key = await bench.start(process, {"order": "a", "amount": 3})
    job = await bench.take()
    expect((key, process.definition_key, 1, "work"), _of(job))
    expect(({"order": "a", "amount": 3}, {"colour": "blue"}, 3), (dict(job.variables), dict(job.headers), job.retries))


@point
async def start_unknown(bench: Bench) -> None:
    """A process that nobody deployed is not found."""
    await refused(EngineGone, bench.engine.start(process_name=f"{bench.name}-unknown"))


@point
async def tenant(bench: Bench) -> None:
    """A tenant that there is not is refused."""
    await bench.process()
    start = bench.engine.start(process_name=bench.name, tenant_id="fleet-verify-no-such-tenant")
    await refused(EngineRejected, start)


@point
async def variables_of_a_job(bench: Bench) -> None:
    """A job brings the variables that were asked for, and no other."""
    await bench.start(await bench.process(), {"order": "a", "amount": 3})
    job_type = f"{bench.name}-work"
    (job,) = await bench.engine.activate(
        job_type, limit=1, lease_s=LEASE_S, worker=WORKER, variables=["amount", "missing"]
    )
    expect({"amount": 3}, dict(job.variables))


@point
async def streams(bench: Bench) -> None:
    """A stream is given a job that comes while it is open, or a poll is, which finds it at once."""
    process = await bench.process()
    stream = bench.engine.stream(f"{bench.name}-work", lease_s=LEASE_S, worker=WORKER)
    first = asyncio.ensure_future(anext(stream))
    try:
        # Nobody tells when a stream has reached the engine: what came before it is a poll's.
        while not first.done():
            await bench.start(process, {"order": "a"})
            await asyncio.wait((first,), timeout=_SHORT_S)
            if not first.done():
                await bench.jobs(poll_s=0)
        expect("work", first.result().element_id)
    finally:
        first.cancel()
        await asyncio.wait((first,))
        await stream.aclose()


@point
async def lease_ends(bench: Bench) -> None:
    """A job whose lease has ended is given to the next one, with all its retries."""
    await bench.start(await bench.process(), {"order": "a"})
    job = await bench.take(lease_s=_SHORT_S)
    again = await bench.take()
    expect((job.key, job.retries), (again.key, again.retries))


@point
async def lease_extended(bench: Bench) -> None:
    """A lease that was extended keeps the job from others."""
    await bench.start(await bench.process(), {"order": "a"})
    job = await bench.take(lease_s=_SHORT_S)
    await bench.engine.extend(job.key, LEASE_S)
    expect([], [one.key for one in await bench.jobs(poll_s=2 * _SHORT_S)])


@point
async def lease_of_nobody(bench: Bench) -> None:
    """The lease of a job that nobody has cannot be extended."""
    job = await bench.started()
    await bench.engine.hand_back(job, HandBack("verify"))
    await refused(EngineConflict, bench.engine.extend(job.key, LEASE_S))


@point
async def complete_twice(bench: Bench) -> None:
    """A job is completed once; the second time it is not found."""
    job = await bench.started()
    await bench.engine.complete(job.key, Complete({"result": "ü"}))
    await refused(EngineGone, bench.engine.complete(job.key, Complete()))


@point
async def complete_too_large(bench: Bench) -> None:
    """Variables beyond what the engine takes are refused, and the job stays."""
    job = await bench.started()
    await refused(EngineRejected, bench.engine.complete(job.key, Complete({"large": "x" * 5_000_000})))
    await bench.engine.complete(job.key, Complete())


@point
async def fail(bench: Bench) -> None:
    """A failed job comes again at once, with the retries it was failed with."""
    job = await bench.started()
    await bench.engine.fail(job.key, Fail("verify", retries=2))
    again = await bench.take()
    expect((job.key, 2), (again.key, again.retries))


@point
async def fail_without_retries(bench: Bench) -> None:
    """A job without retries is given to nobody, and takes no verb until its incident is resolved."""
    job = await bench.started()
    await bench.engine.fail(job.key, Fail("verify", retries=0))
    await refused(EngineConflict, bench.engine.complete(job.key, Complete()))
    await refused(EngineConflict, bench.engine.throw_error(job.key, ThrowError("REFUSED")))
    expect([], [one.key for one in await bench.jobs(poll_s=0)])


@point
async def throw_error(bench: Bench) -> None:
    """A BPMN error goes to the event that catches it, with its variables."""
    job = await bench.started()
    await bench.engine.throw_error(job.key, ThrowError("REFUSED", "verify", {"why": "score"}))
    expect("score", (await bench.take("last")).variables.get("reason"))


@point
async def cancel(bench: Bench) -> None:
    """A cancelled instance takes its jobs along: all that is asked of them is not found."""
    job = await bench.started()
    await bench.engine.cancel(job.process_instance_key)
    engine = bench.engine
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: engine.complete(job.key, Complete()),
        lambda: engine.fail(job.key, Fail("verify", 1)),
        lambda: engine.throw_error(job.key, ThrowError("REFUSED")),
        lambda: engine.extend(job.key, LEASE_S),
        lambda: engine.cancel(job.process_instance_key),
        lambda: engine.set_variables(job.process_instance_key, {}),
    )
    for call in calls:
        await refused(EngineGone, call())


@point
async def set_variables(bench: Bench) -> None:
    """Variables that are set are seen by the next job; none at all changes nothing."""
    job = await bench.started()
    await bench.engine.set_variables(job.process_instance_key, {"amount": 4})
    await bench.engine.set_variables(job.process_instance_key, {})
    await bench.engine.hand_back(job, HandBack("verify"))
    expect({"order": bench.name, "amount": 4}, dict((await bench.take()).variables))


@point
async def messages_and_signals(bench: Bench) -> None:
    """A message goes to its correlation key, once by its id; a signal to whoever listens."""
    job = await bench.started()
    await bench.engine.complete(job.key, Complete())
    for _ in range(2):
        await bench.engine.publish_message(
            f"{bench.name}-message", bench.name, message_id=bench.name, variables={"paid": True}, ttl_s=_BACKLOG_S
        )

    async def signalled() -> list[Job]:
        # Nobody tells when an instance has begun to listen, and a signal is not kept.
        await bench.engine.broadcast_signal(f"{bench.name}-signal", {"loud": True})
        return await bench.jobs("last", poll_s=0.2)

    (last,) = await eventually(signalled)
    expect((True, True), (last.variables.get("paid"), last.variables.get("loud")))


@point
async def execution_listeners(bench: Bench) -> None:
    """A process's listeners are jobs at its beginning and its end, and it waits for them."""
    if not (await bench.engine.capabilities()).execution_listeners:
        raise Skipped("it has no execution listeners")
    process = await bench.heard()
    key = await bench.start(process)
    for task in ("heard-started", "heard-ended"):
        job = await bench.take(task)
        expect((key, process.process_name), (job.process_instance_key, job.element_id))
        await bench.engine.complete(job.key, Complete())
    await refused(EngineGone, bench.engine.set_variables(key, {}))


@point
async def incidents(bench: Bench) -> None:
    """An incident is found with its job and reason, and the job runs again when it is resolved."""
    await _require_search(bench)
    job = await bench.started()
    await bench.engine.fail(job.key, Fail("no account", retries=0))
    (incident,) = await eventually(lambda: bench.engine.find_incidents(job.process_instance_key))
    expect((job.key, "work", "no account"), (incident.job_key, incident.element_id, incident.message))
    await bench.engine.resolve_incident(incident, retries=2)
    expect(2, (await bench.take()).retries)
    await eventually(lambda: _none(bench, job))


@point
async def incidents_of_what_ended(bench: Bench) -> None:
    """A cancelled instance has no open incidents."""
    await _require_search(bench)
    job = await bench.started()
    await bench.engine.throw_error(job.key, ThrowError("NOBODY_CATCHES_THIS"))
    await eventually(lambda: bench.engine.find_incidents(job.process_instance_key))
    await bench.engine.cancel(job.process_instance_key)
    await eventually(lambda: _none(bench, job))


@point
async def incident_unknown(bench: Bench) -> None:
    """Resolving an incident that there is not is not found."""
    nothing = OpenIncident(NEVER, (await bench.started()).process_instance_key, None, "work", "")
    await refused(EngineGone, bench.engine.resolve_incident(nothing))


def _of(job: Job) -> tuple[int, int, int, str]:
    return job.process_instance_key, job.definition_key, job.process_version, job.element_id


async def _require_search(bench: Bench) -> None:
    if not (await bench.engine.capabilities()).incident_search:
        raise Skipped("it cannot be asked for incidents: 8.8 or newer with its REST address can, or an Operate")


async def _none(bench: Bench, job: Job) -> bool:
    return not await bench.engine.find_incidents(job.process_instance_key)
