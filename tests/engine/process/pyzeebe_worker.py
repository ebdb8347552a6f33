"""pyzeebe's own worker, as its documentation shows it: `python pyzeebe_worker.py HOST:PORT JOB_TYPE`."""

import asyncio
import sys

from pyzeebe import ZeebeWorker, create_insecure_channel


async def main(address: str, job_type: str) -> None:
    """Complete every job of a type."""
    # By default its tenth failed call closes the channel for good, and one kill fails as many as are under way.
    channel = create_insecure_channel(grpc_address=address)
    worker = ZeebeWorker(channel, poll_retry_delay=1, max_connection_retries=-1)

    @worker.task(task_type=job_type, timeout_ms=2_000, max_jobs_to_activate=16, max_running_jobs=500)  # type: ignore[arg-type]
    async def work(number: int) -> dict[str, int]:
        return {"doubled": 2 * number}

    await worker.work()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
