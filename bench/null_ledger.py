"""A ledger that records nothing: what is left is the client alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import uuid4

from zeebe_fleet.workers.contract.errors import PermanentError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.outcomes import HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Asked, Claim, DuplicateStart, Verdict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class NullLedger:
    """Implements the `Ledger` port by granting every claim and forgetting everything; for measurements alone."""

    def __init__(self) -> None:
        self._workflow_id = uuid4()

    async def claim(self, job: Job) -> Verdict:
        """Grant the job."""
        return Claim(job, 1, 1, self._workflow_id, self._workflow_id)

    async def intend(self, claim: Claim) -> None:
        """Forget the intent."""

    async def died(self, claim: Claim, how: str) -> int:
        """Forget the death."""
        return 1

    async def ping(self) -> None:
        """Answer."""

    async def move(self, verdict: DuplicateStart) -> bool:
        """Know of no other instance."""
        return False

    async def is_asked(self, verdict: Asked) -> bool:
        """Ask nobody."""
        return False

    async def finish(self, claim: Claim, outcome: Outcome, session: AsyncSession | None = None) -> None:
        """Forget the outcome."""

    async def hand_back(self, claim: Claim, outcome: HandBack) -> None:
        """Forget the attempt."""

    async def settle(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Forget the answer."""

    async def claim_orphans(self, job_types: Collection[str], limit: int) -> list[Claim]:
        """Know of none."""
        return []

    def session(self, claim: Claim) -> AsyncSession:
        """Refuse: there is no database."""
        raise PermanentError("The ledger of this measurement has no database.")
