"""Health: alive while its loops move, ready while nothing keeps it from working, and counted for Prometheus."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from zeebe_fleet.adapters.postgres.arrears import PostgresArrears
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.health import Health, watched
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.publication import deploy
from zeebe_fleet.deploy.roles import relay, worker
from zeebe_fleet.deploy.settings import SHIPPED_APP, HealthSettings, Settings, ZeebeSettings
from zeebe_fleet.workers.contract.errors import EngineBusy, FleetError, RecordsUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, ThrowError
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Busy, Claim, Replay
from zeebe_fleet.workers.observers import Observers, Unobserved
from zeebe_fleet.workers.pulse import SILENT_STREAM_S, Pulse, WorkerPulse

JOB = Job(
    JobKey(1), "pay", "p", 1, DefinitionKey(1), ProcessInstanceKey(1), "e", ElementInstanceKey(1), retries=3, lease_s=60
)
CLAIM = Claim(JOB, 1, 1, uuid4(), uuid4())


class Clock:
    """A time that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Midnight."""
    return Clock()


@pytest.fixture
def pulse(clock: Clock) -> Pulse:
    """A pulse on the test's clock."""
    return Pulse(clock)


@pytest.fixture
def health(pulse: Pulse) -> Health:
    """The health of a process, on the test's clock."""
    health = Health()
    health.pulse = pulse
    return health


@pytest.fixture
async def asking(health: Health) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever asks after it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(health.app()), base_url="http://health") as asking:
        yield asking


async def metric(asking: httpx.AsyncClient, name: str, **labels: str) -> float:
    """Read one sample."""
    text = (await asking.get("/metrics")).text
    (value,) = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return value


async def test_process_is_alive_while_its_loops_beat(asking: httpx.AsyncClient, pulse: Pulse, clock: Clock) -> None:
    """A late loop is named, with how late it is."""
    pulse.beat("relay send", 30)
    clock.now = 30
    assert (await asking.get("/health/live")).status_code == 200

    clock.now = 32.5
    answer = await asking.get("/health/live")

    assert answer.status_code == 503
    assert answer.json() == {"alive": False, "late_s": {"relay send": 2.5}}
    pulse.beat("relay send", 30)
    assert (await asking.get("/health/live")).status_code == 200


def test_poll_without_an_answer_is_stale(pulse: Pulse, clock: Clock) -> None:
    """An error is an answer: what keeps trying is alive."""
    worker = WorkerPulse(pulse)
    worker.asked("pay", "poll", 60)
    clock.now = 61
    assert pulse.stale() == {"poll pay": 1}

    worker.unanswered("pay", "poll", EngineBusy("Later."))
    assert pulse.stale() == {}


def test_worker_with_full_slots_is_alive(pulse: Pulse, clock: Clock) -> None:
    """It asks for nothing, for as long as its jobs take."""
    worker = WorkerPulse(pulse)
    worker.asked("pay", "poll", 60)
    worker.answered("pay", "poll", 8)
    clock.now = 9999

    assert pulse.stale() == {}


def test_silent_stream_is_stale_where_polls_bring_jobs(pulse: Pulse, clock: Clock) -> None:
    """Unless it is opened anew or brings one itself."""
    worker = WorkerPulse(pulse)
    worker.asked("pay", "stream", math.inf)
    clock.now = 9999
    assert pulse.stale() == {}

    worker.answered("pay", "poll", 1)
    clock.now += SILENT_STREAM_S + 1
    assert pulse.stale() == {"stream pay": 1}
    worker.asked("pay", "stream", math.inf)
    assert pulse.stale() == {}


async def test_process_is_not_ready_while_the_engine_refuses(asking: httpx.AsyncClient, pulse: Pulse) -> None:
    """It says why, and is ready again with the next answer."""
    worker = WorkerPulse(pulse)
    assert (await asking.get("/health/ready")).json() == {"ready": True, "why": {}}

    worker.unanswered("pay", "poll", EngineBusy("The engine pushes back."))
    answer = await asking.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "why": {"engine": "The engine pushes back."}}
    worker.answered("pay", "poll", 0)
    assert (await asking.get("/health/ready")).status_code == 200


async def test_process_is_not_ready_while_a_probe_fails(asking: httpx.AsyncClient, health: Health) -> None:
    """Probes are asked each time; metrics are answered nonetheless."""
    away = [True]

    async def probe() -> None:
        if away[0]:
            raise RecordsUnavailable("PostgreSQL did not answer.")

    health.ask("records", probe)
    assert (await asking.get("/health/ready")).json()["why"] == {"records": "PostgreSQL did not answer."}
    assert (await asking.get("/metrics")).status_code == 200
    away.clear()
    away.append(False)

    assert (await asking.get("/health/ready")).status_code == 200


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Complete(), "COMPLETED"),
        (ThrowError("NO"), "THROWN"),
        (Fail("Later.", retries=2), "FAILED"),
        (Fail("Never.", retries=0), "INCIDENT"),
        (HandBack("Stopping."), "HANDED_BACK"),
        (None, "STALE"),
    ],
)
async def test_jobs_are_counted_by_type_and_outcome(
    asking: httpx.AsyncClient, health: Health, outcome: Complete | Fail | ThrowError | HandBack | None, word: str
) -> None:
    """While it runs, a job is in flight; its wait before that is measured."""
    health.observer.job_started(CLAIM)
    assert await metric(asking, "fleet_jobs_in_flight", job_type="pay") == 1

    health.observer.job_finished(CLAIM, outcome)

    assert await metric(asking, "fleet_jobs_in_flight", job_type="pay") == 0
    assert await metric(asking, "fleet_jobs_total", job_type="pay", outcome=word) == 1
    assert await metric(asking, "fleet_activation_to_start_seconds_count", job_type="pay") == 1


async def test_lease_left_is_measured_at_the_acknowledgement(asking: httpx.AsyncClient, health: Health) -> None:
    """With what the engine answered."""
    health.observer.acknowledged(CLAIM, Complete(), Answer.DONE)

    assert await metric(asking, "fleet_acknowledgements_total", job_type="pay", answer="DONE") == 1
    assert await metric(asking, "fleet_lease_left_seconds_count", job_type="pay") == 1


async def test_deliveries_slots_polls_and_quarantine_are_counted(asking: httpx.AsyncClient, health: Health) -> None:
    """A repeated delivery is told from a first one and from a replay."""
    observer = health.observer
    again = Claim(JOB, 1, 2, uuid4(), uuid4(), delivery=2)
    for verdict in (CLAIM, again, Replay(CLAIM, Complete()), Busy(JOB)):
        observer.job_claimed(JOB, verdict)
    observer.job_quarantined(again)
    observer.slots_opened("pay", 64)
    observer.answered("pay", "poll", 3)
    observer.answered("pay", "poll", 0)
    observer.unanswered("pay", "stream", EngineBusy("Later."))

    for word in ("FIRST", "REPEATED", "REPLAYED", "BUSY"):
        assert await metric(asking, "fleet_deliveries_total", job_type="pay", verdict=word) == 1
    assert await metric(asking, "fleet_jobs_quarantined_total", job_type="pay") == 1
    assert await metric(asking, "fleet_slots", job_type="pay") == 64
    assert await metric(asking, "fleet_polls_total", way="poll", answer="JOBS") == 1
    assert await metric(asking, "fleet_polls_total", way="poll", answer="NOTHING") == 1
    assert await metric(asking, "fleet_polls_total", way="stream", answer="EngineBusy") == 1


async def test_owed_rows_and_their_age_are_read_from_the_records(
    asking: httpx.AsyncClient, health: Health, database_url: str
) -> None:
    """What is paid is forgotten."""
    arrears = PostgresArrears(database_url)

    async def read() -> None:
        health.metrics.owed(await arrears.read())

    health.ask("records", read)
    records = await asyncpg.connect(database_url)
    owe = "INSERT INTO owed (verb, principal, created_at) VALUES ($1, '{}', now() - interval '90 s')"
    await records.executemany(owe, [("COMPLETE",), ("COMPLETE",)])

    assert await metric(asking, "fleet_owed_rows", verb="COMPLETE") == 2
    assert 90 <= await metric(asking, "fleet_owed_age_seconds", verb="COMPLETE") < 120

    await records.execute("DELETE FROM owed")
    assert "fleet_owed_rows{" not in (await asking.get("/metrics")).text
    await records.close()
    await arrears.close()


async def test_worker_and_relay_tell_what_they_did(
    engine: ZeebeEngine, addresses: Addresses, database_url: str
) -> None:
    """On the real engine: alive and ready while they work, each job counted, not ready once they stop."""
    zeebe = ZeebeSettings(address=addresses.engine_grpc, rest_address=addresses.engine_rest)
    settings = Settings(app=SHIPPED_APP, database_url=database_url, zeebe=zeebe)
    await deploy(settings)
    health = Health()
    stop = asyncio.Event()
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(health.app()), base_url="http://health") as asking,
        asyncio.TaskGroup() as roles,
    ):
        roles.create_task(worker(settings, stop, health))
        roles.create_task(relay(settings, stop, health))
        await engine.start(process_name="hello_world")
        async with asyncio.timeout(60):
            while 'fleet_jobs_total{job_type="fleet-ended"' not in (await asking.get("/metrics")).text:
                await asyncio.sleep(0.05)

        assert await metric(asking, "fleet_jobs_total", job_type="hello.log-message", outcome="COMPLETED") >= 1
        assert await metric(asking, "fleet_slots", job_type="hello.log-message") > 0
        assert (await asking.get("/health/live")).json() == {"alive": True, "late_s": {}}
        assert (await asking.get("/health/ready")).json() == {"ready": True, "why": {}}
        stop.set()
        async with asyncio.timeout(10):
            while (await asking.get("/health/ready")).status_code == 200:
                await asyncio.sleep(0.01)


async def test_broken_observer_breaks_nothing(health: Health, asking: httpx.AsyncClient) -> None:
    """The others are told, and it is logged once."""

    class Broken(Unobserved):
        def job_started(self, claim: Claim) -> None:
            raise ZeroDivisionError

    observers = Observers(Broken(), health.metrics)
    for _ in range(2):
        observers.job_started(CLAIM)

    assert await metric(asking, "fleet_jobs_in_flight", job_type="pay") == 2


async def test_health_answers_on_the_port_of_the_settings() -> None:
    """And no longer than the process works."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as asking:
        async with watched(HealthSettings(port=port)):
            assert (await asking.get("/health/live")).json() == {"alive": True, "late_s": {}}
            with pytest.raises(FleetError, match="Set another port"):
                async with watched(HealthSettings(port=port)):
                    pass
        with pytest.raises(httpx.ConnectError):
            await asking.get("/health/live")


async def test_health_without_a_port_listens_nowhere() -> None:
    """The default: one machine runs many of them."""
    async with watched(HealthSettings()) as health:
        assert health.pulse.stale() == {}
