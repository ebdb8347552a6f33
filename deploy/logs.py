"""How log lines look: for people on a terminal, as JSON elsewhere."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog

from zeebe_fleet.workers.trace import name_the_job


def configure_logs(log_format: Literal["console", "json"], file: TextIO | None = None) -> None:
    """Write log lines to a file, standard error unless given; those of libraries from warning on."""
    file = file or sys.stderr
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=file.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_the_job,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=file),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=file, format="%(levelname)s %(name)s %(message)s", force=file is not sys.stderr
    )
