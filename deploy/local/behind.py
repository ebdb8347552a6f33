"""Operate on its way up behind a stack that already serves."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil

from zeebe_fleet.deploy.local.interrupts import Cancelled, Interrupts
from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.workers.contract.errors import FleetError

#: What OpenSearch and Operate take together, and some room beside them.
NEEDED_BYTES = 1024**3


class Behind:
    """Brings up what nobody waits for, on a thread; leaving the block gives it up if it is not there yet.

    Args:
        at_once: otherwise not before `begin` is called, so that it takes no processor from what somebody waits for.
    """

    def __init__(self, stack: LocalStack, report: Report, *, at_once: bool = True) -> None:
        self._stack = stack
        self._may_begin = threading.Event()
        if at_once:
            self.begin()
        self._report = report
        self._interrupts = Interrupts()
        self._thread = threading.Thread(target=self._run, name="stack-behind")

    def begin(self) -> None:
        """Let it come up."""
        self._may_begin.set()

    def __enter__(self) -> Behind:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interrupts.cancel()
        self.begin()
        self._thread.join()

    def _run(self) -> None:
        self._may_begin.wait()
        try:
            self._interrupts.check()
            self._stack.follow(self._interrupts)
        except Cancelled:
            pass
        except FleetError as error:
            self._report.say(f"There is no Operate; all else runs. {error}")
        except OSError as error:
            self._report.say(f"There is no Operate; all else runs. {error}")


def hindrance() -> str:
    """Why Operate should not be started on this machine now; empty when it can."""
    free_bytes = psutil.virtual_memory().available
    if free_bytes >= NEEDED_BYTES:
        return ""
    return (
        f"Operate and its OpenSearch need {NEEDED_BYTES / 1024**2:.0f} MB of memory, "
        f"but only {free_bytes / 1024**2:.0f} MB are free."
    )
