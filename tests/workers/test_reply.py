"""What the engine is told about a job that nobody works on."""

from __future__ import annotations

from typing import cast

import pytest

from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.contract.records import Asked
from zeebe_fleet.workers.reply import ASKED_LEASE_S, decline

LEASE_S = 20.0


class World:
    """An engine that notes leases, and a ledger whose question is open or not."""

    def __init__(self, *, is_open: bool) -> None:
        self.leases_s: list[float] = []
        self._is_open = is_open

    async def extend(self, _: JobKey, lease_s: float) -> None:
        """Note it."""
        self.leases_s.append(lease_s)

    async def is_asked(self, _: Asked) -> bool:
        """Tell it once the lease was said: an answer before that is what matters."""
        assert self.leases_s
        return self._is_open


@pytest.mark.parametrize(
    ("is_open", "leases_s"),
    [
        pytest.param(True, [ASKED_LEASE_S], id="the question is open"),
        pytest.param(False, [ASKED_LEASE_S, LEASE_S], id="the answer was faster than the lease"),
    ],
)
async def test_job_that_is_asked_about_is_kept_while_the_question_is_open(is_open: bool, leases_s: list[float]) -> None:
    """A lease said after the answer is that of the next delivery: it gets back its usual one."""
    world = World(is_open=is_open)
    keys = (DefinitionKey(1), ProcessInstanceKey(5), "element", ElementInstanceKey(1))
    job = Job(JobKey(3), "fax", "process", 1, *keys, 3, LEASE_S)
    await decline(cast(Engine, world), cast(Ledger, world), Asked(job, 7))
    assert world.leases_s == leases_s
