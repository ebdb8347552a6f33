"""Errors that are let pass, since somebody else does again what failed: each has its line in the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from zeebe_fleet.workers.contract.errors import FleetError

log = structlog.get_logger("fleet.noted")


@contextmanager
def noted(event: str, *kinds: type[FleetError], **names: Any) -> Iterator[None]:
    """Let errors of these kinds pass, and log why."""
    try:
        yield
    except kinds as error:
        log.info(event, why=error.message, **names)
