"""Observers of a worker: none, some, and a guard that keeps a broken one from the jobs."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.observer import Observer, Way
from zeebe_fleet.workers.contract.outcomes import HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Claim, Verdict

log = structlog.get_logger("fleet.observers")


class Unobserved:
    """Watches nothing; a base for observers that care for some of it."""

    def slots_opened(self, job_type: str, slots: int) -> None:
        """Ignore it, as all of these do."""

    def asked(self, job_type: str, way: Way, within_s: float) -> None:
        """Ignore it."""

    def answered(self, job_type: str, way: Way, jobs: int) -> None:
        """Ignore it."""

    def unanswered(self, job_type: str, way: Way, error: FleetError) -> None:
        """Ignore it."""

    def job_claimed(self, job: Job, verdict: Verdict) -> None:
        """Ignore it."""

    def job_quarantined(self, claim: Claim) -> None:
        """Ignore it."""

    def job_started(self, claim: Claim) -> None:
        """Ignore it."""

    def job_finished(self, claim: Claim, outcome: Outcome | HandBack | None) -> None:
        """Ignore it."""

    def acknowledged(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Ignore it."""


class Observers:
    """Tells several observers; what one of them raises is logged once and reaches nobody."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers
        self._broken: set[tuple[str, str]] = set()

    def slots_opened(self, job_type: str, slots: int) -> None:
        """Pass it on, as all of these do."""
        self._tell("slots_opened", lambda one: one.slots_opened(job_type, slots))

    def asked(self, job_type: str, way: Way, within_s: float) -> None:
        """Pass it on."""
        self._tell("asked", lambda one: one.asked(job_type, way, within_s))

    def answered(self, job_type: str, way: Way, jobs: int) -> None:
        """Pass it on."""
        self._tell("answered", lambda one: one.answered(job_type, way, jobs))

    def unanswered(self, job_type: str, way: Way, error: FleetError) -> None:
        """Pass it on."""
        self._tell("unanswered", lambda one: one.unanswered(job_type, way, error))

    def job_claimed(self, job: Job, verdict: Verdict) -> None:
        """Pass it on."""
        self._tell("job_claimed", lambda one: one.job_claimed(job, verdict))

    def job_quarantined(self, claim: Claim) -> None:
        """Pass it on."""
        self._tell("job_quarantined", lambda one: one.job_quarantined(claim))

    def job_started(self, claim: Claim) -> None:
        """Pass it on."""
        self._tell("job_started", lambda one: one.job_started(claim))

    def job_finished(self, claim: Claim, outcome: Outcome | HandBack | None) -> None:
        """Pass it on."""
        self._tell("job_finished", lambda one: one.job_finished(claim, outcome))

    def acknowledged(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Pass it on."""
        self._tell("acknowledged", lambda one: one.acknowledged(claim, outcome, answer))

    def _tell(self, what: str, tell: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception:
                self._note(type(observer).__name__, what)

    def _note(self, observer: str, what: str) -> None:
        """Log the first time alone: a broken observer breaks on every job."""
        if (observer, what) not in self._broken:
            self._broken.add((observer, what))
            log.exception("observer.broke", observer=observer, told=what)
