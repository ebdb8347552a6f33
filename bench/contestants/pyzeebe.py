"""pyzeebe's own worker; BENCH_MODE is `defaults` or `tuned`."""

from __future__ import annotations

import asyncio
import logging

from pyzeebe import ZeebeWorker, create_insecure_channel

from bench.contestants.process import ADDRESS, MODE, PREFIX, SLOTS, ready, stopped
from bench.naming import job_type

_TUNED_WORKER = {"poll_retry_delay": 0.005, "request_timeout": 10_000, "max_connection_retries": -1}
_TUNED_TASK = {"max_running_jobs": SLOTS, "max_jobs_to_activate": SLOTS, "timeout_ms": 30_000}


async def act(item: int) -> dict[str, int]:
    """Do nothing."""
    return {}


async def main() -> None:
    """Work until SIGTERM."""
    logging.disable(logging.CRITICAL)  # it warns at each poll that finds all slots taken
    tuned = MODE == "tuned"
    worker = ZeebeWorker(create_insecure_channel(ADDRESS), **(_TUNED_WORKER if tuned else {}))  # type: ignore[arg-type]
    worker.task(job_type(PREFIX), **(_TUNED_TASK if tuned else {}))(act)  # type: ignore[call-overload]
    stop, work = stopped(), asyncio.create_task(worker.work())
    ready()
    await stop.wait()
    work.cancel()


if __name__ == "__main__":
    asyncio.run(main())
