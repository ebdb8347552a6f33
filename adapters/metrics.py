"""What a process has done and has in hand, for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.observer import Way
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Claim, Replay, Verdict

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SOON_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
_LEASE_S = (0.0, 1.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0)


class Metrics:
    """Implements the `Observer` port; labels are job types and fixed words, never keys or variables."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        by_type = ["job_type"]
        self._jobs = Counter("fleet_jobs", "Jobs by what became of them.", [*by_type, "outcome"], registry=registry)
        self._deliveries = Counter(
            "fleet_deliveries", "Deliveries by what the claim decided.", [*by_type, "verdict"], registry=registry
        )
        self._in_flight = Gauge("fleet_jobs_in_flight", "Actions that run now.", by_type, registry=registry)
        self._slots = Gauge("fleet_slots", "Jobs that may run at a time.", by_type, registry=registry)
        self._quarantined = Counter(
            "fleet_jobs_quarantined", "Jobs run alone, in a process of their own.", by_type, registry=registry
        )
        self._started_after = Histogram(
            "fleet_activation_to_start_seconds",
            "From a job's receipt to the start of its action.",
            by_type,
            buckets=_SOON_S,
            registry=registry,
        )
        self._lease_left = Histogram(
            "fleet_lease_left_seconds",
            "Lease left when the engine has answered an outcome.",
            by_type,
            buckets=_LEASE_S,
            registry=registry,
        )
        self._acknowledged = Counter(
            "fleet_acknowledgements", "Outcomes by what the engine answered.", [*by_type, "answer"], registry=registry
        )
        self._asked = Counter(
            "fleet_polls", "Polls and streams by how they ended.", [*by_type, "way", "answer"], registry=registry
        )
        self._owed = Gauge("fleet_owed_rows", "What the engine must still be told.", ["verb"], registry=registry)
        self._owed_age = Gauge("fleet_owed_age_seconds", "Age of the oldest of it.", ["verb"], registry=registry)

    def exposition(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)

    def slots_opened(self, job_type: str, slots: int) -> None:
        """Set the bound."""
        self._slots.labels(job_type).set(slots)

    def asked(self, job_type: str, way: Way, within_s: float) -> None:
        """Count nothing: its end counts."""

    def answered(self, job_type: str, way: Way, jobs: int) -> None:
        """Count an answer."""
        self._asked.labels(job_type, way, "JOBS" if jobs else "NOTHING").inc()

    def unanswered(self, job_type: str, way: Way, error: FleetError) -> None:
        """Count an error by its type."""
        self._asked.labels(job_type, way, type(error).__name__).inc()

    def job_claimed(self, job: Job, verdict: Verdict) -> None:
        """Count a delivery: the first one, a repeated one, a replay, or what else the records said."""
        match verdict:
            case Claim(delivery=1):
                word = "FIRST"
            case Claim():
                word = "REPEATED"
            case Replay():
                word = "REPLAYED"
            case _:
                word = type(verdict).__name__.upper()
        self._deliveries.labels(job.type, word).inc()

    def job_quarantined(self, claim: Claim) -> None:
        """Count a job that runs alone."""
        self._quarantined.labels(claim.job.type).inc()

    def job_started(self, claim: Claim) -> None:
        """Measure how long it waited."""
        self._in_flight.labels(claim.job.type).inc()
        self._started_after.labels(claim.job.type).observe(time.monotonic() - claim.job.received_at)

    def job_finished(self, claim: Claim, outcome: Outcome | HandBack | None) -> None:
        """Count its outcome."""
        self._in_flight.labels(claim.job.type).dec()
        self._jobs.labels(claim.job.type, _word(outcome)).inc()

    def acknowledged(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Measure how near the end of its lease it was."""
        self._acknowledged.labels(claim.job.type, answer.value).inc()
        self._lease_left.labels(claim.job.type).observe(claim.job.lease_left_s())

    def owed(self, rows: Iterable[tuple[str, int, float]]) -> None:
        """Set what is owed: verb, rows, age of the oldest in seconds."""
        self._owed.clear()
        self._owed_age.clear()
        for verb, count, age_s in rows:
            self._owed.labels(verb).set(count)
            self._owed_age.labels(verb).set(age_s)


def _word(outcome: Outcome | HandBack | None) -> str:
    match outcome:
        case Complete():
            return "COMPLETED"
        case ThrowError():
            return "THROWN"
        case Fail(retries=0):
            return "INCIDENT"
        case Fail():
            return "FAILED"
        case HandBack():
            return "HANDED_BACK"
        case None:
            return "STALE"
