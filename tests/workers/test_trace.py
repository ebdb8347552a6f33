"""Log lines of a job: each names workflow, step and job, and none a variable."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import structlog
from structlog.testing import capture_logs

from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.trace import lines_of, mark_job, mark_step, name_the_job

WORKFLOW = UUID(int=7)
SECRET = "4111-1111-1111-1111"


def job(key: int) -> Job:
    """Return a job with a variable nobody may read."""
    keys = (DefinitionKey(1), ProcessInstanceKey(1), "element", ElementInstanceKey(1))
    variables = {"card": SECRET, "workflow_id": str(WORKFLOW)}
    return Job(JobKey(key), "pay", "process", 1, *keys, retries=3, lease_s=60, variables=variables)


async def test_lines_name_the_job_from_its_receipt_and_its_step_from_the_claim() -> None:
    """Jobs that run beside each other keep apart, in their threads too."""
    log = structlog.get_logger()

    async def work(key: int) -> None:
        mark_job(job(key))
        log.info("received", about=key)
        await asyncio.sleep(0)
        mark_step(Claim(job(key), key * 10, 1, WORKFLOW, uuid4()))
        await asyncio.to_thread(log.info, "claimed", about=key)

    with capture_logs(processors=[name_the_job]) as lines:
        await asyncio.gather(*map(work, (1, 2)))
        log.info("elsewhere")

    for line in lines[:-1]:
        assert line["job_key"] == line["about"]
        assert line["job_type"] == "pay"
        assert line["workflow_id"] == str(WORKFLOW)
    assert {line["step_id"] for line in lines if line["event"] == "claimed"} == {10, 20}
    assert lines[-1].keys() == {"event", "log_level"}
    assert SECRET not in str(lines)


async def test_lines_of_a_step_end_with_its_block() -> None:
    """For loops that take one step after the other."""
    log = structlog.get_logger()
    with capture_logs(processors=[name_the_job]) as lines:
        with lines_of(Claim(job(1), 5, 1, WORKFLOW, uuid4())):
            log.info("within")
        log.info("after")

    within, after = lines
    assert (within["step_id"], within["job_key"], within["workflow_id"]) == (5, 1, str(WORKFLOW))
    assert "step_id" not in after
