"""Quarantine: a job that may end the process it runs in runs alone, in a process of its own.

Whoever dies with many jobs in hand makes all of them suspect, so only deaths in here count: here a death has one
cause. At the limit the job becomes one incident that says why; resolved, it begins a new round.
"""

from __future__ import annotations

import asyncio
import base64
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from zeebe_fleet.workers.contract.outcomes import Fail, HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Ledger
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.observers import Unobserved
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.trace import lines_of

DEATHS = 3
"""How many processes one job may end before it becomes an incident."""
ALONE_S = 60.0
"""How long an action may take in here."""

_LINE_BYTES = 64 * 1024 * 1024

log = structlog.get_logger("fleet.quarantine")


@dataclass(frozen=True, slots=True)
class Lived:
    """The child lived on.

    Args:
        outcome: of the job; none when somebody else held it.
    """

    outcome: Outcome | HandBack | None


class _Finished(Unobserved):
    outcome: Outcome | HandBack | None = None

    def job_finished(self, claim: Claim, outcome: Outcome | HandBack | None) -> None:
        self.outcome = outcome


class Quarantine:
    """One child process that works on suspect jobs, one at a time, and is replaced when it dies.

    Args:
        command: starts a process that calls `serve`.
        preamble: the first line it reads.
        alone_s: how long an action may take before its process is ended.
    """

    def __init__(
        self, runner: Runner, ledger: Ledger, command: Sequence[str], preamble: bytes, *, alone_s: float = ALONE_S
    ) -> None:
        self._runner = runner
        self._ledger = ledger
        self._command = command
        self._preamble = preamble
        self._alone_s = alone_s
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None

    async def process(self, claim: Claim) -> None:
        """Work on a suspect job to its end, or to its process's end."""
        observer = self._runner.observer
        async with self._turn:
            observer.job_started(claim)
            lived = await self._survive(claim)
            if not isinstance(lived, str):
                observer.job_finished(claim, lived.outcome)
                return
            how = lived
            deaths = await self._ledger.died(claim, how)
            log.warning("quarantine.died", job_type=claim.job.type, job_key=claim.job.key, how=how, deaths=deaths)
            if deaths < DEATHS:
                outcome: Fail | HandBack = HandBack(f"it ended its process: {how}", suspect=True)
            else:
                outcome = Fail(
                    f"Task {claim.job.type!r} ended the process it ran in alone {deaths} times, last by {how}. "
                    "Mend the task or its input, then resolve this incident.",
                    retries=0,
                )
                await self._ledger.finish(claim, outcome)
            observer.job_finished(claim, outcome)
            await self._runner.acknowledge(claim, outcome)

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.kill()
            await child.wait()

    async def _survive(self, claim: Claim) -> Lived | str:
        """Have the child work on a job; returns what became of it, or how the child died."""
        child = await self._living()
        assert child.stdin is not None, "it is a pipe"
        assert child.stdout is not None, "it is a pipe"
        try:
            with suppress(ConnectionError):
                child.stdin.write(base64.b64encode(pickle.dumps(claim)) + b"\n")
                await child.stdin.drain()
            async with asyncio.timeout(self._alone_s):
                if (line := await child.stdout.readline()).endswith(b"\n"):
                    return Lived(pickle.loads(base64.b64decode(line)))
        except TimeoutError:
            await self.close()
            return f"taking longer than {self._alone_s:g} s"
        except asyncio.CancelledError:
            await self.close()
            raise
        return _how(await child.wait())

    async def _living(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_BYTES
            )
            assert self._child.stdin is not None, "it is a pipe"
            self._child.stdin.write(self._preamble + b"\n")
        return self._child


async def serve(runner: Runner) -> None:
    """In the child: work on the jobs that come in, one at a time, until the parent is gone."""
    loop = asyncio.get_running_loop()
    # What an action prints must not be taken for a reply.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        claim: Claim = pickle.loads(base64.b64decode(line))
        runner.observer = finished = _Finished()
        with lines_of(claim):
            await runner.process(claim)
        try:
            replies.write(base64.b64encode(pickle.dumps(finished.outcome)) + b"\n")
            replies.flush()
        except BrokenPipeError:
            return


def _how(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
