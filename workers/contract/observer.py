"""What can be watched of a worker, for metrics, logs and health."""

from __future__ import annotations

from typing import Literal, Protocol

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.outcomes import HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Claim, Verdict

Way = Literal["poll", "stream"]
"""How jobs come from the engine."""


class Observer(Protocol):
    """Told what happens, in this order for one job; it changes nothing and must not block.

    Each `job_started` is followed by one `job_finished`, whatever happens.
    """

    def slots_opened(self, job_type: str, slots: int) -> None:
        """Tell how many jobs of a type are run at a time, at most."""

    def asked(self, job_type: str, way: Way, within_s: float) -> None:
        """Tell that the engine is asked for jobs; a poll is answered within this time, a stream whenever there are."""

    def answered(self, job_type: str, way: Way, jobs: int) -> None:
        """Tell that a poll ended, perhaps with nothing, or that a stream brought jobs."""

    def unanswered(self, job_type: str, way: Way, error: FleetError) -> None:
        """Tell that a poll or stream broke; another one follows."""

    def job_claimed(self, job: Job, verdict: Verdict) -> None:
        """Tell what the claim decided."""

    def job_quarantined(self, claim: Claim) -> None:
        """Tell that a job runs alone, because an earlier delivery of it did not end."""

    def job_started(self, claim: Claim) -> None:
        """Tell that the action begins."""

    def job_finished(self, claim: Claim, outcome: Outcome | HandBack | None) -> None:
        """Tell what became of a job; `None` when it was no longer ours."""

    def acknowledged(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Tell what the engine said to an outcome."""
