"""The process in which suspect jobs run alone: a worker without a job source, fed by its parent."""

from __future__ import annotations

import asyncio
import base64
import os
import pickle
import signal
import sys

from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.logs import configure_logs
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.cell import serve
from zeebe_fleet.workers.parent import end_with_parent


def main() -> None:
    """Read the parent's settings, then its jobs."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    preamble = sys.stdin.buffer.readline()
    if not preamble:
        return
    parent_pid, settings = pickle.loads(base64.b64decode(preamble))
    if os.getppid() == parent_pid:  # else it died before this process had asked to die with it
        asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    configure_logs(settings.log_format)
    app = load_app(settings.app)
    async with (
        bootstrap.core(settings) as core,
        bootstrap.ledger(core) as ledger,
        bootstrap.services(settings, app.data_models, runs_cases=app.runs_cases) as services,
    ):
        await serve(bootstrap.runner(app.tasks, core.engine, ledger, services), ledger.ping)


if __name__ == "__main__":
    main()
