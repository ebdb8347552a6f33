"""A process in which one suspect job at a time runs, fed by its parent through a pipe.

The parent keeps the lease and tells the engine; in here a job is run and finished.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import os
import pickle
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Self

import structlog

from zeebe_fleet.workers.backoff import Backoff
from zeebe_fleet.workers.contract.errors import InfrastructureError
from zeebe_fleet.workers.contract.outcomes import HandBack, Outcome
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.trace import lines_of

_START_S = 60.0
_EXIT_S = 2.0
"""How long a process that has closed its pipe may take to end."""
_LINE_BYTES = 64 * 1024 * 1024
_READY = b"ready\n"


_REACH_S = 5.0
"""For how long records are asked for before a process counts as one that cannot reach them any more."""
_UNREACHED_MS = 1000

log = structlog.get_logger("fleet.cell")
Reach = Callable[[], Awaitable[None]]


class CellDied(Exception):
    """The process ended, or had to be ended, while a job was in it; `how` says by what."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class CellUnavailable(Exception):
    """The process did not come up; no job was in it."""


class Cell:
    """The parent's side of the process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin is not None, "it is a pipe"
        assert process.stdout is not None, "it is a pipe"
        self._to, self._from = process.stdin, process.stdout
        self.is_broken = False
        """Whether the last job broke it: a process of its pool, or its way to the records, which was there before."""

    @classmethod
    async def open(cls, command: Sequence[str], preamble: bytes) -> Self:
        """Start a process that calls `serve`, and wait until it does.

        Args:
            command: starts it.
            preamble: the first line it reads.

        Raises:
            CellUnavailable: it cannot be started, or does not come up.
        """
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, limit=_LINE_BYTES, start_new_session=True
            )
        except OSError as error:  # no process, file or memory to be had
            raise CellUnavailable from error
        cell = cls(process)
        try:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(_START_S):
                    await cell._send(preamble)
                    if await cell._from.readline() == _READY:
                        return cell
        except asyncio.CancelledError:
            await cell.end()
            raise
        await cell.end()
        raise CellUnavailable

    async def work(self, claim: Claim, alone_s: float) -> Outcome | HandBack | None:
        """Have a job run and finished; returns what the engine must hear, nothing when others hold the step.

        Raises:
            CellDied: the process is gone, by itself or because the job took longer than `alone_s`.
        """
        try:
            async with asyncio.timeout(alone_s):
                with suppress(ConnectionError):
                    await self._send(base64.b64encode(pickle.dumps((claim, alone_s))))
                line = await self._from.readline()
        except TimeoutError:
            await self.end()
            raise CellDied(f"taking longer than {alone_s:g} s") from None
        if line.endswith(b"\n"):
            outcome: Outcome | HandBack | None
            outcome, self.is_broken = pickle.loads(base64.b64decode(line))
            return outcome
        raise CellDied(await self._ended())

    @property
    def lives(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    async def end(self) -> None:
        """End the process, and those that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def _send(self, line: bytes) -> None:
        self._to.write(line + b"\n")
        await self._to.drain()

    async def _ended(self) -> str:
        """Say how the process ended that has closed its pipe; it may need help."""
        try:
            async with asyncio.timeout(_EXIT_S):
                status = await self._process.wait()
        except TimeoutError:
            await self.end()
            return "closing its files"
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


async def at_once() -> None:
    """Ask for nothing."""


async def serve(runner: Runner, reach: Reach = at_once) -> None:
    """In the process: work on the jobs that come in, one at a time, until the parent is gone.

    Args:
        reach: raises `InfrastructureError` while this process does not reach the records; asked before each job: what
            keeps it from them then is not the job's doing.
    """
    loop = asyncio.get_running_loop()
    # What an action prints must not be taken for a reply.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(BrokenPipeError):
        _reply(replies, _READY)
        while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
            claim, alone_s = pickle.loads(base64.b64decode(line))
            # The parent extends the lease, and ends this process when it is lost.
            claim.job.extended(alone_s)
            with lines_of(claim):
                done = await _worked(runner, claim, reach)
            _reply(replies, base64.b64encode(pickle.dumps(done)) + b"\n")


async def _worked(runner: Runner, claim: Claim, reach: Reach) -> tuple[Outcome | HandBack | None, bool]:
    """Work on a job; returns what the engine must hear, and whether the job broke this process."""
    try:
        await reach()
    except InfrastructureError as error:
        return HandBack(f"its process does not reach the records: {error.message}", _UNREACHED_MS, suspect=True), False
    try:
        outcome = await runner.work(claim)
        if isinstance(outcome, HandBack) and outcome.suspect:
            return outcome, True
    except MemoryError:
        # Nothing can be relied on in here any more, a line in the log least of all: the parent counts a death.
        os._exit(errno.ENOMEM)
    except Exception as error:
        # What an action raises is an outcome: this comes from the records, after it.
        log.exception("cell.broke", error=type(error).__name__)
        outcome = HandBack(f"what it did could not be noted ({type(error).__name__})", suspect=True)
    return outcome, isinstance(outcome, HandBack) and not await _reached(reach)


async def _reached(reach: Reach) -> bool:
    """Tell whether the records can be reached, now or in a few seconds."""
    backoff = Backoff()
    with suppress(TimeoutError):
        async with asyncio.timeout(_REACH_S):
            while True:
                with suppress(InfrastructureError):  # asked again; who waits says so
                    await reach()
                    return True
                await backoff.pause()
    return False


def _reply(replies: Any, line: bytes) -> None:
    replies.write(line)
    replies.flush()
